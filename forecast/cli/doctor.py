"""`forecast doctor`: looks at everything that a service needs, and says of each what was seen and what to do."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from forecast.cli.terminal import ExitCode, complain, make_console
from forecast.errors import ForecastError
from forecast.runtime.compilers import is_compiled
from forecast.runtime.machine import machine_memory, memory_limit
from forecast.runtime.settings import Settings, get_settings
from forecast.startup.requirements import require_database
from forecast.startup.starting import obstacle, warnings
from forecast.wording.stages import COMPILE_TIME

if TYPE_CHECKING:
    from forecast.store import Database

LEAST_FREE_BYTES: Final = 2_000_000_000


class Health(StrEnum):
    """How something stands."""

    OK = "ok"
    WORTH_A_LOOK = "worth a look"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """What was seen of one thing, and what to do about it."""

    what: str
    health: Health
    seen: str
    to_do: str = ""


def doctor(
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look at everything that a service needs; ends with 1 when something is broken, with 2 when nothing could start."""
    import json as writer

    settings = get_settings()
    found = list(examine(settings))
    if json:
        typer.echo(writer.dumps([{**vars(finding), "health": finding.health.value} for finding in found], indent=1))
    else:
        console = make_console()
        colours = {Health.OK: "green", Health.WORTH_A_LOOK: "yellow", Health.BROKEN: "red"}
        for finding in found:
            to_do = f"\n    [bold]To do:[/bold] {escape(finding.to_do)}" if finding.to_do else ""
            console.print(
                f"[{colours[finding.health]}]{finding.health.value:>12}[/]  [bold]{finding.what}[/bold]: "
                f"{escape(finding.seen)}{to_do}",
                highlight=False,
                soft_wrap=True,
            )
    if why := obstacle(settings):
        complain(why)
        raise typer.Exit(ExitCode.BAD_DOCUMENT)
    if any(finding.health is Health.BROKEN for finding in found):
        raise typer.Exit(ExitCode.FAILED)


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything there is to say of an installation."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _settings,
        _directory,
        _room,
        _database,
        _clock,
        _queue,
        _errands,
        _program,
        _service,
        _memory,
    )
    for check in checks:
        try:
            yield from check(settings)
        except ForecastError as error:
            yield Finding(check.__name__.strip("_"), Health.BROKEN, str(error))
        except Exception as error:  # noqa: BLE001 (what cannot be looked at is a finding as well)
            yield Finding(check.__name__.strip("_"), Health.BROKEN, f"it cannot be looked at: {error}")


def _settings(settings: Settings) -> Iterator[Finding]:
    for warning in warnings(settings):
        yield Finding("settings", Health.WORTH_A_LOOK, warning, "correct it, or take it out of the environment")


def _directory(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if not home.is_dir():
        yield Finding("directory", Health.WORTH_A_LOOK, f"{home} is not there yet", "`forecast serve` makes it")
        return
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        yield Finding("directory", Health.WORTH_A_LOOK, f"{home} can be read by others ({mode:o})", f"chmod 700 {home}")
    else:
        yield Finding("directory", Health.OK, f"{home}, for its owner alone")
    for file in (settings.key_file, settings.secret_file):
        if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Finding(
                "directory", Health.BROKEN, f"{file} can be read by others", f"chmod 600 {file}, then revoke it"
            )


def _room(settings: Settings) -> Iterator[Finding]:
    for what, path in (("room for results", settings.artifacts), ("room for compiled programs", settings.cache_dir)):
        free = shutil.disk_usage(_nearest(path)).free
        enough = free >= LEAST_FREE_BYTES
        health, to_do = (
            (Health.OK, "") if enough else (Health.WORTH_A_LOOK, "make room, or set FORECAST_KEEP_DRAWS_BYTES")
        )
        yield Finding(what, health, f"{free / 1e9:.1f} GB free for {path}", to_do)


def _nearest(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _database(settings: Settings) -> Iterator[Finding]:
    from sqlalchemy import make_url

    from forecast.access import list_keys
    from forecast.jobs.states import JobState
    from forecast.store import Database, JobRepository, SchemaError, check_schema

    shown = make_url(settings.database).render_as_string(hide_password=True)
    require_database(settings)
    database = Database(settings.database)
    try:
        if database.engine.dialect.name == "sqlite" and not (settings.home / "forecast.db").exists():
            yield Finding("database", Health.WORTH_A_LOOK, "there is none yet", "`forecast serve` makes it")
            return
        try:
            check_schema(database)
        except SchemaError as error:
            yield Finding("database", Health.BROKEN, str(error), "`forecast migrate`, while nothing else runs")
            return
        with database.read() as session:
            jobs = JobRepository(session)
            queued, running = jobs.count(JobState.QUEUED), jobs.count(JobState.RUNNING)
            keys = list_keys(session)
        yield Finding("database", Health.OK, f"{shown}; {queued} jobs wait, {running} run; {len(keys)} keys")
    finally:
        database.dispose()


@contextmanager
def _database_in_use(settings: Settings) -> Iterator[Database | None]:
    """The database, if it is there and of this version; otherwise `_database` has said so."""
    from sqlalchemy.exc import SQLAlchemyError

    from forecast.store import Database, SchemaError, check_schema

    database = Database(settings.database)
    is_there = database.engine.dialect.name != "sqlite" or (settings.home / "forecast.db").exists()
    try:
        if is_there:
            check_schema(database)
    except (SchemaError, SQLAlchemyError):
        is_there = False
    try:
        yield database if is_there else None
    finally:
        database.dispose()


def _clock(settings: Settings) -> Iterator[Finding]:
    from forecast.jobs.clock_guard import find_clock_faults

    with _database_in_use(settings) as database:
        if database is None:
            return
        found = find_clock_faults(database)
    for fault in found:
        yield Finding("clock", Health.BROKEN if fault.is_held else Health.WORTH_A_LOOK, fault.says, fault.to_do)
    if not found:
        yield Finding("clock", Health.OK, "no jump lately, and no process is far off the database")


def _queue(settings: Settings) -> Iterator[Finding]:
    from forecast.queue.broker import Broker
    from forecast.queue.strangers import TO_DO, find_strangers
    from forecast.store import Database

    with (
        _database_in_use(settings) as database,
        closing(Broker(settings.redis_client_url, database or Database(settings.database))) as broker,
    ):
        if not broker.is_alive():
            embedded = settings.redis_url is None
            to_do = "`forecast serve` runs one" if embedded else "start it, or correct FORECAST_REDIS_URL"
            health = Health.WORTH_A_LOOK if embedded else Health.BROKEN
            yield Finding("queue", health, "no Redis answers; jobs are accepted and wait", to_do)
            return
        facts = broker.facts()
        waiting, strangers = (0, ()) if database is None else (broker.waiting(), find_strangers(broker, database))
    for says in strangers:
        yield Finding("queue", Health.BROKEN, says, TO_DO)
    if facts.policy != "noeviction":
        yield Finding(
            "queue", Health.BROKEN, f"its maxmemory-policy is {facts.policy}", "set it to noeviction: others drop jobs"
        )
    if not facts.keeps_a_file:
        yield Finding(
            "queue",
            Health.WORTH_A_LOOK,
            "it keeps no append-only file",
            "set appendonly yes: a restart then loses nothing",
        )
    if facts.policy == "noeviction" and facts.keeps_a_file and not strangers:
        yield Finding(
            "queue", Health.OK, f"Redis {facts.version}, keeps a file, drops nothing; {waiting} messages wait"
        )


def _errands(settings: Settings) -> Iterator[Finding]:
    from forecast.store import ErrandRepository

    with _database_in_use(settings) as database:
        if database is None:
            return
        with database.read() as session:
            errands = ErrandRepository(session)
            waiting, given_up = errands.count_by_kind(), errands.count_given_up()
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(waiting.items())) or "none waits"
    if lost := ", ".join(f"{count} {kind}" for kind, count in sorted(given_up.items())):
        yield Finding(
            "errands", Health.WORTH_A_LOOK, f"{said}; given up: {lost}", "see the logs of caller and illustrator"
        )
    else:
        yield Finding("errands", Health.OK, said)


def _program(settings: Settings) -> Iterator[Finding]:
    # Importing nutpie takes a second, and only this needs it here.
    from forecast.inference.engine.seam import Seam, seam

    if seam() is Seam.PRIVATE:
        yield Finding("sampler", Health.OK, seam().value)
    else:
        yield Finding(
            "sampler",
            Health.WORTH_A_LOOK,
            f"{seam().value}: right, but several times slower",
            "install a version of nutpie that pyproject.toml names",
        )
    if is_compiled(settings.cache_dir):
        yield Finding("compiled programs", Health.OK, f"that of this version is in {settings.cache_dir}")
    else:
        yield Finding(
            "compiled programs", Health.WORTH_A_LOOK, "none yet", f"the first worker compiles for {COMPILE_TIME}"
        )


def _service(settings: Settings) -> Iterator[Finding]:
    from forecast.client.client import ForecastClient

    url = settings.own_address
    with ForecastClient(url, key=settings.key_for(url)) as client:
        if not client.is_healthy():
            yield Finding("service", Health.WORTH_A_LOOK, f"no service answers at {url}", "`forecast serve` starts one")
            return
        ready = client.readiness()
    health = {"ready": Health.OK, "degraded": Health.WORTH_A_LOOK}.get(str(ready["status"]), Health.BROKEN)
    yield Finding(
        "service",
        health,
        f"{url} says {ready['status']}: " + ", ".join(f"{k} {v}" for k, v in ready.items() if k != "status"),
    )


def _memory(settings: Settings) -> Iterator[Finding]:
    total, limit = machine_memory(), memory_limit(settings)
    if limit * settings.concurrency > total:
        yield Finding(
            "memory",
            Health.WORTH_A_LOOK,
            f"{settings.concurrency} jobs of {limit / 1e9:.1f} GB on a machine of {total / 1e9:.1f} GB",
            "lower FORECAST_JOB_MEMORY_BYTES or FORECAST_CONCURRENCY",
        )
    else:
        yield Finding("memory", Health.OK, f"{total / 1e9:.1f} GB, {limit / 1e9:.1f} GB for a job")

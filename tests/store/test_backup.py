"""A whole installation as one file, and back: on the same kind of database, and on the other."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from forecast.access import Scope, create_key, find_principal
from forecast.jobs.states import JobKind
from forecast.runtime.settings import Settings
from forecast.store import Database, ForecastRepository, JobRepository, identity_of, stored_file, utc_now
from forecast.store.backup.dump import tables
from forecast.store.backup.whole import BackupError, restore_backup, write_backup
from forecast.store.errors import NotEmptyError
from tests.api.living_sample import store_living_sample
from tests.api.stored_sample import store_sample, submit_of
from tests.coin import coin_study
from tests.installation import Installation, installation_in

pytestmark = pytest.mark.both_databases


def rows_of(database: Database) -> dict[str, list[Any]]:
    """Everything in a database, as values that compare."""
    with database.read() as session:
        return {
            table.name: sorted([tuple(row) for row in session.connection().execute(select(table))], key=repr)
            for table in tables()
        }


def fill(installation: Installation) -> None:
    """Put something into every table that a backup could lose."""
    store_living_sample(installation)
    forecast_id, _ = store_sample(installation)
    submit_of(installation, forecast_id, JobKind.INFLUENCE)
    assert installation.key
    installation.of("other").submit(coin_study(study="theirs"))


@pytest.fixture(scope="module")
def full_of_kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Installation]]:
    """Makes a full installation once for each kind of database; tests only read it."""
    with ExitStack() as opened:

        @cache
        def make(kind: str) -> Installation:
            home = tmp_path_factory.mktemp(kind) / "home"
            made = opened.enter_context(installation_in(home))
            fill(made)
            return made

        yield make


@pytest.fixture
def full(full_of_kind: Callable[[str], Installation], database_kind: str) -> Installation:
    return full_of_kind(database_kind)


@pytest.mark.parametrize("target_kind", ["sqlite", "postgresql"])
def test_what_was_backed_up_is_restored_to_the_last_value(
    full: Installation, tmp_path: Path, target_kind: str, request: pytest.FixtureRequest
) -> None:
    file = tmp_path / "backup.tar"
    written = write_backup(full.settings, file)
    assert (written.files, len(written.missing)) == (1, 5), "the forecasts of the made-up past have no files"
    assert file.stat().st_mode & 0o777 == 0o600
    url = request.getfixturevalue("postgresql").new_database() if target_kind == "postgresql" else None
    settings = Settings(home=tmp_path / "other", database_url=url or f"sqlite:///{tmp_path}/other/forecast.db")
    identity = identity_of(full.database)
    restored = restore_backup(settings, file)
    assert restored.rows == written.rows > 50
    database = Database(settings.database)
    try:
        assert identity_of(database) != identity, "what is restored is another installation"
        assert rows_of(database) == rows_of(full.database.of("default"))
        with database.of("default").read() as session:
            assert find_principal(session, full.key, utc_now()) is not None
            assert [row.target for row in JobRepository(session).page(9).items if row.kind == "influence"] != [None]
        # New rows are numbered after those that came.
        with database.of("default").write() as session:
            create_key(session, "default", "after", [Scope.READ], utc_now())
    finally:
        database.dispose()


def test_files_come_back_as_they_were(tmp_path: Path) -> None:
    with installation_in(tmp_path / "home") as installation:
        forecast_id, _ = store_sample(installation, write_draws=lambda path: path.write_bytes(b"the draws"))
        write_backup(installation.settings, tmp_path / "backup.tar")
        with installation.database.read() as session:
            row = ForecastRepository(session).get(forecast_id)
        assert row is not None
    settings = Settings(home=tmp_path / "other", database_url=f"sqlite:///{tmp_path}/other/forecast.db")
    assert restore_backup(settings, tmp_path / "backup.tar").files == 1
    assert (settings.artifacts / stored_file(row).path).read_bytes() == b"the draws"


def test_a_missing_file_is_told_and_does_not_stop_the_backup(tmp_path: Path) -> None:
    with installation_in(tmp_path / "home") as installation:
        store_sample(installation)
        for file in installation.artifacts.root.rglob("*.nc"):
            file.unlink()
        assert len(write_backup(installation.settings, tmp_path / "backup.tar").missing) == 1


def test_nothing_is_restored_over_something(full: Installation, tmp_path: Path) -> None:
    write_backup(full.settings, tmp_path / "backup.tar")
    before = rows_of(full.database.of("default"))
    with pytest.raises(NotEmptyError, match="restore into an empty FORECAST_HOME"):
        restore_backup(full.settings, tmp_path / "backup.tar")
    assert rows_of(full.database.of("default")) == before
    with pytest.raises(BackupError, match="there already"):
        write_backup(full.settings, tmp_path / "backup.tar")


def rewritten(source: Path, target: Path, change: Any) -> Path:
    """The same archive with one member changed."""
    with tarfile.open(source) as before, tarfile.open(target, "w") as after:
        for member in before:
            body = before.extractfile(member)
            assert body is not None
            name, content = change(member.name, body.read())
            made = tarfile.TarInfo(name)
            made.size = len(content)
            after.addfile(made, io.BytesIO(content))
    return target


def test_a_damaged_or_foreign_file_restores_nothing(tmp_path: Path) -> None:
    with installation_in(tmp_path / "home") as installation:
        store_sample(installation)
        good = tmp_path / "good.tar"
        write_backup(installation.settings, good)

    def of_older_schema(name: str, body: bytes) -> tuple[str, bytes]:
        return name, json.dumps({**json.loads(body), "schema": "0009"}).encode() if name == "manifest.json" else body

    changes = [
        (lambda name, body: (name, body[:-5] if name.endswith("job.jsonl.gz") else body), "is not what was written"),
        (of_older_schema, "restore it with the version that wrote it"),
        (lambda name, body: ("../../evil" if name == "manifest.json" else name, body), "nothing that a backup holds"),
        (lambda name, body: ("/etc/evil" if name == "manifest.json" else name, body), "nothing that a backup holds"),
    ]
    for number, (change, words) in enumerate(changes):
        bad = rewritten(good, tmp_path / f"bad{number}.tar", change)
        home = tmp_path / f"to{number}"
        with pytest.raises(BackupError, match=words):
            restore_backup(Settings(home=home, database_url=f"sqlite:///{home}/forecast.db"), bad)
        assert not list(home.rglob("*.nc"))
    for body in (b"", b"x" * 2000):
        (tmp_path / "none.tar").write_bytes(body)
        with pytest.raises(BackupError, match="no backup that can be read"):
            restore_backup(Settings(home=tmp_path / "to"), tmp_path / "none.tar")

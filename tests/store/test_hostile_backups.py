"""Archives that were damaged, or made to do harm: one sentence, and nothing is left of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forecast.runtime.settings import Settings
from forecast.store import migrate
from forecast.store.backup.whole import BackupError, restore_backup, write_backup
from forecast.store.errors import NotEmptyError
from tests.api.stored_sample import store_sample
from tests.installation import installation_in

pytestmark = pytest.mark.both_databases

type Members = dict[str, bytes]
MEMORY_BYTES = 1_500_000_000


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    with installation_in(folder / "home", database_url=f"sqlite:///{folder}/home/forecast.db") as installation:
        store_sample(installation, write_draws=lambda path: path.write_bytes(b"the draws"))
        assert installation.key
        write_backup(installation.settings, folder / "good.tar")
    return folder / "good.tar"


def members_of(file: Path) -> Members:
    with tarfile.open(file) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def packed(members: Members, target: Path, *more: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(target, "w") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
        for info, body in more:
            archive.addfile(info, io.BytesIO(body))
    return target


def told(members: Members, change: Callable[[dict[str, Any]], object]) -> Members:
    """With another manifest."""
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    return {**members, "manifest.json": json.dumps(manifest).encode()}


def with_table(members: Members, table: str, body: bytes, rows: int | None = None) -> Members:
    """With another table, and a manifest that knows of it."""
    name = f"database/{table}.jsonl.gz"

    def change(manifest: dict[str, Any]) -> None:
        entry = manifest["tables"][table]
        entry["sha256"] = hashlib.sha256(body).hexdigest()
        entry["rows"] = entry["rows"] if rows is None else rows

    return told({**members, name: body}, change)


def with_row(members: Members, table: str, change: Callable[[dict[str, Any]], object]) -> Members:
    """With another first row."""
    lines = gzip.decompress(members[f"database/{table}.jsonl.gz"]).splitlines(keepends=True)
    row = json.loads(lines[0])
    change(row)
    body = gzip.compress(b"".join([json.dumps(row).encode() + b"\n", *lines[1:]]))
    return with_table(members, table, body)


def info(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


def draws_of(members: Members) -> str:
    return next(name for name in members if name.startswith("artifacts/"))


def without(members: Members, name: str) -> Members:
    return {each: body for each, body in members.items() if each != name}


def nested(members: Members) -> Members:
    return {**members, "manifest.json": b"[" * 200_000}


REWRITTEN: dict[str, Callable[[Members], Members]] = {
    "a table missing": lambda all_: without(all_, "database/job.jsonl.gz"),
    "no manifest": lambda all_: without(all_, "manifest.json"),
    "an unknown table": lambda all_: {**all_, "database/evil.jsonl.gz": b""},
    "an unknown file": lambda all_: {**all_, "artifacts/2026-01/evil.nc": b"x"},
    "a hidden file": lambda all_: {**all_, "artifacts/.evil": b"x"},
    "a name with dots": lambda all_: {**all_, "artifacts/../../evil": b"x"},
    "an absolute name": lambda all_: {**all_, "/tmp/evil": b"x"},
    "a manifest that is no JSON": lambda all_: {**all_, "manifest.json": b"{"},
    "a manifest that is a list": lambda all_: {**all_, "manifest.json": b"[]"},
    "a manifest of brackets": nested,
    "a manifest that is not UTF-8": lambda all_: {**all_, "manifest.json": b"\xff\xff"},
    "another schema": lambda all_: told(all_, lambda found: found.update(schema="0009")),
    "tables of another kind": lambda all_: told(all_, lambda found: found.update(tables=[1])),
    "a count of another kind": lambda all_: told(all_, lambda found: found["tables"]["job"].update(rows="1")),
    "files of another kind": lambda all_: told(all_, lambda found: found.update(files=[["x"]])),
    "a key that is never written": lambda all_: told(all_, lambda found: found.update(more=1)),
    "a table cut short": lambda all_: {**all_, "database/job.jsonl.gz": all_["database/job.jsonl.gz"][:-9]},
    "a table that is not packed": lambda all_: with_table(all_, "job", b"{}\n"),
    "packing that breaks off": lambda all_: with_table(all_, "job", all_["database/job.jsonl.gz"][:-12]),
    "a row that is no JSON": lambda all_: with_table(all_, "job", gzip.compress(b"{\n")),
    "a row that is a number": lambda all_: with_table(all_, "job", gzip.compress(b"1\n")),
    "a row of brackets": lambda all_: with_table(all_, "job", gzip.compress(b"[" * 200_000)),
    "fewer rows than were written": lambda all_: with_table(all_, "job", gzip.compress(b"")),
    "more rows than were written": lambda all_: with_table(all_, "job", gzip.compress(b"{}\n" * 9), rows=0),
    "an unknown column": lambda all_: with_row(all_, "job", lambda row: row.update(evil=1)),
    "a column missing": lambda all_: with_row(all_, "job", lambda row: row.pop("title")),
    "a text for a number": lambda all_: with_row(all_, "job", lambda row: row.update(seed="x")),
    "a list for a text": lambda all_: with_row(all_, "job", lambda row: row.update(title=[])),
    "a truth for a number": lambda all_: with_row(all_, "job", lambda row: row.update(seed=True)),
    "nothing where something has to be": lambda all_: with_row(all_, "job", lambda row: row.update(title=None)),
    "a day that is none": lambda all_: with_row(all_, "job", lambda row: row.update(as_of="2021-13-01")),
    "a moment without a zone": lambda all_: with_row(all_, "job", lambda row: row.update(queued_at="2021-01-01")),
    "bytes that are none": lambda all_: with_row(all_, "figure", lambda row: row.update(json_gzip="?")),
    "a number too large": lambda all_: with_row(all_, "job", lambda row: row.update(seed=10**30)),
    "a key to nowhere": lambda all_: with_row(all_, "job", lambda row: row.update(workspace="nowhere")),
    "a forecast of no job": lambda all_: with_row(all_, "forecast", lambda row: row.update(job_id="nowhere")),
    "a target that is none": lambda all_: with_row(all_, "job", lambda row: row.update(target="nowhere")),
    "other draws": lambda all_: {**all_, draws_of(all_): b"the drawz"},
    "longer draws": lambda all_: {**all_, draws_of(all_): b"the draws and more"},
    "draws missing": lambda all_: without(all_, draws_of(all_)),
    "draws that are not named": lambda all_: told(without(all_, draws_of(all_)), lambda found: found.update(files=[])),
}


def settings_for(home: Path) -> Settings:
    """Of an installation in a new folder; on PostgreSQL in the test's own database."""
    url = os.environ.get("FORECAST_DATABASE_URL") or f"sqlite:///{home}/forecast.db"
    return Settings(home=home, database_url=url)


def refuse(source: Path, tmp_path: Path) -> str:
    """What is said; and nothing is left."""
    home = tmp_path / "refused"
    with pytest.raises(BackupError) as caught:
        restore_backup(settings_for(home), source)
    said = str(caught.value)
    assert "nothing was restored" in said
    assert "\n" not in said
    assert not home.exists(), list(home.rglob("*"))
    return said


def test_a_bad_archive_gives_one_sentence_and_leaves_nothing(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = members_of(good)
    # The schema is made once; making it is no part of what is tried.
    migrated = tmp_path / "migrated.db"
    migrate(f"sqlite:///{migrated}")

    def copy_schema(url: str) -> None:
        if url.startswith("sqlite"):
            shutil.copy(migrated, url.removeprefix("sqlite:///"))
        else:
            migrate(url)

    monkeypatch.setattr("forecast.store.backup.whole.migrate", copy_schema)
    for what, rewrite in REWRITTEN.items():
        source = packed(rewrite(members), tmp_path / "bad.tar")
        try:
            refuse(source, tmp_path)
        except BaseException as error:
            error.add_note(what)
            raise
    # And can be tried again at once.
    assert restore_backup(settings_for(tmp_path / "good"), good).files == 1


def test_members_that_are_no_plain_files_are_refused(good: Path, tmp_path: Path) -> None:
    members, name = members_of(good), "artifacts/2026-01/evil.nc"
    odd = [
        info(name, tarfile.SYMTYPE, "/etc/passwd"),
        info(name, tarfile.LNKTYPE, "manifest.json"),
        info(name, tarfile.CHRTYPE),
        info(name, tarfile.BLKTYPE),
        info(name, tarfile.FIFOTYPE),
        info("artifacts/2026-01", tarfile.DIRTYPE),
        info("manifest.json", tarfile.SYMTYPE, "/etc/passwd"),
    ]
    for each in odd:
        assert "nothing that a backup holds" in refuse(packed(members, tmp_path / "odd.tar", (each, b"")), tmp_path)
    sparse = info(draws_of(members), tarfile.REGTYPE)
    sparse.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 40)}
    refuse(packed(without(members, draws_of(members)), tmp_path / "sparse.tar", (sparse, b"")), tmp_path)
    twice = packed(members, tmp_path / "twice.tar", (info("manifest.json", tarfile.REGTYPE), b""))
    assert "twice" in refuse(twice, tmp_path)


def test_what_is_no_archive_or_a_part_of_one_is_refused(good: Path, tmp_path: Path) -> None:
    body = good.read_bytes()
    for number, part in enumerate((b"", b"x" * 3000, body[:600], body[: len(body) // 2], gzip.compress(body))):
        source = tmp_path / f"{number}.tar"
        source.write_bytes(part)
        refuse(source, tmp_path)
    refuse(tmp_path / "nowhere.tar", tmp_path)
    refuse(tmp_path, tmp_path)


RESTORE = """
import resource, sys
from pathlib import Path
from forecast.store.backup.whole import BackupError, restore_backup
from forecast.runtime.settings import Settings

resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), int(sys.argv[3])))
home = Path(sys.argv[1])
try:
    restore_backup(Settings(home=home, database_url=f"sqlite:///{home}/forecast.db"), Path(sys.argv[2]))
except BackupError as error:
    print(error)
"""


@pytest.mark.sqlite_only
def test_a_line_of_a_gigabyte_is_refused_in_little_memory(good: Path, tmp_path: Path) -> None:
    unpacked = io.BytesIO()
    with gzip.GzipFile(fileobj=unpacked, mode="wb", compresslevel=1) as stream:
        for _ in range(64):
            stream.write(b" " * (16 << 20))
    source = packed(with_table(members_of(good), "document", unpacked.getvalue()), tmp_path / "bomb.tar")
    found = subprocess.run(
        [sys.executable, "-c", RESTORE, str(tmp_path / "home"), str(source), str(MEMORY_BYTES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "is longer, or one more, than was written" in found.stdout, found.stderr[-2000:]
    assert not (tmp_path / "home").exists()
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


@pytest.mark.sqlite_only
def test_files_that_were_there_stay(good: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    place = home / draws_of(members_of(good))
    place.parent.mkdir(parents=True)
    place.write_bytes(b"somebody's")
    with pytest.raises(NotEmptyError, match="is there already"):
        restore_backup(settings_for(home), good)
    assert [path for path in home.rglob("*") if path.is_file()] == [place]
    assert place.read_bytes() == b"somebody's"

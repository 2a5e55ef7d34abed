"""Stored files are whole, flushed and checked."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from forecast.store import ArtifactStore, ResultCorruptError, StoredFile

CONTENT = b"posterior" * 1000


def store(root: Path, name: str = "2026-01/draws.nc") -> tuple[ArtifactStore, StoredFile]:
    artifacts = ArtifactStore(root)
    return artifacts, artifacts.write(name, lambda path: path.write_bytes(CONTENT) and None)


def test_a_stored_file_has_its_hash_and_size(tmp_path: Path) -> None:
    artifacts, file = store(tmp_path)
    assert file == StoredFile("2026-01/draws.nc", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert artifacts.verified_path(file).read_bytes() == CONTENT


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    artifacts = ArtifactStore(tmp_path)

    def half(path: Path) -> None:
        path.write_bytes(CONTENT[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        artifacts.write("2026-01/draws.nc", half)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b"X" + CONTENT[1:]), id="one_byte_changed"),
        pytest.param(lambda path: path.write_bytes(CONTENT[:-1]), id="cut"),
        pytest.param(lambda path: path.unlink(), id="removed"),
    ],
)
def test_a_damaged_file_is_never_handed_out(tmp_path: Path, damage: object) -> None:
    artifacts, file = store(tmp_path)
    assert callable(damage)
    damage(tmp_path / file.path)
    with pytest.raises(ResultCorruptError, match="run the job again"):
        artifacts.verified_path(file)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", ""])
def test_a_name_cannot_lead_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="does not name a file"):
        ArtifactStore(tmp_path).remove(name)


def test_old_files_are_listed_and_young_ones_are_not(tmp_path: Path) -> None:
    artifacts, old = store(tmp_path, "2026-01/old.nc")
    store(tmp_path, "2026-01/young.nc")
    os.utime(tmp_path / old.path, (1000, 1000))
    assert list(artifacts.files_older_than(2000)) == [old.path]

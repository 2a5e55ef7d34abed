"""Files that only their owner can read, written whole or not at all, whatever folder they are in."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_private(path: Path, text: str, *, replace: bool = True) -> None:
    """Write a text to a file of mode 0600.

    Parameters
    ----------
    replace
        False leaves a file as it is that another process has made in the meantime.
    """
    make_private_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    if replace:
        temporary.replace(path)
        return
    try:
        # Unlike a rename, a link never takes the place of something.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def make_private_folder(path: Path) -> None:
    """Make a folder, and those above it that are not there, of mode 0700; what there is stays as it is."""
    # `Path.mkdir` gives its mode to the last one alone.
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True, mode=0o700)


def make_private_file(path: Path) -> None:
    """Make an empty file of mode 0600 if there is none, for a library that would make one that others can read."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))


def make_private(paths: Iterable[Path]) -> None:
    """Remove the rights of all other users to these files, and to everything below these folders.

    Links are left alone, and so is what belongs to another user.
    """
    for path in paths:
        _make_private(path)
        if path.is_dir() and not path.is_symlink():
            for folder, folders, files in os.walk(path):
                for name in (*folders, *files):
                    _make_private(Path(folder) / name)


def _make_private(path: Path) -> None:
    # It may be gone by now, or belong to another user.
    with suppress(FileNotFoundError, PermissionError):
        mode = path.lstat().st_mode
        if mode & 0o077 and (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            path.chmod(stat.S_IMODE(mode) & 0o700)

"""Files that nobody but their owner can read, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, text: str, *, replace: bool = True) -> None:
    """Write a text to a file of mode 0600.

    Parameters
    ----------
    replace
        False leaves a file as it is that another process has made in the meantime.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
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

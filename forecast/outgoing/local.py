"""Tables in files of this machine, below the one folder that the installation has set aside for them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from forecast.outgoing.fetch import Fetched, FetchFailedError
from forecast.outgoing.guard import AddressRefusedError

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
MEDIA_TYPES = {".json": "application/json", ".csv": "text/csv"}


def read_file(url: str, folder: Path | None, max_bytes: int) -> Fetched:
    """The table behind a ``file:`` address; a relative path counts from the folder.

    Raises
    ------
    AddressRefusedError
        When it lies elsewhere, or no folder is set aside.
    FetchFailedError
        When it cannot be read, or is too large.
    """
    if folder is None:
        raise AddressRefusedError(
            f"{url[:80]!r} is a file, and this installation reads none; ask its operator to set FORECAST_SOURCE_DIR"
        )
    root = folder.resolve()
    path = unquote(urlsplit(url).path)
    if "\0" in path:
        raise AddressRefusedError("the address holds a null character; expected a path; correct it")
    # Links are followed first: where the file really lies counts.
    file = (root / path).resolve()
    if not file.is_relative_to(root):
        raise AddressRefusedError(f"{path[:80]!r} lies outside the folder of sources; expected a file in it; move it")
    try:
        body = _read(root, file.relative_to(root).parts, max_bytes + 1)
    except FileNotFoundError as error:
        raise FetchFailedError(
            f"there is no file {path[:80]!r} in the folder of sources; put it there; it is tried again"
        ) from error
    except OSError as error:
        raise FetchFailedError(f"{path[:80]!r} cannot be read: {error.strerror}; it is tried again") from error
    if len(body) > max_bytes:
        raise FetchFailedError(
            f"{path[:80]!r} has more than {max_bytes:,} bytes, which is not read; name a smaller table"
        )
    return Fetched(body, MEDIA_TYPES.get(file.suffix.lower(), ""), None, None)


def _read(root: Path, parts: tuple[str, ...], size: int) -> bytes:
    """Read a file below a folder, entered folder by folder without following any link.

    Another process may put a link in the place of a path between its check and its opening.
    """
    opened = [os.open(root, _FOLDER)]
    try:
        for part in parts[:-1]:
            opened.append(os.open(part, _FOLDER, dir_fd=opened[-1]))
        # Not blocking: opening a pipe without a writer would wait for ever.
        descriptor = os.open(parts[-1] if parts else ".", _FILE, dir_fd=opened[-1])
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileNotFoundError
            return stream.read(size)
    finally:
        for folder in opened:
            os.close(folder)

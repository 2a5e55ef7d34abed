"""Tables in files of this machine, below the one folder that the installation has set aside for them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from forecast.outgoing.fetch import Fetched, FetchFailedError
from forecast.outgoing.guard import AddressRefusedError

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
    if not file.is_file():
        raise FetchFailedError(
            f"there is no file {path[:80]!r} in the folder of sources; put it there; it is tried again"
        )
    try:
        with file.open("rb") as stream:
            body = stream.read(max_bytes + 1)
    except OSError as error:
        raise FetchFailedError(f"{path[:80]!r} cannot be read: {error.strerror}; it is tried again") from error
    if len(body) > max_bytes:
        raise FetchFailedError(
            f"{path[:80]!r} has more than {max_bytes:,} bytes, which is not read; name a smaller table"
        )
    return Fetched(body, MEDIA_TYPES.get(file.suffix.lower(), ""), None, None)

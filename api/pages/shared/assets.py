"""Files that pages load: our own stylesheet and modules, and of Plotly the part that draws lines and bars.

Nothing comes from another host. An address with the file's version may be kept for a year, any other is checked again
at each use.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).resolve().parents[2] / "static"
KEEP: Final = "public, max-age=31536000, immutable"
CHECK_AGAIN: Final = "no-cache"
COMPRESSED: Final = (".js", ".css", ".svg")


@lru_cache(maxsize=64)
def asset_version(name: str) -> str:
    """A word that changes when the file does."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset_url(name: str) -> str:
    """The address of a file, with its version."""
    return f"/static/{name}?v={asset_version(name)}"


@lru_cache(maxsize=64)
def compressed(name: str) -> bytes:
    """A file compressed with gzip, once."""
    return gzip.compress((STATIC / name).read_bytes(), compresslevel=9, mtime=0)


class Assets(StaticFiles):
    """Files of the pages."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        headers = Headers(scope=scope)
        if (
            isinstance(response, FileResponse)
            and response.status_code == 200
            and path.endswith(COMPRESSED)
            and "gzip" in headers.get("accept-encoding", "")
            and "range" not in headers
        ):
            body = await to_thread.run_sync(compressed, path)
            kept = {name: response.headers[name] for name in ("last-modified",) if name in response.headers}
            more = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "ETag": f'W/"{asset_version(path)}"'}
            response = Response(body, media_type=response.media_type, headers=kept | more)
        asked = scope.get("query_string", b"").decode("latin-1")
        is_versioned = response.status_code in (200, 304) and asked == f"v={asset_version(path)}"
        response.headers["Cache-Control"] = KEEP if is_versioned else CHECK_AGAIN
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

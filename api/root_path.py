"""Runs the service below a path of a shared host, behind a proxy that strips the path.

Inside, addresses do not contain the path. It is prepended to what leaves: links of pages, `Location`, the cookie's
path. A request that still contains it is served too where this is unambiguous; probes always are.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBES: Final = frozenset({"/healthz", "/readyz"})
OWN: Final = frozenset(
    {
        *("v1", "static", "problems", "metrics", "version", "healthz", "readyz", "openapi.json"),
        *("forecasts", "studies", "jobs", "compare", "new", "access", "sign-in", "sign-out"),
    }
)
"""What the paths of the service begin with (a test compares them with the routes)."""

_root: ContextVar[str] = ContextVar("root_path", default="")
_LINKS: Final = re.compile(r'(\s(?:href|src|action|data-(?!root=)[a-z-]+)=")/(?!/)')
"""Addresses on this host in attributes of a page. Text that is not ours has no quotation marks there: it is escaped."""


def root_path() -> str:
    """What the paths of the service begin with for a browser; empty when it has a host to itself."""
    return _root.get()


def here(path: str) -> str:
    """A path of the service as a browser asks for it."""
    return _root.get() + path


def with_root(html: str) -> str:
    """A page whose links lead to the service as a browser reaches it."""
    root = _root.get()
    return _LINKS.sub(rf"\g<1>{root}/", html) if root else html


def without_root(path: str, root: str) -> str:
    """A path as the service knows it."""
    if not root or not path.startswith(root + "/"):
        return path
    bare = path.removeprefix(root)
    is_plain = root.split("/")[1] not in OWN
    return bare if is_plain or bare in PROBES else path


class RootPath:
    """Lets requests in with and without the path, and puts it before where an answer leads to."""

    def __init__(self, app: ASGIApp, root: str) -> None:
        self.app = app
        self.root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_rooted(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if (location := headers.get("location", "")).startswith("/"):
                    headers["location"] = self.root + location
            await send(message)

        _root.set(self.root)
        await self.app({**scope, "path": without_root(scope["path"], self.root)}, receive, send_rooted)

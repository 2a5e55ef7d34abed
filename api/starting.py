"""Answers /healthz from the first moment, while the application is still being imported in the background.

On a busy machine the imports alone can take two seconds, and a supervisor should not take the process for dead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

_ALIVE: Final = b'{"status":"ok"}'


class StartingApp:
    """An application that is loaded when the server starts; requests other than /healthz wait for it."""

    def __init__(self, load: Callable[[], Starlette], root: str = "") -> None:
        self._load = load
        self._healthz = ("/healthz", f"{root}/healthz")
        self._loading: asyncio.Task[Starlette] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._loading is not None
        if not self._loading.done() and scope["type"] == "http" and scope["path"] in self._healthz:
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_ALIVE)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": _ALIVE})
            return
        app = await asyncio.shield(self._loading)
        await app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        stop = asyncio.Event()
        self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        running = asyncio.create_task(self._run(self._loading, stop))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        stop.set()
        await running
        await send({"type": "lifespan.shutdown.complete"})

    @staticmethod
    async def _run(loading: asyncio.Task[Starlette], stop: asyncio.Event) -> None:
        app = await loading
        async with app.router.lifespan_context(app):
            await stop.wait()

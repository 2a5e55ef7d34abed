"""How much of one caller is done at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from api.turns import Turns
from forecast.runtime.settings import Settings

SETTINGS = Settings(requests_at_once=2, uploads_at_once=4, streams_at_once=2)


class Waiting:
    """An application whose answers wait until they may go."""

    def __init__(self) -> None:
        self.may_go = asyncio.Event()
        self.at_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.at_work += 1
        await receive()
        await self.may_go.wait()
        self.at_work -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def run(test: Callable[[Waiting, Callable[..., asyncio.Task[int]]], Awaitable[None]]) -> None:
    async def main() -> None:
        app = Waiting()
        turns = Turns(app, SETTINGS)

        def ask(key: str, path: str = "/", *, is_whole: bool = True) -> asyncio.Task[int]:
            async def one() -> int:
                statuses: list[int] = []

                async def receive() -> Message:
                    return {"type": "http.request", "body": b"", "more_body": not is_whole}

                async def send(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        statuses.append(message["status"])

                headers = [(b"authorization", f"Bearer {key}".encode())]
                scope: dict[str, Any] = {"type": "http", "path": path, "headers": headers, "method": "GET"}
                await turns(scope, receive, send)
                return statuses[0]

            return asyncio.ensure_future(one())

        await test(app, ask)
        app.may_go.set()

    asyncio.run(main())


async def settle() -> None:
    """Long enough for everything that can go on to have gone on, on a busy machine too."""
    for _ in range(20):
        await asyncio.sleep(0.005)


def test_requests_of_a_key_wait_for_their_turn_and_those_of_another_do_not() -> None:
    async def test(app: Waiting, ask: Callable[..., asyncio.Task[int]]) -> None:
        mine = [ask("a") for _ in range(4)]
        await settle()
        assert app.at_work == 2
        other = ask("b")
        await settle()
        assert app.at_work == 3
        app.may_go.set()
        assert await asyncio.gather(*mine, other) == [200] * 5

    run(test)


def test_what_does_not_come_to_its_end_and_streams_are_counted() -> None:
    async def test(app: Waiting, ask: Callable[..., asyncio.Task[int]]) -> None:
        unfinished = [ask("a", is_whole=False) for _ in range(4)]
        await settle()
        assert await ask("a") == 429
        streams = [ask("a", "/v1/jobs/x/events") for _ in range(2)]
        await settle()
        assert await ask("a", "/v1/jobs/x/events") == 429
        health = ask("a", "/healthz")
        app.may_go.set()
        assert await asyncio.gather(*unfinished, *streams, health) == [200] * 7
        assert await ask("a") == 200, "places are given back"

    run(test)

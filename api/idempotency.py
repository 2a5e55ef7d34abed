"""Idempotency keys: a repeated request that creates something gets the first one's answer.

The answer is stored in the same transaction as what was created, so both exist or neither does. Of two simultaneous
requests the second waits for the first. A key belongs to one workspace and one request; with another route, address or
body it is refused. Answers that contain a secret are sealed and returned to the same API key only.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from api.requests import IdempotencyKey, checked_key
from api.service import Service
from forecast.access.sealing import MARK, SecretBox, SecretsError
from forecast.jobs.crash_points import crash_point
from forecast.jobs.digests import hash_request
from forecast.jobs.errors import AnswerSealedError, IdempotencyMismatchError
from forecast.store import KeyedAnswerRepository, utc_now
from forecast.store.repositories.keyed_answers import KeyedAnswerRow
from forecast.study.document.canonical import canonical_json

COMPRESSION: Final = 1
"""Others wait meanwhile."""


@dataclass(frozen=True)
class Reply:
    """An answer in JSON."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    is_new: bool = True
    """Whether this request created what it describes; False for a repeated one."""

    @classmethod
    def of(cls, body: Any, status: int, headers: Mapping[str, str] | None = None, *, is_new: bool = True) -> Reply:
        """With a body that is a model's JSON."""
        return cls(status, bytes(JSONResponse(body).body).decode(), headers or {}, is_new)

    def response(self, background: BackgroundTask | None = None) -> Response:
        """The response; follow-up work runs only if the request was new."""
        return Response(
            self.text,
            status_code=self.status,
            headers=dict(self.headers),
            media_type="application/json",
            background=background if self.is_new else None,
        )


@dataclass(frozen=True)
class Once:
    """One creating request and its idempotency key; without a key it creates something each time.

    Attributes
    ----------
    seals
        Whether there is a secret in the answer.
    """

    service: Service
    key: str | None
    route: str
    request_hash: str
    seals: bool = False

    def answer(self, make: Callable[[], Reply]) -> Reply:
        """The earlier answer to this request; else that of `make`, which stores it with `store`.

        Raises
        ------
        IdempotencyMismatchError
            When the key belongs to another request.
        """
        if earlier := self._earlier():
            return earlier
        try:
            return make()
        except Exception:
            # The same request may have been handled at the same time and caused this conflict.
            if earlier := self._earlier():
                return earlier
            raise

    def store(self, session: Session, make: Callable[[], Reply]) -> Reply:
        """In a writing transaction: run `make` and store its answer, or return the one stored first.

        Raises
        ------
        IdempotencyMismatchError
            When the key belongs to another request.
        """
        if self.key is None:
            return make()
        answers = KeyedAnswerRepository(session)
        if not answers.take(self.key, self.route, self.request_hash, utc_now()):
            row = answers.get(self.key)
            assert row is not None, "a key that is taken and committed has its answer"
            return self._read(row)
        reply = make()
        session.flush()
        answers.keep(self.key, reply.status, dict(reply.headers), self._pack(reply.text))
        crash_point("answer_kept")
        return reply

    def _earlier(self) -> Reply | None:
        if self.key is None:
            return None
        with self.service.database.read() as session:
            row = KeyedAnswerRepository(session).get(self.key)
        return None if row is None else self._read(row)

    def _read(self, row: KeyedAnswerRow) -> Reply:
        if (row.route, row.request_hash) != (self.route, self.request_hash):
            raise IdempotencyMismatchError(
                f"the idempotency key {row.key!r} was used for another request ({row.route}, at {row.created_at:%Y-%m-%d %H:%M} "
                "UTC); repeat that request unchanged, or use a new key"
            )
        assert row.status is not None, "it is read after its transaction, or found without an answer"
        return Reply(row.status, self._unpack(row.body), row.headers, is_new=False)

    def _pack(self, text: str) -> bytes:
        if self.seals:
            return SecretBox.of(self.service.settings).seal(text).encode("ascii")
        return gzip.compress(text.encode(), COMPRESSION, mtime=0)

    def _unpack(self, body: bytes) -> str:
        if not body.startswith(MARK.encode()):
            return gzip.decompress(body).decode()
        try:
            return SecretBox.of(self.service.settings).open(body.decode("ascii"))
        except SecretsError as error:
            raise AnswerSealedError(
                "this request was answered before, with a secret that was sealed with a key that is not here; what it made is "
                "there; look it up, or make another one under a new idempotency key"
            ) from error


@dataclass(frozen=True)
class Asked:
    """A request of a route that makes something, before its body is read."""

    key: str | None
    route: str
    place: Mapping[str, str]
    """What stands in its address."""

    def once(self, service: Service, body: object, *, seals: bool = False) -> Once:
        """The request with its body, as it is recognised when it comes again.

        Parameters
        ----------
        body
            A JSON value, or bytes as they came.
        seals
            Whether the answer will contain a secret; then only the same API key may repeat the request.
        """
        said = body.hex() if isinstance(body, bytes) else canonical_json(body)
        who = service.caller.key_id if seals else None
        found = hash_request([dict(self.place), who, said]) if self.key is not None else ""
        return Once(service, self.key, self.route, found, seals)


def read_key(request: Request, idempotency_key: IdempotencyKey = None) -> Asked:
    """The key of a request, and what it is about."""
    place = {name: str(value) for name, value in request.path_params.items()}
    return Asked(checked_key(idempotency_key), f"{request.method} {request.scope['route'].path}", place)


Keyed = Annotated[Asked, Depends(read_key)]
"""Dependency of every creating route, after the one that states its scope (a test checks this)."""

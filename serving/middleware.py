"""Around every request: an id, limits, headers that tell browsers to be careful, a log line, the counters."""

from __future__ import annotations

import re
import time
import uuid
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import Malformed, Problem, TooLarge
from serving.handling import answer
from serving.metrics import Metrics
from serving.settings import Settings

_log = structlog.get_logger("anlan.requests")
_HEADERS: Final = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"cache-control": b"no-store",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
    b"strict-transport-security": b"max-age=31536000",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}
"""Of every answer that doesn't say otherwise itself."""
_CONTROL: Final = re.compile(rb"%(?:[01][0-9a-f]|7f)|[\x00-\x1f\x7f]", re.IGNORECASE)


class Envelope:
    """ASGI middleware; logs the route's pattern, never its parameters, bodies or headers."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        request_id = uuid.uuid4().hex[:16]
        scope.setdefault("state", {})["request_id"] = request_id
        status: int | None = None

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                message = {**message, "headers": headers + _further(headers)}
            await send(message)

        limit = self._limit(scope)
        try:
            refusal = _refusal(scope, limit)
            if refusal is not None:
                await answer(Request(scope), refusal)(scope, receive, answered)
            else:
                await self.app(scope, _limited(receive, limit), answered)
        except Exception as error:
            if status is not None:
                raise
            await answer(Request(scope), error)(scope, receive, answered)
        finally:
            self._count(scope, request_id, status or 500, time.perf_counter() - begun)

    def _limit(self, scope: Scope) -> int:
        batch = scope["path"].endswith(":batch")
        return self.settings.batch_body_limit if batch else self.settings.body_limit

    def _count(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        self.metrics.requests.labels(route, scope["method"], str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        _log.info(
            "request",
            request_id=request_id,
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1e3, 1),
            key=scope["state"].get("key_id"),
        )


def _further(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that an answer hasn't set itself."""
    said = {name.lower() for name, _ in headers}
    return [(name, value) for name, value in _HEADERS.items() if name not in said]


def _refusal(scope: Scope, limit: int) -> Problem | None:
    """What is wrong with a request before anything of it is read."""
    raw = scope.get("raw_path") or scope["path"].encode()
    if _CONTROL.search(raw) or _CONTROL.search(scope["query_string"]):
        return Malformed("The path or the query holds a control character.")
    said = dict(scope["headers"]).get(b"content-length", b"0")
    return TooLarge() if said.isdigit() and int(said) > limit else None


def _limited(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def read() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                # Of all errors while a body is read, FastAPI passes on this kind alone.
                raise HTTPException(TooLarge.status)
        return message

    return read

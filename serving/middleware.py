"""Around every request: an id, limits, headers that tell browsers to be careful, a log line, the counters."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docket.tracing import span
from serving.errors import Malformed, Problem, TooLarge, TooSlow, Unavailable
from serving.handling import answer
from serving.metrics import Metrics
from serving.settings import Settings
from serving.traces import CALLER

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
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any word may stand in a request's method: others are neither logged nor counted by it."""
_STOPPING: Final = "The service is being stopped. Send the same request again: it is never taken twice."
_REQUEST_ID: Final = re.compile(rb"[0-9a-f]{32}")
_TRACEPARENT: Final = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_GONE: Final = 499
"""What is counted where the client went away, as proxies count it."""
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
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status: int | None = None

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                if self.settings.test:
                    headers.append((b"x-anlan-test", b"true"))
                message = {**message, "headers": headers + _further(headers)}
            await send(message)

        limit = self._limit(scope)
        self.metrics.in_flight.inc()
        CALLER.set(_traceparent(scope))
        try:
            refusal = _refusal(scope, limit)
            if refusal is not None:
                await answer(Request(scope), refusal)(scope, receive, answered)
            else:
                with span("request", begins=True, request_id=request_id) as told:
                    read = _limited(receive, limit, self.settings.body_seconds)
                    try:
                        await self.app(scope, read, answered)
                    finally:
                        told.rename(_named(scope))
                        told.tell(status=status or 500)
        except asyncio.CancelledError:
            # The service is being stopped, and this took longer than it may. What was committed is there.
            if status is not None:
                raise
            await answer(Request(scope), Unavailable(_STOPPING))(scope, receive, answered)
        except ClientDisconnect:
            # It went before it had said what it wants: nothing was taken, and nobody is there to be told.
            status = status or _GONE
        except Exception as error:
            if status is not None:
                raise
            await answer(Request(scope), error)(scope, receive, answered)
        finally:
            self.metrics.in_flight.dec()
            self._count(scope, request_id, status or 500, time.perf_counter() - begun)

    def _limit(self, scope: Scope) -> int:
        batch = scope["path"].endswith(":batch")
        return self.settings.batch_body_limit if batch else self.settings.body_limit

    def _count(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        method, route = _named(scope).split(" ", 1)
        self.metrics.requests.labels(route, method, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        _log.info(
            "request",
            request_id=request_id,
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1e3, 1),
            key=scope["state"].get("key_id"),
        )


def _request_id(scope: Scope) -> str:
    """The proxy's, so that its log and ours go together, if it is one that a proxy makes; else our own.

    Nothing that a person has is 32 hexadecimal digits.
    """
    given = dict(scope["headers"]).get(b"x-request-id", b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:16]


def _named(scope: Scope) -> str:
    """A request by its method and its route's pattern: what may be told of it."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    return f"{method} {getattr(scope.get('route'), 'path', 'unknown')}"


def _traceparent(scope: Scope) -> str | None:
    given = dict(scope["headers"]).get(b"traceparent", b"")
    return given.decode() if _TRACEPARENT.fullmatch(given) else None


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
    return TooLarge.than(limit) if said.isdigit() and int(said) > limit else None


def _limited(receive: Receive, limit: int, seconds: float) -> Receive:
    taken, whole = 0, False
    end: float | None = None

    async def read() -> Message:
        nonlocal taken, whole, end
        if whole:
            return await receive()  # whoever asks now waits for the client to go
        if end is None:
            end = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(end):
                message = await receive()
        except TimeoutError:
            raise HTTPException(TooSlow.status) from None
        if message["type"] == "http.request":
            whole = not message.get("more_body", False)
            taken += len(message.get("body", b""))
            if taken > limit:
                # Of all errors while a body is read, FastAPI passes on this kind alone.
                raise HTTPException(TooLarge.status)
        return message

    return read

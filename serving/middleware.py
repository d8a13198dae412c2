"""Around every request: an id, a limit on the body, a log line and the counters."""

from __future__ import annotations

import time
import uuid

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import TooLarge
from serving.metrics import Metrics
from serving.settings import Settings

_log = structlog.get_logger("anlan.requests")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)


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
        status = 500

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode()), *_HEADERS]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self.app(scope, _limited(receive, self._limit(scope)), answered)
        finally:
            self._count(scope, request_id, status, time.perf_counter() - begun)

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

"""`anlan serve` with faults planted that speak of what they were given: python faulty_service.py WORD …"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from planted import NARRATIVE

import serving.app
from features.online.case import OneCase
from pipelines.cli import main

_facts, _create_app = OneCase.facts, serving.app.create_app


def _failing(self: OneCase, conn: sa.Connection, dispute_id: str, as_of: int) -> Any:
    if dispute_id.startswith("bad"):
        raise RuntimeError(f"can't score {NARRATIVE}")
    if dispute_id.startswith("lost"):
        raise sa.exc.IntegrityError("INSERT …", {"text": NARRATIVE}, Exception(f"Key (name)=({NARRATIVE})"))
    if dispute_id.startswith("odd"):
        conn.execute(sa.text("SELECT no_such_column FROM disputes WHERE text = :text"), {"text": NARRATIVE})
    return _facts(self, conn, dispute_id, as_of)


async def _raise() -> None:
    raise ValueError(NARRATIVE)


def _made(**given: Any) -> FastAPI:
    app = _create_app(**given)

    async def cut_off(request: Request) -> StreamingResponse:
        """The server itself reports this one: the answer has begun."""

        async def body() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError(NARRATIVE)

        return StreamingResponse(body())

    async def forgotten() -> None:
        """A task whose error nobody asks for, and a thread that ends by one; a library's own words."""
        task = asyncio.get_running_loop().create_task(_raise())
        await asyncio.wait([task])
        thread = threading.Thread(target=asyncio.run, args=(_raise(),))
        thread.start()
        thread.join()
        try:
            await _raise()
        except ValueError:
            logging.getLogger("a.library").exception("it failed")
        logging.getLogger("httpx").info("HTTP Request: POST https://host/%s", NARRATIVE)
        logging.getLogger("sqlalchemy.engine").debug("[cached] %s", NARRATIVE)

    app.add_api_route("/cut-off", cut_off)
    app.add_api_route("/forgotten", forgotten)
    return app


if __name__ == "__main__":
    OneCase.facts = _failing  # type: ignore[method-assign]
    serving.app.create_app = _made  # type: ignore[assignment]
    main(sys.argv[1:])

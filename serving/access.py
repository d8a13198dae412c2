"""Who may call what: keys and tokens, scopes, areas, and how often. `serving.permissions` says the rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from docket import keys
from docket.audit import Actor, acting
from docket.keys import Key
from docket.times import now_micros
from serving.bodies import JsonRequest
from serving.errors import (
    Forbidden,
    Invalid,
    Malformed,
    TooLarge,
    TooMany,
    TooSlow,
    Unauthorised,
    UnsupportedMedia,
    documented,
)
from serving.permissions import OPEN, Rule, rule_of
from serving.state import State, state_of

_BEARER: Final = HTTPBearer(
    auto_error=False, description="A key of `anlan key create`, or a token of the identity provider."
)
_OF_ALL: Final = (Unauthorised, Forbidden, TooMany)
_OF_BODIES: Final = (Malformed, TooSlow, TooLarge, UnsupportedMedia, Invalid)


class Ruled(APIRoute):
    """A route of which `serving.permissions` says whom it lets in."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        (method,) = more.get("methods") or ("GET",)
        self.rule = rule_of(method, path)
        super().__init__(path, endpoint, **more)


class Guarded(Ruled):
    """A route of the API that lets in whom its rule says, before it reads a body.

    What the call does is logged as done by the caller.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        (method,) = more.get("methods") or ("GET",)
        asked = _OF_BODIES if method in ("POST", "PUT", "PATCH") else ()
        more["responses"] = documented(*_OF_ALL, *asked) | (more.get("responses") or {})
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard."""
        handle, rule = super().get_route_handler(), self.rule

        async def guarded(request: Request) -> Response:
            key = await run_in_threadpool(_admitted, request, rule)
            request.state.key = key
            with acting(Actor(key.key_id, key.scope)):
                return await handle(await JsonRequest.of(request))

        return guarded


def guarded(router: APIRouter) -> APIRouter:
    """The router, if each of its routes has a rule or needs no key.

    Raises
    ------
    TypeError
        If one isn't.
    """
    for route in router.routes:
        path = getattr(route, "path", "")
        if path not in OPEN and not isinstance(route, Ruled):
            raise TypeError(f"{path} is open to anybody: give its router route_class=Guarded")
    return router


def _admitted(request: Request, rule: Rule) -> Key:
    """The caller's key, if it may make this call now."""
    state = state_of(request)
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    key = _known(state, presented.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Unauthorised()
    hold(request, key, rule)
    return key


def hold(request: Request, key: Key, rule: Rule) -> None:
    """Hold a caller whose key is known to how often and what it may call.

    Raises
    ------
    TooMany
        If it calls too often.
    Forbidden
        If its scope doesn't reach here.
    """
    request.state.key_id = key.key_id
    wait = state_of(request).limits.take(key.key_id)
    if wait:
        raise TooMany(math.ceil(wait))
    if key.scope not in rule.scopes:
        raise Forbidden(f"This needs a key of scope {' or '.join(rule.scopes)}.")


def _known(state: State, presented: str) -> Key | None:
    if presented.startswith(f"{keys.PREFIX}_"):
        with state.store.snapshot() as conn:
            return keys.verify(conn, presented, now_micros())
    return None if state.tokens is None else state.tokens.verify(presented)


async def _caller(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
) -> Key:
    key = request.state.key
    if not isinstance(key, Key):
        raise TypeError("nobody was let in: the route isn't guarded")
    return key


Caller = Annotated[Key, Depends(_caller)]
"""What a guarded route takes to know who calls."""


def reaches(conn: sa.Connection, key: Key, grid_id: str) -> bool:
    """Whether a grid lies in the key's area, and of a worker's key in the worker's own community."""
    conditions, values = ["grid_id = :grid"], {"grid": grid_id}
    if key.area is not None:
        conditions.append(f"{key.area.column} = :area")
        values["area"] = key.area.id
    if key.worker_id is not None:
        conditions.append(
            "community_id IN (SELECT g.community_id FROM known_workers AS w "
            "JOIN known_grids AS g ON g.grid_id = w.grid_id WHERE w.worker_id = :worker)"
        )
        values["worker"] = key.worker_id
    if len(conditions) == 1:
        return True
    query = sa.text(f"SELECT 1 FROM known_grids WHERE {' AND '.join(conditions)}")
    return conn.execute(query, values).first() is not None

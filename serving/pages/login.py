"""Logging in by a key or by the identity provider and out again, and where each kind of user begins."""

from __future__ import annotations

import math
import secrets
from typing import Annotated, Final

import sqlalchemy as sa
import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from docket import audit, keys, sessions
from docket.audit import Actor, acting
from docket.keys import Key, Scope
from docket.times import HOUR, SECOND, now_micros
from serving.errors import Forbidden, NotFound, TooMany
from serving.pages.access import (
    LoggedIn,
    Page,
    Who,
    checked,
    cookie_name,
    form_of,
    secure,
    session_of,
    token_of,
)
from serving.pages.failing import failed
from serving.pages.rendering import rendered
from serving.provider import LASTS, LoginRefusedError, Provider
from serving.shapes import PRINTABLE
from serving.state import State, state_of

_log = structlog.get_logger("anlan.login")
router = APIRouter(route_class=Page)
doors = APIRouter(include_in_schema=False)
"""Where nobody is logged in yet."""

_BEGINS: Final[dict[Scope, str]] = {"centre": "/queue", "worker": "/visits", "analyst": "/watch"}
_DOOR: Final = "door"
_LONGEST_NEXT: Final = 1_000
_UNKNOWN: Final = "密钥无效：输入有误、已过期或已撤销。"
_COMING: Final = "coming"
_BACK: Final = "/login/provider/back"
_REFUSED: Final = "统一身份登录未成功：已取消、超时或不是在本窗口开始的。请重新登录。"
_NO_PART: Final = "您的账号没有设置本系统的权限或辖区，请联系管理员。"
Here = Annotated[State, Depends(state_of)]


@doors.get("/login")
def get_login(
    request: Request,
    state: Here,
    next: Annotated[str, Query(max_length=_LONGEST_NEXT, pattern=PRINTABLE)] = "/",
) -> Response:
    """Ask for a key."""
    if session_of(request, state) is not None:
        return RedirectResponse(_within(next), status_code=303)
    return _asked(request, next)


def _asked(request: Request, following: str, *, status: int = 200, wrong: str | None = None) -> Response:
    """The login form, bound to a cookie of its own: nobody can be logged in by another site's form."""
    # The same for every tab, or the last that was opened would shut the others out.
    secret = request.cookies.get(f"{cookie_name(request)}-{_DOOR}") or secrets.token_urlsafe(24)
    request.state.csrf = token_of(secret)
    answer = rendered(
        request,
        "login.html",
        status=status,
        following=following,
        wrong=wrong,
        provider=state_of(request).provider is not None,
    )
    answer.set_cookie(
        f"{cookie_name(request)}-{_DOOR}", secret, httponly=True, secure=secure(request), samesite="strict"
    )
    return answer


@doors.post("/login")
async def post_login(request: Request, state: Here) -> Response:
    """Begin a session by a key that holds."""
    try:
        form = await form_of(request)
        door = request.cookies.get(f"{cookie_name(request)}-{_DOOR}", "")
        form = checked(form, token_of(door) if door else "no door")
        _counted(request, state)
        session = await run_in_threadpool(_begun, state, form.get("key", "").strip())
        following = form.get("next", "/")
        if session is None:
            return _asked(request, following, status=Forbidden.status, wrong=_UNKNOWN)
    except Exception as error:  # noqa: BLE001 - a person is told of it as a page
        return failed(request, error)
    return _let_in(request, session, following)


@doors.get("/login/provider")
def get_provider(
    request: Request,
    state: Here,
    next: Annotated[str, Query(max_length=_LONGEST_NEXT, pattern=PRINTABLE)] = "/",
) -> Response:
    """Send the browser to the identity provider."""
    try:
        provider = _provider(state)
        scheme = "https" if secure(request) else request.url.scheme
        there, begun = provider.begin(f"{scheme}://{request.url.netloc}{_BACK}", _within(next))
    except Exception as error:  # noqa: BLE001 - a person is told of it as a page
        return failed(request, error)
    answer = RedirectResponse(there, status_code=303)
    answer.set_cookie(
        f"{cookie_name(request)}-{_COMING}",
        begun,
        max_age=LASTS // SECOND,
        httponly=True,
        secure=secure(request),
        samesite="lax",  # it comes back by a link of another site
    )
    return answer


@doors.get(_BACK)
def get_back(request: Request, state: Here) -> Response:
    """Begin a session of whoever comes back from the identity provider."""
    coming = f"{cookie_name(request)}-{_COMING}"
    try:
        provider = _provider(state)
        _counted(request, state)
        try:
            key, following = provider.end(request.cookies.get(coming, ""), request.query_params)
        except LoginRefusedError as error:
            _log.info("login_refused", why=str(error))
            answer = _asked(request, "/", status=Forbidden.status, wrong=_REFUSED)
        except Forbidden:
            answer = _asked(request, "/", status=Forbidden.status, wrong=_NO_PART)
        else:
            with state.store.begin() as conn:
                session = _started(conn, state, key, held=True)
            answer = _let_in(request, session, following)
    except Exception as error:  # noqa: BLE001 - a person is told of it as a page
        answer = failed(request, error)
    # Once, whatever became of it.
    answer.delete_cookie(coming, secure=secure(request), httponly=True, samesite="lax")
    return answer


def _provider(state: State) -> Provider:
    if state.provider is None:
        raise NotFound("No identity provider is set.")
    return state.provider


def _counted(request: Request, state: State) -> None:
    """Hold an address to so many logins: who tries keys has no key to be counted by."""
    wait = state.logins.take(request.client.host if request.client else "unknown")
    if wait:
        raise TooMany(math.ceil(wait))


def _let_in(request: Request, session: sessions.Session, following: str) -> Response:
    answer = RedirectResponse(_within(following), status_code=303)
    answer.set_cookie(
        cookie_name(request),
        session.token,
        max_age=(session.expires_at - session.started_at) // SECOND,
        httponly=True,
        secure=secure(request),
        samesite="lax",
    )
    answer.delete_cookie(f"{cookie_name(request)}-{_DOOR}", secure=secure(request), httponly=True)
    return answer


def _begun(state: State, presented: str) -> sessions.Session | None:
    with state.store.begin() as conn:
        key = keys.verify(conn, presented, now_micros())
        return None if key is None else _started(conn, state, key)


def _started(conn: sa.Connection, state: State, key: Key, *, held: bool = False) -> sessions.Session:
    length = round(state.settings.session_hours * HOUR)
    session = sessions.start(conn, key, now=now_micros(), length=length, held=held)
    with acting(Actor(key.key_id, key.scope)):
        audit.record(conn, "login", detail={"by": "provider"} if held else None)
    return session


def _within(path: str) -> str:
    """The path, if it is one of this service: nobody is sent elsewhere by a link to the login."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


@router.post("/logout")
def post_logout(request: Request, state: Here, session: LoggedIn) -> Response:
    """End the session."""
    with state.store.begin() as conn:
        sessions.end(conn, session.token, now_micros())
        audit.record(conn, "logout")
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(cookie_name(request), secure=secure(request), httponly=True, samesite="lax")
    return answer


@router.get("/")
def get_home(request: Request, key: Who) -> Response:
    """Where the day begins: the queue, the visits; for others, what their key is for."""
    begins = _BEGINS.get(key.scope)
    if begins is not None:
        return RedirectResponse(begins, status_code=303)
    return rendered(request, "home.html")

"""Who may see which page: sessions, tokens against forged forms, and the rules of `serving.permissions`."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qsl, quote

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from docket import sessions
from docket.audit import Actor, acting
from docket.keys import Key
from docket.sessions import Session
from docket.times import now_micros
from docket.vault import keyed_digest
from serving.access import Ruled, hold
from serving.bodies import text_errors
from serving.errors import Forbidden, Invalid, Malformed, Unauthorised, UnsupportedMedia
from serving.pages.failing import STALE, failed
from serving.permissions import Rule
from serving.shapes import field_errors
from serving.state import State, state_of

HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Where a page may come by plain http: a browser on the same machine."""
TOKEN: Final = "csrf"
ONCE: Final = "once"
"""The field that tells a form that was sent twice, by a finger or by the proxy, from two forms."""
_ONCE: Final = re.compile(r"[0-9a-f]{24}")
_MOST_FIELDS: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"

Form = Mapping[str, str]
_Asked = TypeVar("_Asked", bound=BaseModel)


class Page(Ruled):
    """A page that lets in whom `serving.permissions` says; who isn't logged in is asked to.

    What the call does is logged as done by the key of the session.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        super().__init__(path, endpoint, **{**more, "include_in_schema": False, "response_model": None})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard; what goes wrong is told as a page."""
        handle, rule = super().get_route_handler(), self.rule

        async def guarded(request: Request) -> Response:
            try:
                session = await run_in_threadpool(_admitted, request, rule)
                if session is None:
                    return _to_login(request)
                if request.method == "POST":
                    form = dict(checked(await form_of(request), request.state.csrf))
                    once = form.pop(ONCE, "")
                    request.state.once = once if _ONCE.fullmatch(once) else None
                    request.state.form = form
                with acting(Actor(session.key.key_id, session.key.scope)):
                    return await handle(request)
            except Exception as error:  # noqa: BLE001 - a person is told of it as a page
                return failed(request, error)

        return guarded


def cookie_name(request: Request) -> str:
    """`__Host-` binds a cookie to this host and https: only on this machine does one go without."""
    return "__Host-anlan" if secure(request) else "anlan"


def secure(request: Request) -> bool:
    """Whether cookies are for https alone: everywhere but on this machine, be it that a proxy ends TLS."""
    return request.url.scheme == "https" or (request.url.hostname or "") not in HERE


def token_of(secret: str) -> str:
    """What a form must bring back that was made for the holder of a cookie."""
    return keyed_digest("forms", secret.encode())


async def form_of(request: Request) -> Form:
    """The fields of a form, with plain line feeds.

    Raises
    ------
    UnsupportedMedia
        If it's no form.
    Malformed
        If it isn't UTF-8, or has too many fields.
    Invalid
        If a text in it can't be stored.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise UnsupportedMedia(f"Send {_FORM}.")
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise Malformed("The form can't be read.") from None
    form = {name: value.replace("\r\n", "\n") for name, value in pairs}
    errors = text_errors(form)
    if errors:
        raise Invalid(errors)
    return form


def checked(form: Form, token: str) -> Form:
    """The form, if it was made for whoever sends it.

    Raises
    ------
    Forbidden
        If it wasn't: another site may have made it.
    """
    if not hmac.compare_digest(form.get(TOKEN, "").encode(), token.encode()):
        raise Forbidden(STALE)
    return {name: value for name, value in form.items() if name != TOKEN}


def filled(kind: type[_Asked], values: Mapping[str, Any]) -> _Asked:
    """What a form asks for, as the service takes it; a field that was left empty says nothing.

    Raises
    ------
    Invalid
        Naming the fields at fault.
    """
    try:
        return kind.model_validate({name: value for name, value in values.items() if value not in ("", None)})
    except ValidationError as error:
        raise Invalid(field_errors(error.errors(include_url=False, include_input=False))) from None


def _admitted(request: Request, rule: Rule) -> Session | None:
    """The caller's session, if there is one and its key may see this page now."""
    state = state_of(request)
    session = session_of(request, state)
    if session is None:
        return None
    request.state.session, request.state.csrf = session, token_of(session.token)
    hold(request, session.key, rule)
    return session


def session_of(request: Request, state: State) -> Session | None:
    """The session of the request's cookie, if it holds."""
    token = request.cookies.get(cookie_name(request))
    if token is None:
        return None
    with state.store.snapshot() as conn:
        return sessions.find(conn, token, now_micros())


def _to_login(request: Request) -> Response:
    back = request.url.path if request.method == "GET" else "/"
    if request.url.query and request.method == "GET":
        back += f"?{request.url.query}"
    there = f"/login?next={quote(back, safe='')}"
    if request.headers.get("hx-request"):  # the whole page goes to the login, not a part of it
        return Response(status_code=Unauthorised.status, headers={"HX-Redirect": there})
    return RedirectResponse(there, status_code=303)


def _session(request: Request) -> Session:
    session = request.state.session
    if not isinstance(session, Session):
        raise TypeError("nobody was let in: the route isn't a Page")
    return session


def _key(request: Request) -> Key:
    return _session(request).key


def _form(request: Request) -> Form:
    form: Form = request.state.form
    return form


def _once(request: Request) -> str | None:
    once: str | None = request.state.once
    return once


Who = Annotated[Key, Depends(_key)]
"""What a page takes to know whose session it is."""
Filled = Annotated[Form, Depends(_form)]
"""The fields of the form that was sent."""
Once = Annotated[str | None, Depends(_once)]
"""The form's own Idempotency-Key: sent again, it answers as it did."""
LoggedIn = Annotated[Session, Depends(_session)]

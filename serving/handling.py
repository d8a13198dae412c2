"""The one handler: every error leaves the service as `application/problem+json`."""

from __future__ import annotations

import json
from collections.abc import Callable

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    PendingRollbackError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from serving import errors
from serving.logs import log_failure
from serving.shapes import field_errors

_log = structlog.get_logger("anlan.serving")
_LOST = (OperationalError, InterfaceError, InternalError, PendingRollbackError, NoConnectionError)
"""The store is gone, locked, full, read-only, or has no connection left: the caller may come again."""
_BY_STATUS = {
    kind.status: kind
    for kind in (
        errors.Malformed,
        errors.NotFound,
        errors.MethodNotAllowed,
        errors.TooLarge,
        errors.UnsupportedMedia,
    )
}


def problem_of(error: Exception) -> errors.Problem:
    """The problem that tells a caller of `error`, without internals."""
    if isinstance(error, errors.Problem):
        return error
    if isinstance(error, RequestValidationError):
        return errors.Invalid(field_errors(error.errors()))
    if isinstance(error, HTTPException):
        return _of_status(error)
    if isinstance(error, DataError | UnicodeEncodeError):
        return errors.Malformed("The request holds a value that can't be stored.")
    if isinstance(error, _LOST) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return errors.Unavailable()
    return errors.Problem()


def _of_status(error: HTTPException) -> errors.Problem:
    kind = _BY_STATUS.get(error.status_code)
    if error.status_code == errors.TooSlow.status:
        return errors.TooSlow()
    if kind is errors.NotFound:
        return errors.NotFound("There is no such path.")
    if kind is not None:
        return kind(headers=error.headers)
    return errors.Problem()


def _methods(request: Request) -> str:
    """What a path takes: Starlette names those of the first route that has it, and it may have several."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({name for route in routes for name in getattr(route, "methods", None) or ()}))


def answer(request: Request, error: Exception) -> Response:
    """The response that tells of `error`.

    What isn't the caller's doing is logged with its type and place.
    """
    problem = problem_of(error)
    if isinstance(problem, errors.MethodNotAllowed):
        problem.headers["Allow"] = _methods(request)
    if problem.status >= 500:
        log_failure(_log, "request_failed", error)
    request_id = getattr(request.state, "request_id", None)
    return Response(
        json.dumps(problem.body(request_id), ensure_ascii=False),
        status_code=problem.status,
        headers=problem.headers,
        media_type=errors.PROBLEM_JSON,
    )


def install(app: FastAPI, page: Callable[[Request, Exception], Response]) -> None:
    """Make `answer` the handler; `serving.middleware` calls it for whatever else is raised.

    Parameters
    ----------
    page
        Tells a person in a browser that there is no such path.
    """

    def nowhere(request: Request, error: Exception) -> Response:
        return (page if _by_a_person(request, error) else answer)(request, error)

    for kind in (errors.Problem, RequestValidationError):
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(HTTPException, nowhere)


def _by_a_person(request: Request, error: Exception) -> bool:
    lost = isinstance(error, HTTPException) and error.status_code == errors.NotFound.status
    wanted = "text/html" in request.headers.get("accept", "")
    return lost and wanted and request.method == "GET" and not request.url.path.startswith("/v1/")

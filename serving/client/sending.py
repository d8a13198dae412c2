"""Sending one request until it is answered: with back-off, and under one Idempotency-Key throughout."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

import httpx
import stamina
from pydantic import ValidationError

from serving.errors import PROBLEM_JSON, ProblemBody

_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Worth another try: everything that changes something goes under a key, so nothing is taken twice."""
_WRITES: Final = frozenset({"POST", "PUT", "PATCH"})


class ApiError(Exception):
    """What the service refused, or could not answer.

    Attributes
    ----------
    status
        The HTTP status.
    problem
        What it said; None where it wasn't the service that answered.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.problem = _problem(response)
        told = [self.problem.detail if self.problem is not None else response.reason_phrase]
        for one in (self.problem.errors if self.problem is not None else None) or ():
            expected = "" if one.expected is None else f" (expected: {one.expected})"
            told.append(f"{one.field}: {one.reason}{expected}")
        super().__init__(f"{self.status}: " + "\n  ".join(told))
        after = response.headers.get("retry-after", "")
        self.retry_after = float(after) if after.isdecimal() else None


def _problem(response: httpx.Response) -> ProblemBody | None:
    if response.headers.get("content-type") != PROBLEM_JSON:
        return None
    try:
        return ProblemBody.model_validate_json(response.content)
    except ValidationError:
        return None


def _worth_another_try(error: Exception) -> bool | float:
    """Whether, and if the service said so after how many seconds, to try again."""
    if isinstance(error, ApiError):
        return (error.retry_after or True) if error.status in _AGAIN else False
    return isinstance(error, httpx.TransportError)


class Sender:
    """Sends requests to one service.

    Parameters
    ----------
    http
        With address, key and time limits.
    attempts
        How often a request is tried.
    patience
        Seconds after which it isn't tried again.
    """

    def __init__(self, http: httpx.Client, attempts: int, patience: float) -> None:
        self._http, self._attempts, self._patience = http, attempts, patience

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> bytes:
        """The body of the answer.

        Parameters
        ----------
        body
            JSON types.
        idempotency_key
            Else one is made, the same for every try.

        Raises
        ------
        ApiError
            If the service refuses it, or still fails at the last try.
        httpx.TransportError
            If it can't be reached.
        """
        headers = {}
        if method in _WRITES:
            headers["Idempotency-Key"] = idempotency_key or uuid.uuid4().hex
        known = {name: value for name, value in (query or {}).items() if value is not None}
        for attempt in stamina.retry_context(
            on=_worth_another_try, attempts=self._attempts, timeout=self._patience, wait_max=10.0
        ):
            with attempt:
                answer = self._http.request(method, path, json=body, params=known, headers=headers)
                if answer.is_error:
                    raise ApiError(answer)
                return answer.content
        raise RuntimeError("no try was made")

"""What can go wrong, as RFC 9457 problems: a class each, with its status, type and title.

A problem names the field and the reason and never repeats what was sent: a value may be a narrative, or an
identity number in a place where none belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field

PROBLEM_JSON: Final = "application/problem+json"
_TYPES: Final = "urn:anlan:problem:"


class FieldError(BaseModel):
    """One thing wrong with one field of a request."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="Path of the field in the request, such as `parties[1].role`.")
    reason: str = Field(description="What is wrong with it.")
    expected: str | None = Field(default=None, description="What would be right, where that can be said.")


class ProblemBody(BaseModel):
    """An error (RFC 9457). It never repeats a value that was sent."""

    type: str = Field(description="Identifies the kind of problem; stable.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened here.")
    request_id: str | None = Field(default=None, description="Find the request in the log by it.")
    errors: list[FieldError] | None = Field(default=None, description="Every field at fault.")


class Problem(Exception):
    """Base of every error that a caller is told of.

    Parameters
    ----------
    detail
        What happened here; without values from the request.
    errors
        The fields at fault.
    headers
        Further response headers.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    example: ClassVar[str] = "The service failed. It has been logged under the request id."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail if detail is not None else self.example
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(self.detail)

    def body(self, request_id: str | None = None) -> dict[str, Any]:
        """The problem as the object that is answered."""
        return ProblemBody(
            type=_TYPES + self.slug,
            title=self.title,
            status=self.status,
            detail=self.detail,
            request_id=request_id,
            errors=list(self.errors) or None,
        ).model_dump(exclude_none=True)


class Malformed(Problem):
    """The body can't be read."""

    status, slug, title = 400, "malformed", "The request can't be read"
    example = "The body is not JSON: line 1, column 17."


class Unauthorised(Problem):
    """No key, or one that doesn't count."""

    status, slug, title = 401, "unauthorised", "A valid key is needed"
    example = "Send a key that is neither expired nor revoked: Authorization: Bearer KEY."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="anlan"'})


class Forbidden(Problem):
    """A valid key whose scope or area doesn't reach."""

    status, slug, title = 403, "forbidden", "The key does not reach this"
    example = "This needs a key of scope centre or dispatch."


class NotFound(Problem):
    """No such thing, or none that the key may know of."""

    status, slug, title = 404, "not-found", "Not found"
    example = "There is no such case in the key's area."


class MethodNotAllowed(Problem):
    """The path exists, but not with this method."""

    status, slug, title = 405, "method-not-allowed", "Method not allowed"
    example = "The path does not take this method."


class Conflict(Problem):
    """The id or key was used before, for something else."""

    status, slug, title = 409, "conflict", "Already used for something else"
    example = "dispute_id was posted before with another body."


class MergeRefused(Problem):
    """Two cases that can't be made one, or one that isn't two."""

    status, slug, title = 409, "merge-refused", "These can't be merged or parted"
    example = "One of the two was merged before: merge the case that it was merged into."


class TooLarge(Problem):
    """The body is larger than is taken."""

    status, slug, title = 413, "too-large", "The body is too large"
    example = "The body is larger than the service takes; send less at a time."

    @classmethod
    def than(cls, limit: int) -> Self:
        """Naming how many bytes are taken."""
        return cls(f"The body is larger than {limit:,} bytes; send less at a time.")


class TooSlow(Problem):
    """The body didn't come in time."""

    status, slug, title = 408, "too-slow", "The body did not come in time"
    example = "The body did not come within the time that the service waits. Send the same request again."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Connection": "close"})


class UnsupportedMedia(Problem):
    """The body is not JSON."""

    status, slug, title = 415, "unsupported-media-type", "Send JSON"
    example = "Send application/json in UTF-8 without content encoding."


class Invalid(Problem):
    """Fields that break the record contract."""

    status, slug, title = 422, "invalid", "The request breaks the record contract"
    example = "1 field is at fault."

    def __init__(self, errors: Sequence[FieldError]) -> None:
        count = len(errors)
        super().__init__(
            "1 field is at fault." if count == 1 else f"{count} fields are at fault.", errors=errors
        )


class TooMany(Problem):
    """More calls than a key may make."""

    status, slug, title = 429, "too-many-requests", "Too many requests"
    example = (
        "The key has made more calls than it may. Send the same request again after Retry-After seconds."
    )

    def __init__(self, seconds: int = 1) -> None:
        super().__init__(headers={"Retry-After": str(seconds)})


class Unavailable(Problem):
    """The store can't be reached: nothing was taken, or what was taken can't be answered yet."""

    status, slug, title = 503, "unavailable", "Try again"
    example = "The record store can't be reached. Send the same request again: it is never taken twice."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


def documented(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers these problems, for OpenAPI."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        example: dict[str, Any] = {
            "type": _TYPES + kind.slug,
            "title": kind.title,
            "status": kind.status,
            "detail": kind.example,
            "request_id": "0f6ac5d2c1e94b1e",
        }
        if kind is Invalid:
            example["errors"] = [
                {
                    "field": "dispute.kind",
                    "reason": "unknown enumeration value",
                    "expected": "one of divorce, domestic_violence, family, …",
                }
            ]
        responses[kind.status] = {
            "description": kind.title,
            "content": {
                PROBLEM_JSON: {
                    "schema": {"$ref": "#/components/schemas/ProblemBody"},
                    "example": example,
                }
            },
        }
    return responses

"""What routes about cases share: the parts of a path, and answers that stand as the bytes that were kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Response
from pydantic import BaseModel

from serving.cases.service import Answer
from serving.shapes import LONGEST_ID, PRINTABLE
from serving.state import State, state_of

CaseId = Annotated[
    str,
    Path(description="The case's `dispute_id`.", min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE),
]
Here = Annotated[State, Depends(state_of)]


def sent(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """The response to a repeat, for OpenAPI."""
    return {200: {"model": model, "description": "A repeat: the bytes of the first answer."}}


def created(answer: Answer) -> Response:
    """201, or 200 to a repeat."""
    return Response(answer.text, status_code=201 if answer.new else 200, media_type="application/json")


def replaced(answer: Answer) -> Response:
    """200, to a repeat too."""
    return Response(answer.text, media_type="application/json")

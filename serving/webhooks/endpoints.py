"""The webhooks as OpenAPI describes them; they are no routes of ours but of whoever receives them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header

from serving.webhooks.schemas import (
    ColourMessage,
    DeadlineMessage,
    DecisionMessage,
    RegistryMessage,
    SlipMessage,
)

router = APIRouter()

_Id = Annotated[str, Header(alias="webhook-id", description="Of the delivery; the same at every try.")]
_When = Annotated[int, Header(alias="webhook-timestamp", description="Of the try: seconds since 1970.")]
_Signature = Annotated[
    str,
    Header(
        alias="webhook-signature",
        description="`v1,` and HMAC-SHA256 (base64) over id, timestamp and body, joined by full stops.",
    ),
]
_TAKEN: Final[dict[int | str, dict[str, Any]]] = {
    "2XX": {"description": "Taken. Any other answer is a failed try; redirects are not followed."}
}


@router.post("colour", summary="An assessment gave a colour, or changed it", responses=_TAKEN)
def colour(body: ColourMessage, id: _Id, at: _When, signature: _Signature) -> None:
    """Told once for each assessment that gives a case another colour than it had."""


@router.post("decision", summary="A person decided on the colour", responses=_TAKEN)
def decision(body: DecisionMessage, id: _Id, at: _When, signature: _Signature) -> None:
    """Told once for each decision."""


@router.post("deadline", summary="A deadline comes near, has come, or climbs", responses=_TAKEN)
def deadline(body: DeadlineMessage, id: _Id, at: _When, signature: _Signature) -> None:
    """Told before and at a deadline, and at each level that it climbs to, unless it was met."""


@router.post("slip", summary="A slip was issued, or came to its next state", responses=_TAKEN)
def slip(body: SlipMessage, id: _Id, at: _When, signature: _Signature) -> None:
    """Told once for each step."""


@router.post("registry", summary="Somebody entered the registry or left it", responses=_TAKEN)
def registry(body: RegistryMessage, id: _Id, at: _When, signature: _Signature) -> None:
    """Told once for each change of an entry, to whoever is told of the area where the person lives."""

"""Requests and answers about progress."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from serving import examples
from serving.shapes import STORABLE


class TokenIn(BaseModel):
    """For how long a token is to hold."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.TOKEN_IN]})

    days: Annotated[int, Field(strict=True, ge=1, le=365)] | None = Field(
        default=None, description="Else `ANLAN_PROGRESS_DAYS`."
    )


class TokenOut(BaseModel):
    """A token, once."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TOKEN]})

    token_id: str = Field(description="Revoke it by this.")
    token: str = Field(description="Give it to whoever reported; it can't be shown again.")
    path: str = Field(description="Of the page that it opens.")
    expires_at: str = Field(description="RFC 3339.")


class Rating(BaseModel):
    """What the holder of a token thought; never a feature."""

    stars: int = Field(description="1 to 5.")
    comment: str | None = Field(description="As kept: masked.")
    rated_at: str = Field(description="RFC 3339.")


class ListedToken(BaseModel):
    """A token as it stands."""

    token_id: str
    by: str = Field(description="The id of the key.")
    created_at: str = Field(description="RFC 3339.")
    expires_at: str
    revoked_at: str | None
    rating: Rating | None


class TokensOut(BaseModel):
    """The tokens of a case, the last first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TOKENS]})

    tokens: list[ListedToken]


class RatingIn(BaseModel):
    """What the holder of a token thinks, as the page sends it."""

    model_config = ConfigDict(extra="forbid")

    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=1_000, pattern=STORABLE)] | None = None

"""Settings of the service, from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_MIB = 2**20


class Settings(BaseSettings):
    """What the service is told from outside; every field is an environment variable.

    `ANLAN_STORE` and `ANLAN_MODEL` have the defaults of the command line. `MLFLOW_TRACKING_URI` is read by
    `models.registry` itself, which also knows its default.
    """

    model_config = SettingsConfigDict(env_prefix="ANLAN_", extra="ignore", frozen=True)

    store: str = Field(default="sqlite:///var/anlan.db", min_length=1, description="URL of the record store")
    model: str = Field(default="models:/anlan@champion", description="URI of the model; empty: none")
    body_limit: Annotated[int, Field(gt=0)] = Field(
        default=_MIB, description="largest request body, bytes, of every route but the batch"
    )
    batch_body_limit: Annotated[int, Field(gt=0)] = Field(
        default=32 * _MIB, description="largest request body of POST /v1/cases:batch, bytes"
    )
    merge_above: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None,
        description="merge a new case by rule into the earlier one that it is with this probability or more; "
        "unset: only a person merges",
    )
    log_level: str = Field(
        default="INFO", validation_alias=AliasChoices("ANLAN_LOG_LEVEL", "log_level"), description="log level"
    )

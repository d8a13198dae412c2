"""Settings of the service, from the environment."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AnyHttpUrl,
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from docket.faults import BadInput
from serving.urgings.ladder import Ladder

_MIB = 2**20
HERE = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Hosts that are this machine: what goes there may go by plain http."""


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Settings(BaseSettings):
    """What the service is told from outside; every field is an environment variable.

    `ANLAN_STORE` and `ANLAN_MODEL` have the defaults of the command line. `MLFLOW_TRACKING_URI` is read by
    `models.registry` itself, which also knows its default.
    """

    model_config = SettingsConfigDict(env_prefix="ANLAN_", extra="ignore", frozen=True)

    store: str = Field(default="sqlite:///var/anlan.db", min_length=1, description="URL of the record store")
    model: str = Field(default="models:/anlan@champion", description="URI of the model; empty: none")
    test: bool = Field(
        default=False,
        description="take cases of a test, in a store of their own; answers say so in `X-Anlan-Test`",
    )
    store_wait: Annotated[float, Field(gt=0)] = Field(
        default=10.0, description="seconds that a request waits for a locked database before it is 503"
    )
    catch_up_every: Annotated[float, Field(gt=0)] = Field(
        default=5.0, description="seconds between two looks for cases that are stored and not scored"
    )
    queue_open: bool = Field(
        default=False,
        description="at the start, let the open disputes be scored that came by a load: then they are queued",
    )
    map_period: Literal["month", "quarter", "year"] = Field(
        default="quarter",
        description="length of the periods that the map counts by; the longer, the less is too small to show",
    )
    model_poll: Annotated[float, Field(gt=0)] = Field(
        default=2.0, description="seconds between two questions to the registry which version `model` means"
    )
    body_limit: Annotated[int, Field(gt=0)] = Field(
        default=_MIB, description="largest request body, bytes, of every route but the batch"
    )
    batch_body_limit: Annotated[int, Field(gt=0)] = Field(
        default=32 * _MIB, description="largest request body of POST /v1/cases:batch, bytes"
    )
    body_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0, description="within which the whole of a request's body must have come"
    )
    merge_above: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None,
        description="merge a new case by rule into the earlier one that it is with this probability or more; "
        "unset: only a person merges",
    )
    ladder: Ladder = Field(
        default=Ladder(),
        description="minutes before a deadline that the grid is reminded, and after it community, street and "
        'district are told, such as {"respond": {"before": 10, "community": 15, "street": 30, '
        '"district": 60}, "opens": "08:30", "closes": "17:30"}; what it leaves out stays as it is',
    )
    rate: Annotated[float, Field(gt=0)] = Field(
        default=100, description="calls a second that a key may make for long; each of N workers takes 1/N"
    )
    burst: Annotated[int, Field(gt=0)] = Field(
        default=1_000, description="calls that a key may make at once after a rest; shared out likewise"
    )
    session_hours: Annotated[float, Field(gt=0, le=24 * 31)] = Field(
        default=12, description="how long somebody stays logged in to the pages"
    )
    jwks_url: AnyHttpUrl | None = Field(
        default=None, description="published keys of the identity provider; unset: no tokens are taken"
    )
    jwt_issuer: str | None = Field(default=None, description="`iss` of its tokens")
    jwt_audience: str | None = Field(default=None, description="`aud` of tokens for this service")
    jwt_scope_claim: str = Field(
        default="scope", description="claim that names the scope, among others; dots lead into nested claims"
    )
    jwt_area_claim: str = Field(
        default="area", description="claim that names the area: street:ID, community:ID, grid:ID or district"
    )
    jwt_worker_claim: str = Field(
        default="worker_id", description="claim that names whose a worker's token is"
    )
    oidc_issuer: AnyHttpUrl | None = Field(
        default=None, description="identity provider by which people log in to the pages; unset: by key alone"
    )
    oidc_client_id: str | None = Field(default=None, description="what it knows this service as")
    oidc_client_secret: SecretStr | None = Field(default=None, description="and by which secret")
    webhook_http: bool = Field(default=False, description="let webhooks go by plain http")
    webhook_networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description='private networks that webhooks may go to, a JSON list such as ["10.1.0.0/16"]',
    )
    webhook_seconds: Annotated[float, Field(gt=0, le=120)] = Field(
        default=10, description="within which a receiver must have answered"
    )
    webhook_tries: Annotated[int, Field(gt=0)] = Field(
        default=20, description="tries of a delivery before it is given up, about a day"
    )
    webhook_days: Annotated[int, Field(gt=0)] = Field(
        default=30, description="days after which deliveries that were taken, or taken back, are forgotten"
    )
    repeat_days: Annotated[int, Field(gt=0)] = Field(
        default=90, description="days for which a repeat is answered the bytes of the first answer"
    )
    progress_days: Annotated[int, Field(gt=0, le=365)] = Field(
        default=180, description="days for which a token shows who reported how far the case is"
    )
    registry_days: Annotated[int, Field(gt=0)] = Field(
        default=730, description="days after leaving the registry when an entry is removed"
    )
    stop_seconds: Annotated[int, Field(gt=0)] = Field(
        default=30,
        description="when told to stop: seconds for requests under way, then as many for background work",
    )
    traces: AnyHttpUrl | None = Field(
        default=None,
        description="where traces go (OTLP, HTTP), such as http://127.0.0.1:4318/v1/traces; unset: nowhere",
    )
    traces_share: Annotated[float, Field(ge=0, le=1)] = Field(
        default=1.0, description="share of the traces that begin here"
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
    ] = Field(default="INFO", description="least level of log lines")

    @classmethod
    def read(cls) -> Settings:
        """From the environment.

        Raises
        ------
        BadInput
            Naming each variable at fault and what was expected; not its value, which may hold a password.
        """
        try:
            return cls()
        except ValidationError as error:
            told = (
                f"{cls.model_config['env_prefix']}{str(one['loc'][0]).upper()}: {one['msg']}"
                if one["loc"]
                else one["msg"].removeprefix("Value error, ")
                for one in error.errors(include_input=False, include_context=False)
            )
            raise BadInput("; ".join(told)) from None
        except SettingsError as error:
            field = re.search(r'field "(\w+)"', str(error))
            name = cls.model_config["env_prefix"] + ("" if field is None else field[1].upper())
            raise BadInput(f"{name}: JSON was expected") from None

    @model_validator(mode="after")
    def _logins_are_safe(self) -> Self:
        if self.oidc_issuer is None:
            return self
        secret = self.oidc_client_secret
        if not self.oidc_client_id or secret is None or not secret.get_secret_value():
            raise ValueError("ANLAN_OIDC_ISSUER goes with ANLAN_OIDC_CLIENT_ID and ANLAN_OIDC_CLIENT_SECRET")
        if self.oidc_issuer.scheme != "https" and self.oidc_issuer.host not in HERE:
            raise ValueError("ANLAN_OIDC_ISSUER must be https: whoever answers for it lets people in")
        return self

    @model_validator(mode="after")
    def _tokens_are_bound(self) -> Self:
        if self.jwks_url is None:
            return self
        if not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("ANLAN_JWKS_URL goes with ANLAN_JWT_ISSUER and ANLAN_JWT_AUDIENCE")
        if self.jwks_url.scheme != "https" and self.jwks_url.host not in HERE:
            raise ValueError("ANLAN_JWKS_URL must be https: whoever changes the keys on the way is anybody")
        return self

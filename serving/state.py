"""What an instance of the service holds for as long as it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import Request

from docket.store import Store
from features.online.case import OneCase
from serving.limits import Buckets
from serving.map.keeping import Maps
from serving.metrics import Metrics
from serving.models.service import Models
from serving.provider import Provider
from serving.settings import Settings
from serving.tokens import Tokens


@dataclass(frozen=True)
class State:
    """The store, the model in use, the counters, and what callers are held to."""

    settings: Settings
    store: Store
    models: Models
    metrics: Metrics
    limits: Buckets
    tokens: Tokens | None
    logins: Buckets
    looks: Buckets
    provider: Provider | None
    one_case: OneCase = field(default_factory=OneCase)
    maps: Maps = field(default_factory=Maps)


def state_of(request: Request) -> State:
    """The state of the application that a request came to."""
    state = request.app.state.anlan
    if not isinstance(state, State):
        raise TypeError("the application has not been started")
    return state

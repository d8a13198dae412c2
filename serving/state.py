"""What an instance of the service holds for as long as it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import Request

from docket.store import Store
from features.online.case import OneCase
from serving.metrics import Metrics
from serving.models.service import Models
from serving.settings import Settings


@dataclass(frozen=True)
class State:
    """The store, the model in use, and the counters."""

    settings: Settings
    store: Store
    models: Models
    metrics: Metrics
    one_case: OneCase = field(default_factory=OneCase)


def state_of(request: Request) -> State:
    """The state of the application that a request came to."""
    state = request.app.state.anlan
    if not isinstance(state, State):
        raise TypeError("the application has not been started")
    return state

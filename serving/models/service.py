"""The model in use: one place that holds it, so that a request reads one version from start to end."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import structlog

from models import registry
from models.scorer import Scorer
from serving.handling import log_failure

_log = structlog.get_logger("anlan.models")


@dataclass(frozen=True)
class Current:
    """A model and the URI of its version."""

    scorer: Scorer
    version: str


class Models:
    """Holds the current model; without one, cases are taken and answered by floors and cue rules."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._lock = threading.Lock()
        self._current: Current | None = None
        self.trouble = "no model has been loaded"

    @property
    def current(self) -> Current | None:
        """The model in use, or None. Read it once a request."""
        with self._lock:
            return self._current

    def load(self) -> None:
        """Load the model that `uri` names; if that fails, say so and keep what there is."""
        if not self.uri:
            self.trouble = "the service was started without a model"
            return
        try:
            scorer, version = registry.load(self.uri, threads=1)
        except Exception as error:  # noqa: BLE001 - whatever ails a model, cases are still taken
            log_failure(_log, "model_not_loaded", error)
            self.trouble = f"{self.uri} can't be loaded ({type(error).__name__})"
            return
        with self._lock:
            self._current = Current(scorer, version)
            self.trouble = ""
        _log.info("model_loaded", version=version)

"""The model in use, and how a new champion comes into use: one reference that requests take once each.

The registry is asked again and again which version is meant. A new one is downloaded, checked and warmed
beside the one in use, and then takes its place; what has begun with the old one ends with it. One that is
broken is refused, and the old one stays.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from models import registry
from models.registry import Found, NoSuchModelError
from models.scorer import Scorer
from models.taking_up import BrokenModelError, take_up
from serving.logs import log_failure
from serving.metrics import Metrics

_log = structlog.get_logger("anlan.models")
_KEPT: Final = 3
"""Models in memory, the one in use among them: going back to one of them needs no download."""
_LONGEST: Final = 8.0
"""Seconds between two questions to a registry that doesn't answer."""
_IMPATIENT: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
"""MLflow itself would try for minutes, at every start without it; here it is asked again anyway."""


@dataclass(frozen=True)
class Current:
    """A model and the version it is."""

    scorer: Scorer
    found: Found

    @property
    def version(self) -> str:
        """The URI of its version."""
        return self.found.uri


@dataclass(frozen=True)
class Standing:
    """How things stand: the model in use, and what is amiss with the one that should be."""

    current: Current | None
    trouble: str | None


class Models:
    """Holds the current model; without one, cases are taken and answered by floors and cue rules.

    Parameters
    ----------
    uri
        `models:/anlan@champion`, or any other; empty: there is to be no model.
    metrics
        Told what comes into use and what is refused.
    every
        Seconds between two questions to the registry.
    warm
        Does with a model what the first request would wait for.
    """

    def __init__(
        self, uri: str, metrics: Metrics, *, every: float = 2.0, warm: Callable[[Current], None] | None = None
    ) -> None:
        self.uri = uri
        self._metrics, self._every, self._warm = metrics, every, warm
        # Replaced as a whole, so that whoever reads it reads what belongs together.
        self.standing = Standing(None, "no model has been loaded")
        self._kept: OrderedDict[Found, Current] = OrderedDict()
        self._refused: tuple[Found, str] | None = None
        self._failures = 0
        if not uri:
            self.standing = Standing(None, "the service was started without a model")
        for name, value in _IMPATIENT.items():
            os.environ.setdefault(name, value)

    @property
    def current(self) -> Current | None:
        """The model in use, or None. Read it once a request."""
        return self.standing.current

    def look(self) -> float:
        """Ask which version is meant, and take it into use if it isn't; in how many seconds to ask again."""
        try:
            found = registry.find(self.uri)
        except NoSuchModelError:
            self._trouble(f"no version answers to {self.uri}")
            return self._every
        except Exception as error:  # noqa: BLE001 - whatever ails the registry, the model in use stays
            self._metrics.registry_up.set(0)
            return self._later("model_registry_gone", "the registry doesn't answer", error)
        self._metrics.registry_up.set(1)
        current = self.current
        if current is not None and current.found == found:
            self._settled()
        elif found in self._kept:
            self._use(self._kept[found])
        elif self._refused is not None and self._refused[0] == found:
            self._trouble(self._refused[1])
        else:
            return self._take_up(found)
        return self._every

    def _take_up(self, found: Found) -> float:
        try:
            current = Current(take_up(found), found)
        except BrokenModelError as error:
            self._refuse(found, f"{found.uri} was refused: {error}")
            return self._every
        except Exception as error:  # noqa: BLE001 - as above; it may be there in a moment
            return self._later("model_not_fetched", f"{found.uri} can't be downloaded", error)
        if self._warm is not None:
            self._warm(current)
        self._use(current)
        return self._every

    def _use(self, current: Current) -> None:
        self.standing = Standing(current, None)
        self._settled()
        self._kept[current.found] = current
        self._kept.move_to_end(current.found)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self._metrics.model.clear()
        self._metrics.model.labels(current.version).set(1)
        self._metrics.taken_up.inc()
        _log.info("model_taken_up", version=current.version)

    def _refuse(self, found: Found, why: str) -> None:
        self._refused, self._failures = (found, why), 0
        self._trouble(why)
        self._metrics.refused.inc()
        _log.error("model_refused", version=found.uri, reason=why)

    def _settled(self) -> None:
        """What is meant is what is in use."""
        # A version that was refused is tried again if it is named anew: somebody may have mended it.
        self._refused, self._failures = None, 0
        self._trouble(None)

    def _trouble(self, why: str | None) -> None:
        if self.standing.trouble != why:
            self.standing = replace(self.standing, trouble=why)
        self._metrics.behind.set(0 if why is None else 1)

    def _later(self, event: str, why: str, error: Exception) -> float:
        """Say so once, and try again more and more rarely."""
        if self._failures == 0:
            log_failure(_log, event, error)
        self._trouble(f"{why} ({type(error).__name__})")
        self._failures += 1
        return min(self._every * 2.0 ** min(self._failures, 10), max(self._every, _LONGEST))

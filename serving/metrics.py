"""Counters for Prometheus; nothing in them is personal."""

from __future__ import annotations

import math
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from models.watch.kept import FOLLOWED, NAMES

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.build = Gauge(
            "anlan_build_info", "1 for this program's version", ("version",), registry=self.registry
        )
        self.build.labels(version("anlan")).set(1)
        self.requests = Counter(
            "anlan_requests", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "anlan_request_seconds", "Time to answer", ("route",), buckets=_SECONDS, registry=self.registry
        )
        self.in_flight = Gauge(
            "anlan_requests_in_flight", "Requests that are being answered", registry=self.registry
        )
        self.store_up = Gauge(
            "anlan_store_up", "Whether the record store answered when last looked at", registry=self.registry
        )
        self.backup_age = Gauge(
            "anlan_backup_age_seconds",
            "Since the last `anlan backup`; infinite: never; not a number while the store doesn't say",
            registry=self.registry,
        )
        self.backup_age.set(math.nan)
        self.assessments = Counter(
            "anlan_assessments", "Assessments by recommended colour", ("colour",), registry=self.registry
        )
        self.degraded = Counter("anlan_degraded", "Assessments made without a model", registry=self.registry)
        self.unscored = Gauge(
            "anlan_unscored_cases",
            "Cases stored and not scored by a model; not a number while the store doesn't say",
            registry=self.registry,
        )
        self.unscored.set(math.nan)
        self.caught_up = Counter(
            "anlan_caught_up", "Cases scored by the catch-up, by model or rules", registry=self.registry
        )
        self.model = Gauge(
            "anlan_model_info", "1 for the model version in use", ("version",), registry=self.registry
        )
        self.webhooks = Counter(
            "anlan_webhook_tries", "Tries to deliver webhooks", ("event", "result"), registry=self.registry
        )
        self.webhook_oldest = Gauge(
            "anlan_webhook_oldest_seconds", "Age of the oldest delivery that is due", registry=self.registry
        )
        self.webhook_waiting = Gauge(
            "anlan_webhook_waiting", "Deliveries that are due", registry=self.registry
        )
        self.webhook_dead_letters = Gauge(
            "anlan_webhook_dead_letters", "Deliveries that were given up", registry=self.registry
        )
        self.urgings = Counter(
            "anlan_urgings", "Steps that deadlines climbed", ("step",), registry=self.registry
        )
        self.urging_late = Gauge(
            "anlan_urging_late_seconds",
            "Age of the oldest step that is due and wasn't sent",
            registry=self.registry,
        )

        self.watch_alarms = Gauge(
            "anlan_watch_alarms",
            "Checks of the last `anlan watch` that found more than chance gives; not a number: none told yet",
            ("family",),
            registry=self.registry,
        )
        for family in NAMES:
            self.watch_alarms.labels(family).set(math.nan)
        self.watch_age = Gauge(
            "anlan_watch_age_seconds", "Since the last `anlan watch`; infinite: never", registry=self.registry
        )
        self.watch_age.set(math.nan)
        self.watch_ratio = Gauge(
            "anlan_watch_harm_ratio",
            "Harms over what was expected of the last matured quarter; not a number: can't be told yet",
            ("cases",),
            registry=self.registry,
        )
        for cases in FOLLOWED:
            self.watch_ratio.labels(cases).set(math.nan)
        self.taken_up = Counter(
            "anlan_model_taken_up", "Times that a model version came into use", registry=self.registry
        )
        self.refused = Counter(
            "anlan_model_refused", "Versions that were refused as broken", registry=self.registry
        )
        self.behind = Gauge(
            "anlan_model_behind",
            "1 while the model that should be in use isn't: /readyz says why",
            registry=self.registry,
        )
        self.registry_up = Gauge(
            "anlan_model_registry_up",
            "Whether the model registry answered when it was last asked",
            registry=self.registry,
        )

    def exposition(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)

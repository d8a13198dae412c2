"""The application: `uvicorn serving.app:create_app --factory`."""

from serving.threads import pin_threads

pin_threads()  # before anything numerical is imported

# ruff: noqa: E402
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from docket.times import now_micros
from serving import handling, logs, openapi
from serving.access import guarded
from serving.annotations import endpoints as annotation_routes
from serving.audit import endpoints as audit_routes
from serving.background import Repeating
from serving.cases import endpoints as case_routes
from serving.cases.assessing import assessed
from serving.decisions import endpoints as decision_routes
from serving.health import endpoints as health_routes
from serving.history import endpoints as history_routes
from serving.limits import Buckets
from serving.listing import endpoints as listing_routes
from serving.logs import log_failure
from serving.map import endpoints as map_routes
from serving.merges import endpoints as merge_routes
from serving.metrics import Metrics
from serving.middleware import Envelope
from serving.models import endpoints as model_routes
from serving.models.service import Current, Models
from serving.opening import opened
from serving.pages import ROUTERS as PAGES
from serving.pages.failing import failed
from serving.practice import endpoints as practice_routes
from serving.progress import endpoints as progress_routes
from serving.provider import Provider
from serving.queue import endpoints as queue_routes
from serving.registry import endpoints as registry_routes
from serving.reports import endpoints as report_routes
from serving.reports.writing import Writer
from serving.retention import Retention
from serving.reviews import endpoints as review_routes
from serving.settings import Settings
from serving.slips import endpoints as slip_routes
from serving.state import State
from serving.tokens import Tokens
from serving.traces import tracing
from serving.unscored.repository import note_open
from serving.unscored.service import CatchUp
from serving.urgings import endpoints as urging_routes
from serving.urgings.scheduler import Scheduler
from serving.visits import endpoints as visit_routes
from serving.watching import Watch
from serving.webhooks import endpoints as webhook_routes
from serving.webhooks.sender import sending
from serving.worker import Worker

_log = structlog.get_logger("anlan.app")
_SETTLED: Final = 60.0
"""Seconds after a start in which nothing is tidied up."""
_LOGINS_A_SECOND: Final = 0.2
_LOGINS_AT_ONCE: Final = 20
"""Of an address: a whole office may come in by one."""
_LOOKS_A_SECOND: Final = 0.5
_LOOKS_AT_ONCE: Final = 30
"""Of an address, at how far a case is."""

_DESCRIPTION = """
Risk early warning for dispute mediation (安澜). A dispatch system sends cases and what happens in them; the
service stores them, assesses the risk that they escalate, and recommends a colour with reasons and deadlines.
**A person decides; the score advises.** Times are RFC 3339; errors are `application/problem+json` (RFC 9457)
and name the field and the reason.
"""


def create_app(settings: Settings | None = None, worker: Worker | None = None) -> FastAPI:
    """The application with its own store, model and counters.

    Parameters
    ----------
    settings
        Else from the environment.
    worker
        Which of several processes it is in; None: there is one.
    """
    settings = Settings.read() if settings is None else settings
    worker = Worker() if worker is None else worker
    logs.configure(settings.log_level)
    metrics = Metrics()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        with tracing(settings):
            async with _working(app, settings, metrics, worker):
                yield

    app = FastAPI(
        title="anlan 安澜",
        version="1",
        summary="Risk early warning for dispute mediation",
        description=_DESCRIPTION,
        lifespan=life,
        webhooks=webhook_routes.router,
        generate_unique_id_function=openapi.operation_id,
        docs_url=None,  # served by `serving.pages`, with nothing from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a path is ours as it is, or it isn't
    )
    app.add_middleware(Envelope, settings=settings, metrics=metrics)
    handling.install(app, failed)
    for routes in (
        case_routes,
        listing_routes,
        queue_routes,
        history_routes,
        slip_routes,
        urging_routes,
        review_routes,
        report_routes,
        practice_routes,
        progress_routes,
        map_routes,
        decision_routes,
        annotation_routes,
        merge_routes,
        visit_routes,
        registry_routes,
        model_routes,
        audit_routes,
        health_routes,
    ):
        app.include_router(guarded(routes.router))
    for pages in PAGES:
        app.include_router(guarded(pages))
    openapi.install(app)
    return app


@asynccontextmanager
async def _working(app: FastAPI, settings: Settings, metrics: Metrics, worker: Worker) -> AsyncIterator[None]:
    """The store, the model, and what the service does of itself, for as long as it runs."""
    state = await run_in_threadpool(_started, settings, metrics, worker)
    app.state.anlan = state
    following = Repeating("following_model", state.models.look)
    if settings.model:
        following.start(settings.model_poll)
    catching_up = Repeating("catch_up", CatchUp(state, settings.catch_up_every).round)
    catching_up.start()
    watching = Repeating("watch", Watch(state).look)
    watching.start()
    forgetting = Repeating("retention", Retention(state).round)
    forgetting.start(_SETTLED)
    scheduler = Scheduler(state)
    urging = Repeating("urgings", scheduler.round)
    urging.start()
    reporting = Repeating("reports", Writer(state).round)
    reporting.start(_SETTLED)
    threads = (following, catching_up, watching, forgetting, urging, reporting)
    with sending(state):
        yield
        scheduler.stopping = True
        for thread in threads:
            thread.tell()  # all at once; then each is waited for
    for thread in threads:
        await run_in_threadpool(thread.stop)
    state.store.close()


def _started(settings: Settings, metrics: Metrics, worker: Worker) -> State:
    state = State(
        settings,
        opened(settings.store, settings.store_wait, test=settings.test),
        Models(
            settings.model, metrics, every=settings.model_poll, warm=lambda current: _warm_up(state, current)
        ),
        metrics,
        # A key's calls are spread over the workers, and so is what it may call.
        Buckets(settings.rate / worker.of, max(1.0, settings.burst / worker.of)),
        None if settings.jwks_url is None else Tokens(settings),
        Buckets(_LOGINS_A_SECOND, _LOGINS_AT_ONCE),
        Buckets(_LOOKS_A_SECOND, _LOOKS_AT_ONCE),
        None if settings.oidc_issuer is None else Provider(settings),
    )
    if settings.model:
        state.models.look()
    if state.models.current is None:
        _warm_up(state, None)
    if settings.queue_open and worker.place == 0:
        with state.store.begin() as conn:
            note_open(conn, now_micros())
    return state


def _warm_up(state: State, current: Current | None) -> None:
    """Assess a case that the store holds, so that no caller waits for compilers and caches."""
    latest = sa.text("SELECT dispute_id, recorded_at FROM known_disputes ORDER BY recorded_at DESC LIMIT 1")
    try:
        with state.store.snapshot() as conn:
            row = conn.execute(latest).first()
        if row is None:
            with state.store.snapshot() as conn:  # what must be compiled needs no case
                state.one_case.warm(conn, now_micros())
            return
        with state.store.snapshot() as conn:
            assessed(conn, state, current, str(row[0]), int(row[1]))
    except Exception as error:  # noqa: BLE001 - this is not a request: it is said, and the service runs
        log_failure(_log, "warm_up_failed", error)

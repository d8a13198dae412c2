"""Traces by OpenTelemetry (extra `otel`), off unless `ANLAN_TRACES` names where they go.

The spans are our own (`docket.tracing`): those of instrumentation packages hold URLs with ids, statements,
and the words of errors (docs/adr/0046).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from docket.faults import BadInput
from docket.tracing import UNTOLD, Attribute, Span, taken_by
from serving.settings import Settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

CALLER: Final[ContextVar[str | None]] = ContextVar("anlan_traceparent", default=None)
"""The `traceparent` that the request at hand came with: its trace is gone on with."""


def tracing(settings: Settings) -> AbstractContextManager[None]:
    """Send spans while the block runs, if the settings say where to.

    Raises
    ------
    BadInput
        If they do, and the extra isn't installed.
    """
    if settings.traces is None:
        return nullcontext()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise BadInput(
            "ANLAN_TRACES needs the extra `otel`: pip install '.[otel]' in the folder of anlan's source"
        ) from error
    sender = BatchSpanProcessor(OTLPSpanExporter(endpoint=str(settings.traces)))
    return tracing_to(sender, settings.traces_share)


@contextmanager
def tracing_to(processor: SpanProcessor, share: float = 1.0) -> Iterator[None]:
    """Give spans to a processor while the block runs; what is left is sent at its end.

    Parameters
    ----------
    share
        Of the traces that begin here; one that a caller began is gone on with as the caller decided.
    """
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415

    resource = Resource.create({"service.name": "anlan", "service.version": version("anlan")})
    provider = TracerProvider(ParentBasedTraceIdRatio(share), resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("anlan")
    try:
        with taken_by(lambda name, begins: _begun(tracer, name, begins)):
            yield
    finally:
        provider.shutdown()


@contextmanager
def _begun(tracer: Tracer, name: str, begins: bool) -> Iterator[Span]:
    from opentelemetry.trace import StatusCode, get_current_span  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    around, caller = None, CALLER.get()
    first = not get_current_span().get_span_context().is_valid
    if first and not begins:
        yield UNTOLD
        return
    if first and caller is not None:
        # Not `tracestate` and `baggage`: they may hold anything.
        around = TraceContextTextMapPropagator().extract({"traceparent": caller})
    with tracer.start_as_current_span(
        name, context=around, record_exception=False, set_status_on_exception=False
    ) as made:
        try:
            yield _Told(made)
        except BaseException as error:
            made.set_status(StatusCode.ERROR)
            made.set_attribute("error.type", type(error).__name__)
            raise


class _Told:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def tell(self, **attributes: Attribute) -> None:
        for name, value in attributes.items():
            self._span.set_attribute(f"anlan.{name}", value)

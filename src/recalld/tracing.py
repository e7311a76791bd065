"""OpenTelemetry: each stage of both flows as a span, when traces are on.

The API is imported only then, and brought by `recalld[otel]`. A span carries its name, its times, counts and outcomes; never content,
ids of persons, or messages of exceptions. W3C `traceparent` is taken from a request, and handed on to the job that ingests the session.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recalld.errors import MissingExtra

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer, TracerProvider

PARENT = "traceparent"
_tracers: list[Tracer] = []  # none while traces are off, else one


@dataclass(slots=True)
class Traced:
    """A span under way; nothing happens while traces are off."""

    span: Span | None = None

    def note(self, **attributes: str | float | bool) -> None:
        """Add what became known of it, under `recalld.`."""
        if self.span is not None:
            self.span.set_attributes({f"recalld.{name}": value for name, value in attributes.items()})

    def fail(self, kind: str) -> None:
        """Mark it failed, with the class of the error alone."""
        if self.span is not None:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415

            self.span.set_status(StatusCode.ERROR, kind)

    def rename(self, name: str) -> None:
        """Name it by what is known later."""
        if self.span is not None:
            self.span.update_name(name)


def begin(provider: TracerProvider | None = None) -> None:
    """Trace from now on, with *provider* or the one that the process has set. Raises `MissingExtra`."""
    try:
        from opentelemetry import trace  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise MissingExtra("traces", "otel") from error
    _tracers[:] = [(provider or trace.get_tracer_provider()).get_tracer("recalld")]


def end() -> None:
    """Trace nothing any more."""
    _tracers.clear()


@contextmanager
def span(name: str, *, parent: str | None = None) -> Generator[Traced]:
    """A span around what is done inside; the child of the present one, or of the *parent* that a `traceparent` names."""
    if not _tracers:
        yield Traced()
        return
    with _tracers[0].start_as_current_span(
        f"recalld.{name}",
        context=_context(parent),
        record_exception=False,  # it would tell messages and values
        set_status_on_exception=False,
    ) as current:
        traced = Traced(current)
        try:
            yield traced
        except BaseException as error:
            traced.fail(type(error).__name__)
            raise


def parent() -> str | None:
    """The `traceparent` of the present span, for work that goes on elsewhere; none while traces are off."""
    if not _tracers:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(PARENT)


def _context(parent: str | None) -> Any:
    if parent is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    return TraceContextTextMapPropagator().extract({PARENT: parent})


@contextmanager
def exported(*, wanted: bool) -> Generator[None]:
    """For a process of recalld's own: send spans by OTLP over HTTP, as the `OTEL_*` variables say. Raises `MissingExtra`."""
    if not wanted:
        yield
        return
    try:
        from opentelemetry import trace  # noqa: PLC0415 -- an extra
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra("traces", "otel") from error
    resource = Resource.create({"service.name": "recalld"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        end()
        provider.shutdown()

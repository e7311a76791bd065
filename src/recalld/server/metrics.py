"""Metrics in Prometheus' format. No label names a tenant, a user or a key: labels are routes, stages and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from recalld.ingest.upgrade import Upgrade
from recalld.models.meter import ModelUse
from recalld.values import IngestReport, MemoryContext, SearchResult
from recalld.wiring import Parts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FAST = (0.001, 0.002, 0.004, 0.006, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
MODELS = {
    "calls": "Requests to models, by what they were for and the model.",
    "failures": "Those without a usable answer.",
    "input_tokens": "Tokens that models read, cached ones included.",
    "cached_tokens": "Of these, tokens from the provider's cache.",
    "output_tokens": "Tokens that models wrote.",
    "dollars": "US dollars that models took, as far as their prices are known.",
}
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})


class Counted(Collector):
    """What the read flow counts by itself, read when it is asked for."""

    def __init__(self) -> None:
        self.source: Callable[[], Mapping[str, int]] = dict

    def collect(self) -> Iterator[Metric]:
        """The counts as they are."""
        counts = self.source()
        cache = CounterMetricFamily(
            "recalld_facts_cache", "Look-ups in the cache of facts, by outcome: hit, miss.", labels=["outcome"]
        )
        cache.add_metric(["hit"], counts.get("cache_hits", 0))
        cache.add_metric(["miss"], counts.get("cache_misses", 0))
        yield cache
        yield CounterMetricFamily(
            "recalld_dropped_hits",
            "Hits of the vector index that PostgreSQL did not confirm.",
            value=counts.get("dropped_hits", 0),
        )
        replica = CounterMetricFamily(
            "recalld_replica_reads",
            "Reads that a replica was asked for, by outcome: current, stale, failed.",
            labels=["outcome"],
        )
        for outcome in ("current", "stale", "failed"):
            replica.add_metric([outcome], counts.get(f"replica_{outcome}", 0))
        yield replica


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._requests = Counter(
            "recalld_requests",
            "Requests by route, method and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "recalld_request_seconds", "Time to answer, by route.", ["route"], buckets=FAST, registry=registry
        )
        self._context_seconds = Histogram(
            "recalld_context_stage_seconds",
            "Time of a context by stage: embed, read, render.",
            ["stage"],
            buckets=FAST,
            registry=registry,
        )
        self._context_tokens = Histogram(
            "recalld_context_tokens",
            "Tokens of the block.",
            buckets=(0, 50, 100, 200, 400, 800, 1600, 3200),
            registry=registry,
        )
        self._degraded = Counter(
            "recalld_degraded", "Reads that a layer did not answer, by layer.", ["layer"], registry=registry
        )
        self._ingests = Counter("recalld_ingests", "Ingestions by outcome.", ["outcome"], registry=registry)
        self._ingest_seconds = Histogram(
            "recalld_ingest_stage_seconds",
            "Time of an ingestion by stage: load, digest, embed, merge, write.",
            ["stage"],
            buckets=FAST,
            registry=registry,
        )
        self._upgrades = Counter(
            "recalld_upgrades",
            "Sessions the model was asked about again, by outcome: upgraded, postponed, left, nothing.",
            ["outcome"],
            registry=registry,
        )
        self._kept = Gauge(
            "recalld_kept_journals",
            "Sessions whose journal is kept until the model has digested it.",
            registry=registry,
        )
        self._models = {
            name: Counter(f"recalld_model_{name}", says, ["component", "model"], registry=registry)
            for name, says in MODELS.items()
        }
        self._facts = Counter(
            "recalld_facts", "Facts by what ingestions did: added, confirmed, closed.", ["change"], registry=registry
        )
        self._waiting = Gauge(
            "recalld_sessions",
            "Ended sessions that are not memory, by state: waiting, failed.",
            ["state"],
            registry=registry,
        )
        self._oldest = Gauge(
            "recalld_oldest_waiting_seconds", "Age of the oldest ended session that waits.", registry=registry
        )
        self._of = cache(self._children)  # looking up a child takes longer than counting
        self._stage = cache(self._context_seconds.labels)
        self._counts = Counted()
        registry.register(self._counts)

    def watch(self, parts: Parts) -> None:
        """Count what *parts* do."""
        parts.ingestion.observers.append(self.ingested)
        parts.upgrades.observers.append(self.upgraded)
        parts.recall.observers.append(self.recalled)
        parts.ledger.observers.append(lambda _, uses: self.used(uses))
        self._counts.source = parts.recall.counts

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request."""
        counted, timed = self._of(method if method in METHODS else "OTHER", route, status)
        counted.inc()
        timed.observe(seconds)

    def _children(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(method, route, str(status)), self._request_seconds.labels(route)

    def recalled(self, found: MemoryContext | SearchResult) -> None:
        """One context or search."""
        if isinstance(found, MemoryContext):
            for stage, seconds in found.timings.items():
                self._stage(stage).observe(seconds)
            self._context_tokens.observe(found.tokens)
        for layer in found.degraded:
            self._degraded.labels(layer).inc()

    def used(self, uses: Iterable[ModelUse]) -> None:
        """Model calls, failed ones too."""
        for use in uses:
            of = use.component, use.model
            self._models["calls"].labels(*of).inc(use.calls)
            self._models["failures"].labels(*of).inc(use.failed)
            self._models["input_tokens"].labels(*of).inc(use.input_tokens)
            self._models["cached_tokens"].labels(*of).inc(use.cached_tokens)
            self._models["output_tokens"].labels(*of).inc(use.output_tokens)
            self._models["dollars"].labels(*of).inc(float(use.cost_usd))

    def ingested(self, report: IngestReport) -> None:
        """One ingestion."""
        self._ingests.labels(report.status).inc()
        for stage, seconds in report.timings.items():
            self._ingest_seconds.labels(stage).observe(seconds)
        for change in ("added", "confirmed", "closed"):
            self._facts.labels(change).inc(getattr(report, change))

    def upgraded(self, upgrade: Upgrade) -> None:
        """One session that the model was asked about again."""
        self._upgrades.labels(upgrade.outcome).inc()

    def kept(self, journals: int) -> None:
        """Journals that wait for the model."""
        self._kept.set(journals)

    def backlog(self, waiting: int, failed: int, oldest_seconds: float) -> None:
        """What waits."""
        self._waiting.labels("waiting").set(waiting)
        self._waiting.labels("failed").set(failed)
        self._oldest.set(oldest_seconds)

    def page(self) -> bytes:
        """All of them as text."""
        return generate_latest(self.registry)

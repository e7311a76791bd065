"""Metrics in Prometheus' format. No label names a tenant, a user or a key: labels are routes, stages and outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from recalld.ingest.upgrade import Upgrade
from recalld.values import IngestReport, MemoryContext

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FAST = (0.001, 0.002, 0.004, 0.006, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})


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
            "Time of an ingestion by stage: load, digest, embed, write.",
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
        self._dollars = Counter(
            "recalld_model_dollars", "US dollars that models took in ingestions and upgrades.", registry=registry
        )
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
        self._cache = Gauge(
            "recalld_facts_cache",
            "Look-ups in the cache of facts, by outcome: hit, miss.",
            ["outcome"],
            registry=registry,
        )
        self._dropped = Gauge(
            "recalld_dropped_hits", "Hits of the vector index that PostgreSQL did not confirm.", registry=registry
        )

        self._replica = Gauge(
            "recalld_replica_reads",
            "Reads that a replica was asked for, by outcome: current, stale, failed.",
            ["outcome"],
            registry=registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request."""
        self._requests.labels(method if method in METHODS else "OTHER", route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def recalled(self, context: MemoryContext) -> None:
        """One context."""
        for stage, seconds in context.timings.items():
            self._context_seconds.labels(stage).observe(seconds)
        self._context_tokens.observe(context.tokens)
        self.degraded(context.degraded)

    def degraded(self, layers: tuple[str, ...]) -> None:
        """Layers that did not answer a read."""
        for layer in layers:
            self._degraded.labels(layer).inc()

    def ingested(self, report: IngestReport) -> None:
        """One ingestion."""
        self._ingests.labels(report.status).inc()
        for stage, seconds in report.timings.items():
            self._ingest_seconds.labels(stage).observe(seconds)
        self._dollars.inc(report.cost_usd or 0)
        for change in ("added", "confirmed", "closed"):
            self._facts.labels(change).inc(getattr(report, change))

    def upgraded(self, upgrade: Upgrade) -> None:
        """One session that the model was asked about again."""
        self._upgrades.labels(upgrade.outcome).inc()
        self._dollars.inc(upgrade.cost_usd or 0)

    def kept(self, journals: int) -> None:
        """Journals that wait for the model."""
        self._kept.set(journals)

    def backlog(self, waiting: int, failed: int, oldest_seconds: float) -> None:
        """What waits."""
        self._waiting.labels("waiting").set(waiting)
        self._waiting.labels("failed").set(failed)
        self._oldest.set(oldest_seconds)

    def counted(self, counts: Mapping[str, int]) -> None:
        """What the read flow counts by itself."""
        self._cache.labels("hit").set(counts.get("cache_hits", 0))
        self._cache.labels("miss").set(counts.get("cache_misses", 0))
        self._dropped.set(counts.get("dropped_hits", 0))
        for outcome in ("current", "stale", "failed"):
            self._replica.labels(outcome).set(counts.get(f"replica_{outcome}", 0))

    def page(self) -> bytes:
        """All of them as text."""
        return generate_latest(self.registry)

"""The record of processing activities (Article 30 GDPR), made from the live configuration."""

from __future__ import annotations

from collections.abc import Sequence

from recalld.privacy.purposes import Purpose
from recalld.settings import Settings


def record(tenant_id: str, purposes: Sequence[Purpose], settings: Settings, *, journal_days: int | None) -> str:
    """Purposes, data, recipients, time limits and security, as Markdown.

    *journal_days*: how long transcripts of sessions are kept that the model could not digest; none: not at all.
    """
    lines = [
        f"# Record of processing: {tenant_id}",
        "",
        "Made from the live configuration. Names of controller, representative and data protection officer are yours to add.",
        "",
        "## Purposes, legal bases and time limits",
        "",
        "| purpose | description | legal basis | applies to | facts | episodes | state |",
        "|---|---|---|---|---|---|---|",
        *(_row(purpose) for purpose in purposes),
        *(["| any | none was declared | | everybody | until erased | until erased | |"] if not purposes else []),
        "",
        "## People and data",
        "",
        "- People: the users of this tenant's agents.",
        "- Messages of open sessions, until the session has become memory.",
        *(
            [f"- Messages of sessions that the model could not digest, for at most {journal_days} days."]
            if journal_days
            else []
        ),
        "- Facts with origin, quote, validity and confidence; episodes: summary, topics, points; embeddings of these texts.",
        "- Consents; counts of model calls; an audit without content, by pseudonym.",
        "",
        "## Recipients",
        "",
        *(f"- {line}" for line in recipients(settings)),
        "",
        "## Security",
        "",
        "- Row-level security by tenant and user, checked at every start; roles without the right to bypass it.",
        "- Erasure with independent verification, signed and chained receipts; an append-only, chained audit.",
        "- No content in logs, metrics, job arguments or error messages.",
        "",
        "## Residual copies",
        "",
        "- Write-ahead log and dead rows of PostgreSQL until recycled; backups until they expire, then the ledger is applied.",
    ]
    return "\n".join(lines) + "\n"


def recipients(settings: Settings) -> list[str]:
    """Who gets personal data besides the tenant, by the settings."""
    found = [
        f"{role}: {kind} (a provider's API; see its terms for retention and place)"
        for role, kind in (("Summariser", settings.summariser), ("Embedder", settings.embedder))
        if kind != "local"
    ]
    if settings.vectors != "pgvector":
        found.append(f"Vector index: {settings.vectors.partition(':')[0]} (ids, purposes, times and embeddings)")
    if settings.redis_url is not None:
        found.append("Redis: the messages of open sessions, for at most two days")
    place = "a PostgreSQL server of your own" if settings.database_url is not None else "PostgreSQL on this machine"
    return [f"Database: {place}", *(found or ["No others: models and index run on this machine."])]


def _row(purpose: Purpose) -> str:
    days = [f"{kept} days" if kept else "until erased" for kept in (purpose.facts_days, purpose.episodes_days)]
    who = "everybody" if purpose.is_default else "who consented"
    state = "withdrawn" if purpose.withdrawn_at else "active"
    cells = (purpose.purpose, purpose.description, purpose.legal_basis, who, *days, state)
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"

"""Configuration: constructor arguments first, then `RECALLD_*` variables, then defaults.

The environment is read here and nowhere else, when a `Settings` is made at an entry point.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from recalld.errors import ConfigurationError


class Settings(BaseSettings):
    """All that can be set. Every field is a keyword of `Memory.open` and a variable `RECALLD_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="RECALLD_", extra="forbid", frozen=True, populate_by_name=True)

    data_dir: Path | None = Field(None, description="Folder of the embedded PostgreSQL; unused with a database_url.")
    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("database_url", "RECALLD_DATABASE_URL", "DATABASE_URL"),
        description="PostgreSQL 16 or newer with pgvector; none: recalld runs its own in data_dir.",
    )
    replica_url: SecretStr | None = Field(
        None,
        description="A streaming replica for contexts, searches and facts; what it does not have yet comes from database_url.",
    )
    migrator_url: SecretStr | None = Field(
        None, description="The login that may migrate; only `recalld migrate` needs it."
    )
    redis_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("redis_url", "RECALLD_REDIS_URL", "REDIS_URL"),
        description="Redis or Valkey for working memory; none: a map in this process.",
    )
    vectors: str = Field(
        "pgvector", description="Vector index: pgvector, qdrant:URL, qdrant:FOLDER (for trials) or pinecone:INDEX-HOST."
    )
    vectors_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices(
            "vectors_api_key", "RECALLD_VECTORS_API_KEY", "PINECONE_API_KEY", "QDRANT_API_KEY"
        ),
        description="Key of the vector index at Pinecone or Qdrant.",
    )
    erasure_ledger: Path | None = Field(
        None,
        description="File outside of all backups that every erasure is written to, and read from at the start: "
        "whom a restored database still has is erased again before it serves.",
    )
    attributes_file: Path | None = Field(
        None,
        description="A TOML file of further fact attributes, in the format of `layers/facts/attributes.toml`; "
        "a name of the built-in table replaces it. Tables below `tenants.ID` are that tenant's own.",
    )
    summariser: str = Field(
        "local", description="What digests sessions: local, or a model such as anthropic:claude-haiku-4-5."
    )
    embedder: str = Field(
        "local", description="What embeds texts: local, or a model such as openai:text-embedding-3-small."
    )
    user_ceiling_usd: Decimal | None = Field(
        None,
        ge=0,
        description="Dollars a month that models may cost for one user; past it the local summariser works. None: no ceiling.",
    )
    tenant_ceiling_usd: Decimal | None = Field(None, ge=0, description="The same for all users of a tenant together.")
    language: str = Field(
        "english", description="Text-search dictionary of PostgreSQL for new users; unknown ones fall back to simple."
    )
    idle_seconds: float = Field(1800, gt=0, description="A session in which nothing was said for so long is ended.")
    ingest_budget_seconds: float = Field(
        5, gt=0, description="How long end_session(wait=True) waits before it answers 'queued'."
    )
    erase_budget_seconds: float = Field(
        10,
        gt=0,
        description="How long an erasure over HTTP, of a person or a tenant, is waited for; then it is answered with 202 and goes on.",
    )
    lease_seconds: float = Field(
        300, gt=0, description="How long one ingestion may take before another worker takes it over."
    )
    max_attempts: int = Field(5, ge=1, description="Ingestions tried before a session is 'failed'.")
    retry_seconds: float = Field(5, ge=0, description="Wait before the second attempt; doubles each time, up to 300 s.")
    sweep_seconds: float = Field(10, gt=0, description="How often a worker looks for idle, lost and stalled sessions.")
    audit_reads: bool = Field(True, description="Write down who read whose memory; changes are always written down.")
    worker: bool = Field(True, description="Run a worker inside this process.")
    warm_up: bool = Field(
        True, description="Load the local models in the background, so that the first turn is as fast as later ones."
    )
    worker_concurrency: int = Field(4, ge=1, description="Ingestions at a time in one worker.")
    max_connections: int = Field(10, ge=2, description="Database connections of this process, at most.")
    host: str = Field("127.0.0.1", description="Address that `recalld serve` listens on.")
    port: int = Field(8300, ge=0, le=65535, description="Port that `recalld serve` listens on.")
    worker_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port on which `recalld worker` answers /healthz, /readyz and, to a key with the scope `operator`, /metrics; 0: none.",
    )
    traces: bool = Field(
        False,
        description="Trace both flows by OpenTelemetry (`recalld[otel]`); `serve` and `worker` export as the OTEL_* variables say.",
    )
    max_body_bytes: int = Field(8 * 1024 * 1024, ge=1024, description="Bytes of a request's body, at most.")
    key_requests_per_second: float = Field(0, ge=0, description="Requests of one API key; 0: no limit.")
    tenant_requests_per_second: float = Field(0, ge=0, description="Requests of all keys of a tenant; 0: no limit.")
    tenant_bytes_per_second: float = Field(
        0, ge=0, description="Bytes in the requests of all keys of a tenant; 0: no limit."
    )
    tenant_open_sessions: int = Field(
        0,
        ge=0,
        description="Open sessions of a tenant, over all processes; a request that opens one more waits. 0: no limit.",
    )
    tenant_usd_per_hour: float = Field(
        0,
        ge=0,
        description="Dollars that models may cost for a tenant in an hour; past it, what calls models is refused for a while. 0: no limit.",
    )
    prepared_statements: bool | None = Field(
        None,
        description="None: on, except through a pooler. On for PgBouncer 1.22 or newer with max_prepared_statements.",
    )
    queue_url: SecretStr | None = Field(
        None,
        description="PostgreSQL itself where database_url leads through a pooler: workers hear of jobs at once, else within 2 s.",
    )

    @classmethod
    def read(cls, **given: Any) -> Settings:
        """Settings from *given* and the environment. Raises `ConfigurationError` naming each wrong setting."""
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False)
            )
            raise ConfigurationError(f"wrong settings: {wrong}") from None

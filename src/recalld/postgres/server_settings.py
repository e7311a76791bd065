"""The settings of the embedded server, each with its reason; `EmbeddedPostgres(settings=…)` overrides single ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        # ------------------------------------------------ what people said never reaches a log
        "log_error_verbosity": "terse",  # DETAIL carries rows and parameters
        "log_min_error_statement": "panic",  # the failing statement's text is not logged
        "log_parameter_max_length_on_error": "0",  # nor its parameters
        "log_parameter_max_length": "0",
        "log_min_messages": "log",  # between ERROR and FATAL: a primary message may quote a value, server events do not
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_lock_waits": "off",  # would quote the waiting statement
        # ------------------------------------------------ where the log goes
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%a.log",  # one per weekday, overwritten a week later
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_timezone": "UTC",
        "lc_messages": "C",  # messages that a search finds
        # ------------------------------------------------ durability
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",  # off lost 336 and 762 acknowledged rows in two kill -9 tests, on none in four
        # ------------------------------------------------ memory and connections
        "shared_buffers": "128MB",  # a laptop's share; the operating system's cache holds the rest
        "effective_cache_size": "1GB",
        "work_mem": "8MB",
        "maintenance_work_mem": "64MB",
        "max_connections": "100",
        "jit": "off",  # queries here take milliseconds; compiling one would take longer
        # ------------------------------------------------ write-ahead log: short, so that erased words leave it soon
        "wal_level": "minimal",  # nobody replicates an embedded cluster
        "max_wal_senders": "0",
        "min_wal_size": "32MB",
        "max_wal_size": "256MB",
        "wal_recycle": "off",  # a recycled segment keeps its old content until it is overwritten
        "checkpoint_timeout": "5min",
        # ------------------------------------------------ who can connect
        "listen_addresses": "",  # no TCP unless a port is asked for
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        # ------------------------------------------------ the same on every machine
        "timezone": "UTC",
        "datestyle": "iso, ymd",
        "default_text_search_config": "pg_catalog.english",
        "cluster_name": "recalld",  # seen in the process list
    }
)


def rendered(settings: Mapping[str, str]) -> str:
    """*settings* as a configuration file."""
    head = "# written by recalld at every start; pass settings to EmbeddedPostgres instead"
    return "\n".join([head, *(f"{name} = {_quoted(value)}" for name, value in settings.items()), ""])


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"

"""The passwords of the embedded server's two logins, in a file that only its owner can read."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote

from recalld.postgres.bootstrap import DATABASE, MIGRATOR_LOGIN, SERVICE_LOGIN


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseUrls:
    """How to reach a database that has been bootstrapped."""

    service: str  # libpq URI of the serving login: never a superuser; in a transaction it chooses app, worker, eraser …
    migrator: str  # libpq URI of the login that may become recalld_owner: for migrations and maintenance only

    def __repr__(self) -> str:
        return "DatabaseUrls(…)"  # the URIs hold passwords: they stay out of tracebacks and logs


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """The passwords, and what the database was given when they were made."""

    service_password: str
    migrator_password: str
    bootstrap: str  # fingerprint of the bootstrap that ran; another one means: it has to run again

    def __repr__(self) -> str:
        return f"Credentials(bootstrap={self.bootstrap!r})"  # passwords stay out of tracebacks and logs

    @classmethod
    def random(cls, bootstrap: str) -> Credentials:
        """New passwords of 256 bits."""
        return cls(service_password=token_urlsafe(32), migrator_password=token_urlsafe(32), bootstrap=bootstrap)

    @classmethod
    def read(cls, path: Path) -> Credentials | None:
        """What *path* holds; `None` when it is missing or not a credentials file. Raises `PermissionError`."""
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{name: str(fields[name]) for name in ("service_password", "migrator_password", "bootstrap")})
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Replace *path* in one step, readable by its owner alone, and on disk when this returns."""
        partial = path.with_name(path.name + ".new")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def urls(self, socket_directory: Path, port: int) -> DatabaseUrls:
        """The addresses of the two logins on a socket."""
        place = f"/{DATABASE}?host={_quoted(str(socket_directory))}&port={port}"
        return DatabaseUrls(
            service=f"postgresql://{SERVICE_LOGIN}:{_quoted(self.service_password)}@{place}",
            migrator=f"postgresql://{MIGRATOR_LOGIN}:{_quoted(self.migrator_password)}@{place}",
        )


def _quoted(text: str) -> str:
    return quote(text, safe="")

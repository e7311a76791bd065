"""The bootstrap of a database: roles, grants and the vector extension, once, by an administrator; see `bootstrap.sql`."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from recalld.errors import ConfigurationError, DatabaseUnavailable

SERVICE_LOGIN = "recalld_service"
MIGRATOR_LOGIN = "recalld_migrator"
DATABASE = "recalld"

_SCRIPT = Path(__file__).with_name("bootstrap.sql").read_text(encoding="utf-8")
FINGERPRINT = hashlib.sha256(_SCRIPT.encode()).hexdigest()  # of what a bootstrapped database has been given

_ATTEMPTS = 20
# two bootstraps on one server touch the same rows of its shared catalogs; the loser gets one of these, and tries again
_LOST_RACES = (
    psycopg.errors.InternalError_,  # "tuple concurrently updated"
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateDatabase,
    psycopg.errors.ObjectInUse,  # the template database is being copied or vacuumed
    psycopg.errors.DeadlockDetected,
)


def bootstrap(
    connection: psycopg.Connection[Any],
    *,
    database: str = DATABASE,
    service_login: str = SERVICE_LOGIN,
    service_password: str,
    migrator_login: str = MIGRATOR_LOGIN,
    migrator_password: str,
) -> None:
    """Prepare *database* for recalld, creating it when it does not exist; repeating changes nothing but the passwords.

    *connection* is an administrator's, to any database of the server: a superuser, or one with CREATEROLE that owns
    *database* or may create it. Only its address and credentials are used. Passwords are sent as SCRAM verifiers, so that
    no server log can hold them.

    Raises:
        ConfigurationError: the administrator's rights do not suffice, or pgvector is not available.
        DatabaseUnavailable: the server does not answer.
    """
    settings = {
        "recalld.service_login": service_login,
        "recalld.service_password": _verifier(connection, service_login, service_password),
        "recalld.migrator_login": migrator_login,
        "recalld.migrator_password": _verifier(connection, migrator_login, migrator_password),
    }
    try:
        _repeated(connection, database, settings)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidRoleSpecification) as error:
        raise ConfigurationError(f"the bootstrap of database {database!r} was refused: {_told(error)}") from error
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
        raise ConfigurationError(f"pgvector is not installed on this PostgreSQL server: {_told(error)}") from error
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL did not answer during the bootstrap ({type(error).__name__})") from error


def _repeated(connection: psycopg.Connection[Any], database: str, settings: dict[str, str]) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            _create_database(connection, database)
            _run_script(connection, database, settings)
        except _LOST_RACES:
            if attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(0.02 * (attempt + 1))
        else:
            return


def _create_database(connection: psycopg.Connection[Any], database: str) -> None:
    if connection.info.dbname == database:
        return
    with _another(connection, connection.info.dbname) as admin:
        if admin.execute("select from pg_database where datname = %s", (database,)).fetchone() is None:
            statement = sql.SQL("create database {} template template0 encoding 'UTF8'")
            admin.execute(statement.format(sql.Identifier(database)))


def _run_script(connection: psycopg.Connection[Any], database: str, settings: dict[str, str]) -> None:
    with _another(connection, database) as admin, admin.transaction():
        for name, value in settings.items():
            admin.execute("select set_config(%s, %s, true)", (name, value))
        admin.execute(cast("LiteralString", _SCRIPT))


def _another(connection: psycopg.Connection[Any], database: str) -> psycopg.Connection[Any]:
    """A connection of the same administrator to *database*, in autocommit mode, with the plainest search path."""
    parameters = connection.info.get_parameters() | {"dbname": database}
    if connection.info.password:
        parameters["password"] = connection.info.password
    return psycopg.connect(make_conninfo("", **parameters), autocommit=True)


def _verifier(connection: psycopg.Connection[Any], login: str, password: str) -> str:
    return connection.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()


def _told(error: psycopg.Error) -> str:
    """What the server said; the script holds no values of users."""
    parts = (error.diag.message_primary, error.diag.message_hint)
    return "; ".join(part for part in parts if part) or type(error).__name__

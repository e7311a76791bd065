"""The catalog lint: whether row-level security of this database really holds. recalld refuses to serve on any finding.

Every rule stands for a way in which isolation has been seen to fail without an error (see `lint.sql`); each has a test that
plants the fault. The lint runs as the serving login, reads the system catalogs only, and takes about as long as one request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from recalld.errors import UnsafeDatabase
from recalld.postgres.pool import Connection, translated
from recalld.postgres.queries import beside

QUERIES = beside(__file__, "lint.sql")

# What the rules take as given. A table that is not named here holds personal rows and needs the full protection.
INSTALLATION_WIDE = ("installation", "migrations")  # no tenant's data
TENANT_WIDE: tuple[str, ...] = (  # rows of a tenant, of none of its users
    "tenant_usage",
    "api_keys",
    "purposes",
    "tenant_rules",
    "receipts",
    "audit",
)
PERSONAL = (
    "users",
    "sessions",
    "messages",
    "statements",
    "facts",
    "episodes",
    "vectors",
    "erasures",
    "usage",
    "requests",
    "consents",
    "holds",
    "removals",
)
PURPOSE_FREE = ("sessions", "consents")  # have a purpose and no content; all are seen whatever the purposes asked for
GROUP_ROLES = (
    "recalld_app",
    "recalld_worker",
    "recalld_eraser",
    "recalld_auditor",
    "recalld_sweeper",
    "recalld_gate",
    "recalld_queue",
)
NARROW_ROLES = ("recalld_auditor", "recalld_sweeper", "recalld_gate")  # read only, and only the columns that are plain
# Of narrow roles, for reading.
CROSS_USER_POLICIES = (
    "sessions.all_states",
    "episodes.all_unindexed",
    "api_keys.all_keys",
    "requests.all_old",
    "erasures.all_unfinished",
    "users.all_users",
    "tenant_rules.all_rules",
    "purposes.all_limits",
    "removals.all_removals",
)
PLAIN_COLUMNS = (  # ids, states, times and counts: nothing that a person said
    "tenant_id",
    "user_id",
    "session_id",
    "episode_id",
    "statement_id",
    "fact_id",
    "erasure_id",
    "epoch",
    "seq",
    "part",
    "version",
    "state",
    "status",
    "attempts",
    "error",
    "active_at",
    "last_message_at",
    "ended_at",
    "claimed_until",
    "retry_at",
    "indexed_at",
    "kept_at",
    "requested_at",
    "verified_at",
    "created_at",
    "users.facts_version",
    "users.episodes_version",
    "users.language",
    "sweep_at",
    "erasures.receipt",
    "receipts.hash",
    "receipts.receipt",
    "tenant_rules.inactive_days",
    "tenant_rules.keep_journal_days",
    "tenant_rules.closed_at",
    "tenant_rules.people",
    "tenant_rules.keys",
    "tenant_rules.receipts_before",
    "purposes.purpose",
    "purposes.facts_days",
    "purposes.episodes_days",
    "purposes.withdrawn_at",
    "audit.at",
    "audit.actor",
    "audit.action",
    "audit.subject",
    "audit.purposes",
    "audit.count",
    "audit.request_id",
    "audit.previous",
    "audit.hash",
    "api_keys.key_id",
    "api_keys.secret_hash",
    "api_keys.label",
    "api_keys.scopes",
    "api_keys.bound_user_id",
    "api_keys.purposes",
    "api_keys.expires_at",
    "api_keys.revoked_at",
    "migrations.name",
    "migrations.checksum",
    "migrations.applied_at",
)

_PROTECT = "drop the policy and 'call recalld.protect(table)' as recalld_owner"
_RULES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "table_missing": ("the table is missing", "run 'recalld migrate'"),
        "row_security_off": ("row-level security is off", "'alter table … enable row level security' and '… force …'"),
        "row_security_not_forced": (
            "the owner is not held by row-level security",
            "'alter table … force row level security'",
        ),
        "scope_column_unsafe": (
            "the column that says whose a row is is missing, nullable, or not compared byte by byte",
            "make it 'text collate \"C\" not null', or name the table in recalld.postgres.lint when it holds no personal rows",
        ),
        "unique_index_unscoped": (
            "the unique index does not begin with tenant_id and user_id, so its errors tell of other users' rows",
            "build it again with both in front",
        ),
        "foreign_key_unscoped": (
            "the foreign key lacks tenant_id or user_id, so it reaches other users' rows",
            "make it again with both on both sides",
        ),
        "trigger_present": ("a trigger runs on the table", "drop it; a distributed database knows no triggers"),
        "rule_present": ("a rewrite rule changes statements on the table", "drop it"),
        "policies_add_up": ("several permissive policies apply, and each can only show more", "keep one of them"),
        "policy_always_true": ("the policy lets everything through", _PROTECT),
        "policy_unscoped": (
            "the policy is not exactly tenant and user of the context, for reading and writing",
            _PROTECT,
        ),
        "policy_missing": (
            "a right without a policy: such statements silently touch nothing",
            "'call recalld.protect(table)'",
        ),
        "purpose_policy_spreads": (
            "the restrictive policy reaches others than recalld_app; an erasure under it removes nothing, without an error",
            "'alter policy … to recalld_app'",
        ),
        "purpose_policy_missing": (
            "recalld_app reads the rows of every purpose",
            "'call recalld.protect_purpose(table)' as recalld_owner",
        ),
        "view_unsafe": (
            "the view reads our tables with its owner's rights",
            "'alter view … set (security_invoker = true)', or drop it",
        ),
        "materialized_view": ("a materialized view copies rows out of the reach of row-level security", "drop it"),
        "security_definer": ("the function runs with its owner's rights", "'alter function … security invoker'"),
        "leakproof_function": ("the function may see rows before the policies do", "'alter function … not leakproof'"),
        "policy_function_unsafe": (
            "a policy calls a function that is not stable, or has no fixed search_path",
            "'alter function … stable set search_path = pg_catalog'",
        ),
        "public_grant": ("everybody has this right", "'revoke … from public'"),
        "dangerous_grant": ("the right goes around row-level security", "revoke it"),
        "partition_grant": (
            "a partition can be read by its own name, past its parent's policies",
            "revoke it; grant on the parent",
        ),
        "sequence_grant": ("a sequence tells how much everybody writes", "revoke it, and use uuids"),
        "content_readable": (
            "a role that sees all users, or only counts, reads content",
            "revoke it, or name the column in recalld.postgres.lint when it says nothing about a person",
        ),
        "narrow_role_writes": ("a role that only looks may write", "revoke it"),
        "role_missing": ("the role does not exist", "run the bootstrap again as administrator"),
        "role_too_powerful": (
            "the role is superuser, or has BYPASSRLS, REPLICATION or CREATEROLE: row-level security is off for it",
            "'alter role … nosuperuser nobypassrls noreplication nocreaterole', or use the login made by the bootstrap",
        ),
        "role_is_owner": (
            "the role is, or may become, the owner of the tables",
            "revoke the membership, use the service login",
        ),
        "role_in_role": ("the role gets the rights and policies of another one", "revoke the membership"),
        "login_inherits": ("the login has the role's rights outside any scope", "'grant … to … with inherit false'"),
        "owners_differ": ("the owner is not that of the schema", "'alter … owner to recalld_owner'"),
        "owner_unsafe": (
            "the owner of the schema is superuser, has BYPASSRLS, or can log in",
            "'alter role … nosuperuser nobypassrls nologin', or give the schema to recalld_owner",
        ),
        "temporary_tables": (
            "the role may make temporary tables, which take the place of ours",
            "'revoke temporary on database …'",
        ),
        "may_create": (
            "the role may make tables and functions, which could take the place of ours",
            "'revoke create on …'",
        ),
        "search_path_unsafe": (
            "built-in names are not looked up first",
            "leave pg_catalog out of the login's search_path: then it comes first by itself",
        ),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One way in which the database would not isolate users."""

    rule: str  # a stable name: policy_unscoped
    where: str  # the table, policy, function or role
    what: str  # what is wrong there
    mend: str  # what an administrator can do about it

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.mend} [{self.rule}]"


def rules() -> tuple[str, ...]:
    """The names of all rules."""
    return tuple(_RULES)


async def lint(connection: Connection, *, distributed: bool = False) -> list[Finding]:
    """All findings, by rule and place; none for the schema as it is shipped.

    *connection* is one of the serving login, whose rights are judged too. With *distributed*, row-level security need not be forced
    on the owner: it would stop the online moves of shards. The connection's transaction, if any, stays as it is.
    """
    with translated():
        async with connection.transaction(force_rollback=True):
            first = await (await connection.execute(QUERIES["first_schema"])).fetchone()
            await connection.execute(QUERIES["plain_names"])
            given = _given() | {"distributed": distributed, "first_schema": first["name"] if first else ""}
            rows = await (await connection.execute(QUERIES["findings"], given)).fetchall()
    return [_finding(row["rule"], row["place"]) for row in rows]


async def refuse_unsafe(connection: Connection, *, distributed: bool = False) -> None:
    """Raise `UnsafeDatabase` with all findings, if there are any."""
    findings = await lint(connection, distributed=distributed)
    if findings:
        listed = "\n".join(f"  - {finding}" for finding in findings)
        raise UnsafeDatabase(
            f"the database would not isolate its users; recalld refuses to serve until this is mended:\n{listed}"
        )


def _given() -> dict[str, object]:
    return {
        "expected_tables": [*PERSONAL, *TENANT_WIDE, *INSTALLATION_WIDE],
        "installation_wide": list(INSTALLATION_WIDE),
        "tenant_wide": list(TENANT_WIDE),
        "purpose_free": list(PURPOSE_FREE),
        "group_roles": list(GROUP_ROLES),
        "narrow_roles": list(NARROW_ROLES),
        "cross_user_policies": list(CROSS_USER_POLICIES),
        "plain_columns": list(PLAIN_COLUMNS),
    }


def _finding(rule: str, where: str) -> Finding:
    what, mend = _RULES[rule]
    return Finding(rule=rule, where=where, what=what, mend=mend)

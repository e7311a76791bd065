"""Layer 2: the facts of a user and the statements they follow from, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from psycopg.rows import DictRow

from recalld.errors import NotFound
from recalld.layers.facts.forgetting import system_time, traces
from recalld.layers.facts.merge import evidence, merge
from recalld.postgres.pool import Pending, Transaction
from recalld.postgres.queries import beside
from recalld.values import Fact, FactChanges, Known, Statement

_SQL = beside(__file__, "facts.sql")
_COLUMNS = tuple(field.name for field in fields(Fact) if field.name != "weight")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where statements came from: a session, an episode, or both of one."""

    session_id: str | None = None
    episode_id: str | None = None


class FactStore:
    """Facts and statements. Every method runs in the caller's transaction and scope, for one epoch."""

    async def attributes(self, tx: Transaction, epoch: int) -> list[str]:
        """The names the user has facts under now."""
        return [row["attribute"] for row in await tx.rows(_SQL["attributes"], epoch=epoch)]

    async def known(self, tx: Transaction, epoch: int, *, purpose: str, at: datetime) -> list[Known]:
        """The same names with what holds under them at *at*, as far as it is kept for *purpose*; what was said last comes first."""
        rows = await tx.rows(_SQL["known"], epoch=epoch, purpose=purpose, at=at)
        return [Known(row["attribute"], row["value"]) for row in rows]

    async def bundle(self, tx: Transaction, epoch: int) -> list[Fact]:
        """Everything believed now, past values included; what the role's purposes allow."""
        return await (await self.ask_bundle(tx, epoch)).read()

    async def ask_bundle(self, tx: Transaction, epoch: int) -> Pending[list[Fact]]:
        """The same, to be read later."""
        return Pending(await tx.send(_SQL["bundle"], epoch=epoch), lambda rows: [_fact(row) for row in rows])

    async def versions(self, tx: Transaction, epoch: int, attribute: str | None = None) -> list[Fact]:
        """Every version ever believed, of one attribute or of all."""
        return [_fact(row) for row in await tx.rows(_SQL["versions"], epoch=epoch, attribute=attribute)]

    async def statements(self, tx: Transaction, epoch: int, attributes: Sequence[str] | None = None) -> list[Statement]:
        """The evidence about some attributes, or all of it."""
        chosen = None if attributes is None else list(attributes)
        return await tx.all(Statement, _SQL["statements"], epoch=epoch, attributes=chosen)

    async def add(self, tx: Transaction, epoch: int, statements: Sequence[Statement], *, at: datetime) -> FactChanges:
        """Store new evidence and bring the facts of the attributes it is about up to date. The user's row must be locked."""
        await tx.execute_many(
            _SQL["insert_statement"], [{**asdict(statement), "epoch": epoch} for statement in statements]
        )
        return await self.derive(tx, epoch, {statement.attribute for statement in statements}, at=at)

    async def derive(self, tx: Transaction, epoch: int, attributes: set[str], *, at: datetime) -> FactChanges:
        """Merge: facts of *attributes* as all stored statements have them. The user's row must be locked."""
        if not attributes:
            return FactChanges()
        names = sorted(attributes)
        known = [_fact(row) for row in await tx.rows(_SQL["believed"], epoch=epoch, attributes=names)]
        said = await self.statements(tx, epoch, names)
        changes = merge(known, said, at=system_time(at, known, said))
        await self._apply(tx, epoch, changes)
        return changes

    async def forget_source(self, tx: Transaction, epoch: int, source: Source, *, at: datetime) -> FactChanges:
        """Take back all evidence of a session or an episode, with every version of a fact that could rest on it."""
        rows = await tx.rows(_SQL["statements_of_source"], epoch=epoch, **asdict(source))
        attributes = {row["attribute"] for row in rows}
        said = await self.statements(tx, epoch, sorted(attributes))
        return await self._forget(tx, epoch, attributes, said, taken={row["statement_id"] for row in rows}, at=at)

    async def forget_fact(self, tx: Transaction, epoch: int, fact_id: str, *, at: datetime) -> FactChanges:
        """Take back one fact: the statements it rests on, every version of it, and of others what could rest on them. Raises `NotFound`."""
        versions = [_fact(row) for row in await tx.rows(_SQL["fact"], epoch=epoch, fact_id=fact_id)]
        if not versions:
            raise NotFound(f"there is no fact {fact_id!r}")
        attribute = versions[-1].attribute
        said = await self.statements(tx, epoch, [attribute])
        taken = {statement.statement_id for statement in evidence(said).get(fact_id, ())}
        return await self._forget(tx, epoch, {attribute}, said, taken=taken, at=at, fact_id=fact_id)

    async def forget_purpose(
        self, tx: Transaction, epoch: int, purpose: str, attributes: set[str], *, at: datetime
    ) -> FactChanges:
        """Take back all evidence about *attributes* that was given for *purpose*, and every version of a fact that could rest on it."""
        said = await self.statements(tx, epoch, sorted(attributes))
        taken = {statement.statement_id for statement in said if statement.purpose == purpose}
        return await self._forget(tx, epoch, attributes, said, taken=taken, at=at)

    async def resting_on(self, tx: Transaction, epoch: int, statement: Statement) -> Fact:
        """The fact that a stored statement founds or confirms. Raises `NotFound` when it had no effect."""
        support = evidence(await self.statements(tx, epoch, [statement.attribute]))
        owner = next((fact_id for fact_id, given in support.items() if statement in given), None)
        rows = await tx.rows(_SQL["fact"], epoch=epoch, fact_id=owner) if owner else []
        if not rows:
            raise NotFound(
                f"the statement about {statement.attribute!r} changed nothing: what is known already outweighs it"
            )
        return _fact(rows[-1])

    async def _forget(
        self,
        tx: Transaction,
        epoch: int,
        attributes: set[str],
        said: Sequence[Statement],
        *,
        taken: Collection[str],
        at: datetime,
        fact_id: str | None = None,
    ) -> FactChanges:
        """Delete the statements *taken* of all that was *said*, derive anew, and purge past beliefs that could rest on them."""
        await tx.execute(_SQL["delete_statements"], statement_ids=sorted(taken))
        changes = await self.derive(tx, epoch, attributes, at=at)
        past = [
            row
            for attribute, trace in traces(said, taken).items()
            for row in await tx.rows(_SQL["versions"], epoch=epoch, attribute=attribute)
            if trace.holds(_fact(row))
        ]
        ids, versions = [row["fact_id"] for row in past], [row["version"] for row in past]
        await tx.execute(_SQL["purge_retired"], fact_id=fact_id, fact_ids=ids, versions=versions)
        return changes

    async def _apply(self, tx: Transaction, epoch: int, changes: FactChanges) -> None:
        """Retire before inserting: the database allows one current value at any moment."""
        await tx.execute_many(_SQL["retire_fact"], [_row(fact, epoch) for fact in changes.retire])
        await tx.execute_many(_SQL["update_fact"], [_row(fact, epoch) for fact in changes.update])
        await tx.execute_many(_SQL["insert_fact"], [_row(fact, epoch) for fact in changes.insert])


def _fact(row: DictRow) -> Fact:
    return Fact(**{name: row[name] for name in _COLUMNS})


def _row(fact: Fact, epoch: int) -> dict[str, object]:
    return {**{name: getattr(fact, name) for name in _COLUMNS}, "epoch": epoch}

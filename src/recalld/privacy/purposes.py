"""Purposes and consents: why something is remembered, and who agreed.

A tenant that has never declared a purpose may use any. One that has declared some may write only for those it has not withdrawn; a
purpose that is no default needs each person's consent, and any consent can be withdrawn, which erases what was remembered for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import NoReturn

from recalld.border import check_id, check_purpose, check_text
from recalld.errors import Conflict, InvalidInput, NotFound, PurposeRefused
from recalld.layers.episodes.store import EpisodeStore
from recalld.layers.facts.store import FactStore
from recalld.layers.vectors.base import VectorIndex
from recalld.layers.vectors.removals import Removals
from recalld.layers.working.base import WorkingMemory, best_effort
from recalld.layers.working.journal import Journal
from recalld.postgres.pool import Database, Transaction
from recalld.postgres.queries import beside
from recalld.privacy.audit import Audit
from recalld.values import SessionRef, UserRef, tenant_scope

_SQL = beside(__file__, "purposes.sql")
MAX_DAYS = 36_500


@dataclass(frozen=True, kw_only=True, slots=True)
class Purpose:
    """Why a tenant remembers."""

    purpose: str  # support
    description: str  # what it is for, in words a person understands
    legal_basis: str  # contract, consent, legitimate interest …
    is_default: bool = True  # holds for every user; false: only for those who consented
    facts_days: int | None = None  # facts go so long after they were last confirmed; None: with the person
    episodes_days: int | None = None  # episodes go so long after their session ended
    declared_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def checked(self) -> Purpose:
        """Itself with clean texts. Raises `InvalidInput`."""
        check_purpose(self.purpose)
        for name in ("facts_days", "episodes_days"):
            check_days(name, getattr(self, name))
        return replace(
            self,
            description=check_text("a description", self.description, limit=4096),
            legal_basis=check_text("a legal basis", self.legal_basis, limit=1024),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """What a person decided about a purpose."""

    purpose: str
    given: bool  # false: withdrawn
    decided_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """What a withdrawn consent, or a change of purpose, reached."""

    purpose: str
    sessions: int
    facts: int
    episodes: int


def check_days(name: str, days: int | None) -> int | None:
    """A retention in days, or none. Raises `InvalidInput`."""
    if days is not None and (not isinstance(days, int) or not 1 <= days <= MAX_DAYS):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput(f"{name} must be between 1 and {MAX_DAYS} days, or none")
    return days


class Gate:
    """Refuses to write what may not be remembered."""

    async def admit(self, tx: Transaction, purpose: str) -> None:
        """Raise `PurposeRefused` or `Conflict`. After the fence, in its transaction: a withdrawal and a writer wait for each other."""
        row = await tx.row(_SQL["refusal"], purpose=purpose)
        if row is not None:
            _refuse(row["reason"], purpose)

    async def admit_session(self, tx: Transaction, session_id: str) -> None:
        """The same for the purpose that a session was begun with."""
        row = await tx.row(_SQL["session_refusal"], session_id=session_id)
        if row is not None:
            _refuse(row["reason"], row["purpose"])


_REASONS = {
    "undeclared": "purpose {!r} is not declared, or was withdrawn; the tenant declares it first",
    "withdrawn": "this person has withdrawn the consent to purpose {!r}",
    "no consent": "purpose {!r} needs this person's consent",
}


def _refuse(reason: str, purpose: str) -> NoReturn:
    if reason == "held":
        raise Conflict(
            "this person's memory is under a legal hold; it can be neither read nor changed until that is released"
        )
    if reason == "closed":
        raise Conflict("this tenant is being erased; nothing is written for it")
    raise PurposeRefused(_REASONS[reason].format(purpose))


@dataclass(frozen=True, kw_only=True, slots=True)
class Purposes:
    """Declares purposes, keeps consents, and erases by purpose."""

    database: Database
    journal: Journal
    facts: FactStore
    episodes: EpisodeStore
    vectors: VectorIndex
    removals: Removals
    working: WorkingMemory
    audit: Audit

    # ------------------------------------------------------------ the tenant
    async def list(self, tenant_id: str) -> list[Purpose]:
        """What a tenant has declared, by name; withdrawn ones too."""
        async with self.database.transaction("worker", tenant_scope(check_id("tenant id", tenant_id))) as tx:
            return await tx.all(Purpose, _SQL["list"])

    async def declare(self, tenant_id: str, purpose: Purpose) -> Purpose:
        """Declare a purpose, or change one; a withdrawn one is active again. Raises `InvalidInput`."""
        checked = purpose.checked()
        async with self.database.transaction("worker", tenant_scope(check_id("tenant id", tenant_id))) as tx:
            declared = (await tx.all(Purpose, _SQL["declare"], **asdict(checked)))[0]
            await self.audit.write(tx, "purpose.declared", purposes=(checked.purpose,))
            return declared

    async def withdraw(self, tenant_id: str, purpose: str) -> None:
        """Write nothing more for a purpose; what is there goes by its retention or with the person. Raises `NotFound`."""
        async with self.database.transaction("worker", tenant_scope(check_id("tenant id", tenant_id))) as tx:
            if await tx.row(_SQL["withdraw"], purpose=check_purpose(purpose)) is None:
                raise NotFound(f"there is no purpose {purpose!r}")
            await self.audit.write(tx, "purpose.withdrawn", purposes=(purpose,))

    # ------------------------------------------------------------ the person
    async def consents(self, user: UserRef) -> list[Consent]:
        """What the person decided, by purpose."""
        async with self.database.transaction("worker", user) as tx:
            epoch = await self.journal.epoch(tx)
            return await tx.all(Consent, _SQL["consents"], epoch=epoch)

    async def consent(self, user: UserRef, purpose: str) -> Consent:
        """The person agrees to a purpose."""
        return await self._decide(user, check_purpose(purpose), given=True)

    async def revoke(self, user: UserRef, purpose: str) -> Withdrawal:
        """The person withdraws consent: what was remembered for the purpose goes, and nothing more is written for it."""
        check_purpose(purpose)
        async with self.database.transaction("worker", user) as tx:
            row = await self.journal.lock_user(tx)
            await self._note(tx, row.epoch, purpose, given=False)
            gone, sessions, episodes = await self._erase(tx, user, row.epoch, purpose)
            await self.audit.write(
                tx,
                "consent.withdrawn",
                user=user,
                purposes=(purpose,),
                count=gone.facts + gone.episodes + gone.sessions,
            )
        for session in sessions:
            with best_effort():
                await self.working.drop(session, row.epoch)
        await self.removals.finish(user, episodes)
        return gone

    async def change(self, user: UserRef, purpose: str, *, to: str) -> Withdrawal:
        """Remember under another purpose what was remembered under *purpose*: an audited event. Raises `PurposeRefused`.

        An index outside PostgreSQL hears of it through its outbox. Until then its hits under the old purpose yield nothing, and words
        find under the new one.
        """
        names = {"purpose": check_purpose(purpose), "to": check_purpose(to)}
        async with self.database.transaction("worker", user) as tx:
            row = await self.journal.lock_user(tx)
            await Gate().admit(tx, to)
            attributes = await self._attributes(tx, row.epoch, purpose)
            values = {"epoch": row.epoch, "transactional": self.vectors.transactional, **names}
            counts = {
                table: (await tx.execute(_SQL[f"change_{table}"], **values)).rowcount
                for table in ("statements", "sessions", "episodes", "vectors")
            }
            facts = (await tx.execute(_SQL["drop_facts"], epoch=row.epoch, purpose=purpose)).rowcount
            await self.facts.derive(tx, row.epoch, attributes, at=datetime.now(UTC))
            await self.journal.touch_user(tx, facts=True, episodes=True)
            total = facts + counts["episodes"] + counts["sessions"]
            await self.audit.write(tx, "purpose.changed", user=user, purposes=(purpose, to), count=total)
        return Withdrawal(purpose=to, sessions=counts["sessions"], facts=facts, episodes=counts["episodes"])

    async def _decide(self, user: UserRef, purpose: str, *, given: bool) -> Consent:
        async with self.database.transaction("worker", user) as tx:
            row = await self.journal.lock_user(tx)
            consent = await self._note(tx, row.epoch, purpose, given=given)
            await self.audit.write(tx, "consent.given", user=user, purposes=(purpose,))
            return consent

    async def _note(self, tx: Transaction, epoch: int, purpose: str, *, given: bool) -> Consent:
        consent = Consent(purpose=purpose, given=given, decided_at=datetime.now(UTC))
        await tx.execute(_SQL["decide"], epoch=epoch, **asdict(consent))
        return consent

    async def _erase(
        self, tx: Transaction, user: UserRef, epoch: int, purpose: str
    ) -> tuple[Withdrawal, Sequence[SessionRef], Sequence[str]]:
        """Everything remembered for one purpose. Facts of other purposes that those had closed are open again."""
        attributes = await self._attributes(tx, epoch, purpose)
        facts = await tx.rows(_SQL["delete_facts"], purpose=purpose)
        await self.facts.forget_purpose(tx, epoch, purpose, attributes, at=datetime.now(UTC))
        sessions = [row["session_id"] for row in await tx.rows(_SQL["delete_sessions"], purpose=purpose)]
        await tx.execute(_SQL["delete_messages"], session_ids=sessions)
        episodes = [row["episode_id"] for row in await tx.rows(_SQL["delete_episodes"], purpose=purpose)]
        await self.removals.begin(tx, user, episodes, epoch=epoch)
        await self.journal.touch_user(tx, facts=True, episodes=True)
        gone = Withdrawal(
            purpose=purpose,
            sessions=len(sessions),
            facts=len({row["fact_id"] for row in facts}),
            episodes=len(episodes),
        )
        return gone, [SessionRef(user=user, session_id=session_id) for session_id in sessions], episodes

    async def _attributes(self, tx: Transaction, epoch: int, purpose: str) -> set[str]:
        return {row["attribute"] for row in await tx.rows(_SQL["attributes"], epoch=epoch, purpose=purpose)}

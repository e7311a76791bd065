"""Model trouble never loses a session: triage, the model while it can be paid and answers, else the local summariser.

`digest.by` says who it was in the end: the model, `local`, or `triage` for a session that needed no model. Where the tenant lets the
journals of sessions marked `local` be kept, the model digests them again later (see `recalld.ingest.upgrade`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from recalld.errors import ConfigurationError, ModelError, RecalldError
from recalld.ingest.digest import Summariser
from recalld.ingest.triage import nothing_to_remember
from recalld.values import Digest, EndedSession, Known, UserRef

log = structlog.get_logger("recalld.ingest")

TRIAGE = "triage"


class Allowance(Protocol):
    """Says whether a user's session may still be spent money on (see `recalld.models.ledger.Ceilings`)."""

    async def permits(self, user: UserRef) -> bool:
        """False once the month's ceiling of the user or of the tenant is reached."""
        ...


class FallbackSummariser:
    """`Summariser` that asks *model* where that is needed, allowed and possible, and *local* otherwise."""

    def __init__(
        self, model: Summariser, local: Summariser, *, allowance: Allowance | None = None, triage: bool = True
    ) -> None:
        self.name = model.name
        self._model, self._local = model, local
        self._allowance = allowance
        self._triage = triage

    async def digest(self, session: EndedSession, known: Sequence[Known] = ()) -> Digest:
        """Digest *session*; never raises for trouble with the model."""
        if self._triage and nothing_to_remember(session.messages):
            digest = await self._local.digest(session, known)
            if not digest.candidates:  # a second opinion: the grammar found nothing either
                return replace(digest, by=TRIAGE)
        if not await self._permitted(session):
            log.info("summariser.ceiling_reached", model=self.name)
            return await self._local.digest(session, known)
        try:
            return await self._model.digest(session, known)
        except ConfigurationError as error:  # for the operator: a key, a package or a name
            log.error("summariser.misconfigured", model=self.name, error=type(error).__name__, problem=str(error))  # noqa: TRY400
            return await self._local.digest(session, known)
        except ModelError as error:
            log.warning("summariser.fell_back", model=self.name, error=type(error).__name__)
            return await self._local.digest(session, known)

    async def redigest(self, session: EndedSession, known: Sequence[Known] = ()) -> Digest | None:
        """The model's own digest of a session that the local one stood in for; `None` while a ceiling forbids it.

        Raises `ModelError`, `ConfigurationError`.
        """
        if not await self._permitted(session):
            return None
        return await self._model.digest(session, known)

    async def close(self) -> None:
        """Release the model's connections."""
        close = getattr(self._model, "close", None)
        if close is not None:
            await close()

    async def _permitted(self, session: EndedSession) -> bool:
        """True while there is money. A ledger that does not answer stops the spending, not the session."""
        if self._allowance is None:
            return True
        try:
            return await self._allowance.permits(session.session.ref.user)
        except RecalldError as error:
            log.warning("summariser.allowance_unknown", error=type(error).__name__)
            return False

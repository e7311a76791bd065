"""Merging one digest of eight candidates into what is known about a user with 2,000 facts.

    python -m benchmarks merge [--rounds N]

Two users: one whose facts spread over the registry, as a person's do, and one whose facts are all about the eight
attributes of the digest, the worst case. As in ingestion, only the facts and statements of the attributes concerned take
part; reading them from PostgreSQL is not measured here. Target: 5 ms at the median.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recalld.layers.facts.attributes import Attributes
from recalld.layers.facts.merge import merge, statements_of
from recalld.values import Candidate, EndedSession, Fact, Message, Session, SessionRef, Statement, UserRef

FACTS = 2_000
CANDIDATES = 8
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
ATTRIBUTES = Attributes()


@dataclass(frozen=True, kw_only=True)
class Known:
    """A user as stored: statements, and the facts that follow from them."""

    statements: list[Statement]
    facts: list[Fact]

    def about(self, attributes: set[str]) -> tuple[list[Fact], list[Statement]]:
        """What the ingestion reads for these attributes."""
        return (
            [fact for fact in self.facts if fact.attribute in attributes],
            [statement for statement in self.statements if statement.attribute in attributes],
        )


def main(argv: Sequence[str]) -> None:
    """Read the number of rounds from *argv* and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks merge", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="merges per user (default 300)")
    run(rounds=parser.parse_args(argv).rounds)


def run(*, rounds: int = 300) -> None:
    """Measure and print p50 and p95 in milliseconds."""
    names = [row.name for row in ATTRIBUTES]
    print(f"{'user with 2,000 facts':<44} {'statements':>10} {'p50 ms':>8} {'p95 ms':>8}")
    for label, spread in (("over the registry", names), ("all about the attributes of the digest", names[:CANDIDATES])):
        user = user_with_facts(spread)
        touched = len(user.about(set(names[:CANDIDATES]))[1])
        milliseconds = sorted(timed(user, names[:CANDIDATES], number) for number in range(rounds))
        p50, p95 = milliseconds[rounds // 2], milliseconds[rounds * 95 // 100]
        print(f"{label:<44} {touched:>10} {p50:>8.2f} {p95:>8.2f}")


def user_with_facts(attributes: Sequence[str]) -> Known:
    """A user with 2,000 facts, evenly over *attributes*: one session a day, one new value each."""
    statements = [
        statement
        for number in range(FACTS)
        for statement in said(number, [Candidate(attribute=attributes[number % len(attributes)], value=f"v{number}")])
    ]
    return Known(statements=statements, facts=list(merge([], statements, at=BEGIN).insert))


def timed(user: Known, attributes: Sequence[str], number: int) -> float:
    """Milliseconds from the candidates of a digest to the changes: half new values, half confirmations."""
    known, statements = user.about(set(attributes))
    newest = {statement.attribute: statement.value for statement in statements}
    candidates = [
        Candidate(attribute=name, value=newest[name] if place % 2 else f"new {number}")
        for place, name in enumerate(attributes)
    ]
    start = time.perf_counter()
    new = said(FACTS + number, candidates)
    changes = merge(known, [*statements, *new], at=BEGIN + timedelta(days=FACTS + number))
    elapsed = time.perf_counter() - start
    if not changes:
        raise SystemExit("the digest changed nothing: this measures the wrong thing")
    return 1000 * elapsed


def said(number: int, candidates: Sequence[Candidate]) -> tuple[Statement, ...]:
    """The statements of session *number*, one session a day."""
    ended = BEGIN + timedelta(days=number)
    row = Session(
        ref=SessionRef(user=UserRef(tenant_id="bench", user_id="ada"), session_id=f"s{number}"),
        purpose="general",
        timezone="UTC",
        state="ended",
        epoch=1,
        started_at=ended,
        last_message_at=ended,
        ended_at=ended,
    )
    session = EndedSession(session=row, messages=(Message(role="user", content="…", at=ended),))
    return statements_of(candidates, session=session, episode_id=f"e{number}", attributes=ATTRIBUTES)


if __name__ == "__main__":
    main(sys.argv[1:])

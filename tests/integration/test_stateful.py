"""Memory against a simple model of it: append, end, set, delete, erase and restart in any order."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from recalld import MemorySync, Message, UserMemorySync
from recalld.postgres.embedded import DatabaseUrls

CITIES = st.sampled_from(["Lisbon", "Oslo", "Vienna", "Turin", "Ghent"])
FULL = os.environ.get("RECALLD_FULL") == "1"


@dataclass
class Model:
    """What ought to be known: (time, source, city) in the order of speaking, and the sessions there are."""

    said: list[tuple[datetime, str, str]] = field(default_factory=list[tuple[datetime, str, str]])
    open: dict[str, tuple[datetime, str]] = field(
        default_factory=dict[str, tuple[datetime, str]]
    )  # when it named which city
    ingested: list[str] = field(default_factory=list[str])

    @property
    def home(self) -> str | None:
        return self.said[-1][2] if self.said else None

    def add(self, at: datetime, source: str, city: str) -> None:
        self.said = sorted([*self.said, (at, source, city)])

    def forget(self, source: str) -> None:
        self.said = [entry for entry in self.said if entry[1] != source]

    def forget_home(self) -> None:
        """Without the statements the current fact rests on: the last run of the same city."""
        home = self.home
        while self.said and self.said[-1][2] == home:
            self.said.pop()


class MemoryMachine(RuleBasedStateMachine):
    """One user's life. Time goes on by an hour with every step, so the order of speaking is that of the steps."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.stack, self.model = ExitStack(), Model()
        self.user_id, self.steps, self.at = uuid4().hex, 0, datetime(2025, 1, 1, tzinfo=UTC)
        self.memory = self.stack.enter_context(MemorySync.open(database_url=self.url, worker=False))

    def teardown(self) -> None:
        self.stack.close()

    @property
    def user(self) -> UserMemorySync:
        return self.memory.user("acme", self.user_id)

    def step(self) -> datetime:
        self.steps += 1
        self.at += timedelta(hours=1)
        return self.at

    @rule(city=CITIES, session=st.sampled_from("abc"))
    def say(self, city: str, session: str) -> None:
        at, session_id = self.step(), self._current(session)
        first = session_id not in self.model.open
        text = f"I live in {city}." if first else f"My order {self.steps} arrived broken."
        self.user.append(session_id, [Message(role="user", content=text)], at=at)
        self.model.open.setdefault(session_id, (at, city))

    @precondition(lambda self: self.model.open)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        session_id = data.draw(st.sampled_from(sorted(self.model.open)))
        report = self.user.end_session(session_id, wait=True, at=self.step())
        assert report.status == "ingested"
        at, city = self.model.open.pop(session_id)
        self.model.add(at, session_id, city)
        self.model.ingested.append(session_id)

    @rule(city=CITIES)
    def set_home(self, city: str) -> None:
        at = self.step()
        fact = self.user.set_fact("home_city", city, at=at)
        assert fact.value == city
        self.model.add(at, f"api-{self.steps}", city)

    @precondition(lambda self: self.model.home)
    @rule()
    def delete_home(self) -> None:
        (fact,) = self._homes()
        self.user.delete_fact(fact.fact_id, at=self.step())
        self.model.forget_home()

    @precondition(lambda self: self.model.ingested)
    @rule(data=st.data())
    def delete_session(self, data: st.DataObject) -> None:
        session_id = data.draw(st.sampled_from(self.model.ingested))
        self.user.delete_session(session_id, at=self.step())
        self.model.ingested.remove(session_id)
        self.model.forget(session_id)

    @rule()
    def erase(self) -> None:
        assert self.user.erase().verified
        self.model = Model()

    @rule()
    def restart(self) -> None:
        self.stack.close()
        self.memory = self.stack.enter_context(MemorySync.open(database_url=self.url, worker=False))

    @invariant()
    def the_home_is_the_one_said_last(self) -> None:
        assert [fact.value for fact in self._homes()] == ([self.model.home] if self.model.home else [])

    @invariant()
    def every_ingested_session_has_its_episode(self) -> None:
        kept = sorted(str(episode.session_id) for episode in self.user.episodes(limit=1000))
        assert kept == sorted(self.model.ingested)

    def _homes(self):
        return [fact for fact in self.user.facts(as_of=self.at + timedelta(minutes=1)) if fact.attribute == "home_city"]

    def _current(self, letter: str) -> str:
        """The open session of a letter; an ended one is followed by the next of its name."""
        found = [name for name in self.model.open if name.startswith(f"{letter}-")]
        return found[0] if found else f"{letter}-{self.steps}"


def test_any_life_leads_where_the_model_says(migrated_urls: DatabaseUrls) -> None:
    class Machine(MemoryMachine):
        url = migrated_urls.service

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=500 if FULL else 8,
            stateful_step_count=50 if FULL else 20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )

"""Facts through the public face: stating, contradicting, deciding, reading back in time, and taking back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recalld import Memory, UserMemory
from recalld.errors import Conflict, InvalidInput, NotFound
from recalld.postgres.embedded import DatabaseUrls

SPRING = datetime(2026, 4, 1, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def ada(memory: Memory) -> UserMemory:
    return memory.user("acme", "ada")


async def values(user: UserMemory, **options: object) -> dict[str, str]:
    facts = await user.facts(at=NOW, **options)  # type: ignore[arg-type]
    return {fact.value: fact.status for fact in facts}


async def test_a_stated_fact_is_known(ada: UserMemory) -> None:
    fact = await ada.set_fact("home city", "Leipzig", at=SPRING)
    assert (fact.attribute, fact.value, fact.origin, fact.status) == ("home_city", "Leipzig", "api", "current")


async def test_another_value_closes_the_first(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=SPRING)
    await ada.set_fact("city", "Berlin", at=AUTUMN)
    assert await values(ada) == {"Berlin": "current"}
    assert await values(ada, include_closed=True) == {"Leipzig": "superseded", "Berlin": "current"}
    assert await values(ada, as_of=SPRING + timedelta(days=1)) == {"Leipzig": "current"}


async def test_what_was_believed_stays_readable(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=SPRING)
    await ada.set_fact("home_city", "Berlin", valid_from=SPRING + timedelta(days=60), at=AUTUMN)
    summer = SPRING + timedelta(days=90)
    assert await values(ada, as_of=summer) == {"Berlin": "current"}
    assert await values(ada, as_of=summer, believed_at=summer) == {"Leipzig": "current"}


async def test_a_fact_weighs_less_the_longer_ago_it_was_said(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=SPRING)
    weights = [(await ada.facts(at=moment))[0].weight or 0 for moment in (SPRING, AUTUMN, NOW)]
    assert weights[0] == 1
    assert weights[0] > weights[1] > weights[2] > 0


async def test_the_same_value_again_confirms(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=SPRING)
    fact = await ada.set_fact("home_city", "leipzig", at=AUTUMN)
    assert (fact.confirmations, fact.confirmed_at) == (1, AUTUMN)
    assert len(await ada.facts(at=NOW)) == 1


async def test_deleting_the_new_home_opens_the_old_one_again(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=SPRING)
    berlin = await ada.set_fact("home_city", "Berlin", at=AUTUMN)
    await ada.delete_fact(berlin.fact_id, at=NOW)
    assert await values(ada, include_closed=True) == {"Leipzig": "current"}
    assert "Berlin" not in await ada.export(format="json")


async def test_a_conflict_can_be_decided_otherwise(ada: UserMemory) -> None:
    leipzig = await ada.set_fact("home_city", "Leipzig", at=SPRING)
    await ada.set_fact("home_city", "Berlin", at=AUTUMN)
    (conflict,) = await ada.conflicts()
    assert (conflict.against.value, conflict.statement.value, conflict.decision) == ("Leipzig", "Berlin", "superseded")
    decided = await ada.decide(leipzig.fact_id, at=NOW)
    assert decided.value == "Leipzig"
    assert await values(ada, include_closed=True) == {"Leipzig": "current"}
    (timeline,) = await ada.history("home_city")
    assert ("Berlin", "corrected") in [(entry.fact.value, entry.fact.status) for entry in timeline.entries]


async def test_only_what_was_superseded_can_be_decided(ada: UserMemory) -> None:
    fact = await ada.set_fact("home_city", "Leipzig", at=SPRING)
    with pytest.raises(Conflict, match="taken the place"):
        await ada.decide(fact.fact_id, at=NOW)
    with pytest.raises(NotFound):
        await ada.decide("no-such-fact")


async def test_history_tells_every_value_with_its_evidence(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=SPRING)
    await ada.set_fact("home_city", "Berlin", at=AUTUMN)
    (timeline,) = await ada.history("lives in")
    assert [(entry.fact.value, entry.fact.status) for entry in timeline.entries] == [
        ("Leipzig", "superseded"),
        ("Berlin", "current"),
    ]
    assert (await ada.why(timeline.entries[0].fact.fact_id)).statements[0].said_at == SPRING


async def test_names_of_one_meaning_are_one_attribute(ada: UserMemory) -> None:
    await ada.set_fact("travel_budget", "900 euros", at=SPRING)
    await ada.set_fact("trip_budget", "1,200 euros", at=AUTUMN)
    assert await values(ada, include_closed=True) == {"900 euros": "superseded", "1,200 euros": "current"}
    (timeline,) = await ada.history("trip_budget")
    assert len(timeline.entries) == 2


async def test_a_tenants_own_attributes_are_nobody_elses(migrated_urls: DatabaseUrls, tmp_path: Path) -> None:
    file = tmp_path / "attributes.toml"
    file.write_text('[tenants.acme.fleet]\nvehicle = { label = "Fleet", many = true }\n')
    async with Memory.open(database_url=migrated_urls.service, worker=False, attributes_file=file) as memory:
        found = []
        for tenant in ("acme", "globex"):
            ada = memory.user(tenant, "ada")
            for van, said in (("van 1", SPRING), ("van 2", AUTUMN)):
                await ada.set_fact("vehicle", van, at=said)
            found.append({fact.text for fact in await ada.facts(at=NOW)})
    assert found == [{"Fleet: van 1", "Fleet: van 2"}, {"Vehicle: van 2"}]


async def test_a_fact_is_read_under_its_purpose_only(memory: Memory) -> None:
    sales, support = (memory.user("acme", "ada", purpose=purpose) for purpose in ("sales", "support"))
    await sales.set_fact("budget", "40 euros", at=SPRING)
    assert await support.facts(at=NOW) == []
    assert await values(sales) == {"40 euros": "current"}
    assert await values(support, purposes=["sales", "support"]) == {"40 euros": "current"}


async def test_a_newer_value_of_another_purpose_closes_the_old_one(memory: Memory) -> None:
    sales, support = (memory.user("acme", "ada", purpose=purpose) for purpose in ("sales", "support"))
    await sales.set_fact("home_city", "Leipzig", at=SPRING)
    await support.set_fact("home_city", "Berlin", at=AUTUMN)
    assert await values(sales) == {}
    assert await values(support) == {"Berlin": "current"}


@pytest.fixture
async def moved(memory: Memory) -> tuple[UserMemory, UserMemory]:
    """Leipzig for support, Berlin for sales, Leipzig for support again: the handles of support and sales."""
    support, sales = (memory.user("acme", "ada", purpose=purpose) for purpose in ("support", "sales"))
    await support.set_fact("home_city", "Leipzig", at=SPRING)
    await sales.set_fact("home_city", "Berlin", at=SPRING + timedelta(days=30))
    await support.set_fact("home_city", "Leipzig", at=AUTUMN)
    return support, sales


async def test_history_tells_of_the_facts_that_are_listed(moved: tuple[UserMemory, UserMemory]) -> None:
    support, _ = moved
    listed = await support.facts(include_closed=True, at=NOW)
    (timeline,) = await support.history("home_city", at=NOW)
    assert [(entry.fact.value, entry.fact.status) for entry in timeline.entries] == [
        ("Leipzig", "superseded"),
        ("Leipzig", "current"),
    ]
    assert [replace(fact, weight=None) for fact in listed] == [entry.fact for entry in timeline.entries]
    for fact in listed:
        assert [said.said_at for said in (await support.why(fact.fact_id)).statements] == [fact.valid_from]


async def test_history_shows_no_word_of_another_purpose(moved: tuple[UserMemory, UserMemory]) -> None:
    support, sales = moved
    (berlin,) = await sales.facts(include_closed=True, at=NOW)
    assert "Berlin" not in repr([await support.history(), await support.conflicts()])
    assert "Leipzig" not in repr([await sales.history(), await sales.conflicts(), await sales.why(berlin.fact_id)])
    (first, _) = (await support.history("home_city"))[0].entries
    assert (first.fact.superseded_by, first.ended_by) == (berlin.fact_id, None)
    with pytest.raises(NotFound):
        await support.why(berlin.fact_id)
    await sales.set_fact("budget", "40 euros", at=NOW)
    assert [timeline.attribute for timeline in await support.history()] == ["home_city"]


async def test_what_another_purpose_contradicted_can_be_decided_otherwise(moved: tuple[UserMemory, UserMemory]) -> None:
    support, sales = moved
    both = ["sales", "support"]
    found = await support.conflicts(purposes=both)
    assert [(conflict.against.value, conflict.statement.value) for conflict in found] == [
        ("Leipzig", "Berlin"),
        ("Berlin", "Leipzig"),
    ]
    with pytest.raises(NotFound):
        await support.decide(found[1].against.fact_id, at=NOW)
    decided = await support.decide(found[1].against.fact_id, purposes=both, at=NOW)
    assert (decided.value, decided.purpose) == ("Berlin", "sales")
    assert await values(sales) == {"Berlin": "current"}
    assert await values(support) == {}
    assert "Leipzig" not in repr(await sales.history())


async def test_what_came_after_another_purpose_is_not_undone_by_mistake(memory: Memory) -> None:
    support, sales = (memory.user("acme", "ada", purpose=purpose) for purpose in ("support", "sales"))
    leipzig = await support.set_fact("home_city", "Leipzig", at=SPRING)
    for days, city in ((30, "Berlin"), (60, "Bonn")):
        await sales.set_fact("home_city", city, at=SPRING + timedelta(days=days))
    with pytest.raises(Conflict, match="what came after"):
        await support.decide(leipzig.fact_id, at=NOW)
    assert await values(sales) == {"Bonn": "current"}
    assert len((await support.history("home_city"))[0].entries) == 1


async def test_an_old_conflict_can_be_decided_otherwise(ada: UserMemory) -> None:
    for days, city in ((0, "Leipzig"), (30, "Berlin"), (60, "Bonn")):
        await ada.set_fact("home_city", city, at=SPRING + timedelta(days=days))
    found = await ada.conflicts()
    decided = await ada.decide(found[0].against.fact_id, at=NOW)
    assert (decided.value, decided.valid_to) == ("Leipzig", SPRING + timedelta(days=60))
    assert await values(ada, include_closed=True) == {"Leipzig": "superseded", "Bonn": "current"}


async def test_history_has_the_status_of_the_time_asked_for(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=SPRING)
    await ada.set_fact("home_city", "Berlin", valid_from=NOW, at=AUTUMN)
    stay = await ada.set_fact("whereabouts", "Rome", valid_to=AUTUMN, at=SPRING)
    for moment, home, whereabouts in (
        (SPRING, "current", "current"),
        (AUTUMN, "current", "expired"),
        (NOW, "superseded", "expired"),
    ):
        (timeline,) = await ada.history("home_city", at=moment)
        assert timeline.entries[0].fact.status == home
        assert (await ada.conflicts(at=moment))[0].against.status == home
        assert (await ada.why(stay.fact_id, at=moment)).fact.status == whereabouts


async def test_a_session_is_told_what_holds_and_not_what_is_planned(ada: UserMemory) -> None:
    await ada.set_fact("home_city", "Leipzig", at=SPRING)
    await ada.set_fact("home_city", "Berlin", valid_from=NOW + timedelta(days=60), at=AUTUMN)
    async with ada.parts.database.transaction("worker", ada.ref) as tx:
        user = await ada.parts.journal.lock_user(tx)
        told = await ada.parts.facts.known(tx, user.epoch, purpose=ada.purpose, at=NOW)
    assert sorted((known.attribute, known.value or "") for known in told) == [
        ("home_city", ""),
        ("home_city", "Leipzig"),
    ]


async def test_a_session_is_told_what_holds_under_its_own_purpose(memory: Memory) -> None:
    sales, support = (memory.user("acme", "ada", purpose=purpose) for purpose in ("sales", "support"))
    await sales.set_fact("budget", "40 euros", at=SPRING)
    await support.set_fact("home_city", "Leipzig", at=SPRING)
    await support.set_fact("home_city", "Berlin", at=AUTUMN)
    async with memory.parts.database.transaction("worker", support.ref) as tx:
        user = await memory.parts.journal.lock_user(tx)
        told = await memory.parts.facts.known(tx, user.epoch, purpose="support", at=NOW)
    assert {(known.attribute, known.value) for known in told} == {
        ("budget", None),
        ("home_city", None),
        ("home_city", "Berlin"),
    }


async def test_bad_facts_are_refused(ada: UserMemory) -> None:
    for attribute, value in (("", "x"), ("home_city", ""), ("home_city", "x" * 5000)):
        with pytest.raises(InvalidInput):
            await ada.set_fact(attribute, value)
    with pytest.raises(NotFound):
        await ada.delete_fact("no-such-fact")
    assert await ada.facts() == []

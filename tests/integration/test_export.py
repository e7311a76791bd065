"""Export: everything, in a stable order, for people and for machines; and back again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from recalld import Memory, Message, UserMemory
from recalld.errors import Conflict, InvalidInput, PurposeRefused
from recalld.privacy.purposes import Purpose

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
CONTENT = ("facts", "statements", "episodes", "sessions", "consents", "usage")
FORMATS = ("json", "markdown", "html")


@pytest.fixture
async def ada(memory: Memory) -> UserMemory:
    """A person with everything there can be."""
    ada = memory.user("acme", "ada", timezone="Europe/Berlin")
    for number, town in enumerate(("Leipzig", "Berlin <b>", "Porto")):
        at = NOON + timedelta(days=number)
        await ada.append(
            f"s{number}",
            [Message(role="user", content=f"They repaired my umbrella in a shop in {town}.", name="Ada")],
            at=at,
        )
        await ada.end_session(f"s{number}", wait=True, at=at)
        await ada.set_fact("home_city", town, at=at)
    await ada.append(
        "open", [Message(role="user", content="Half a *sentence*"), Message(role="assistant", content="Yes?")]
    )
    await ada.set_state("open", {"task": "refund"})
    await ada.give_consent("sales")
    sales = memory.user("acme", "ada", purpose="sales")
    await sales.add_episode(summary="Asked for prices.", points=("Wants ten.",), topics=("prices",), ended_at=NOON)
    await memory.declare_purpose("acme", Purpose(purpose="general", description="To help", legal_basis="contract"))
    return ada


async def exported(user: UserMemory) -> dict[str, Any]:
    return json.loads(await user.export(format="json"))


async def test_json_holds_everything(ada: UserMemory) -> None:
    document = await exported(ada)
    assert document["schema"] == "recalld-export-1"
    homes = [fact for fact in document["facts"] if fact["attribute"] == "home_city"]
    assert [fact["value"] for fact in homes if fact["status"] == "current" and not fact["retired_at"]] == ["Porto"]
    assert {fact["value"] for fact in homes} == {"Leipzig", "Berlin <b>", "Porto"}
    assert {episode["purpose"] for episode in document["episodes"]} == {"general", "sales"}
    opened = next(session for session in document["sessions"] if session["session_id"] == "open")
    assert [message["content"] for message in opened["messages"]] == ["Half a *sentence*", "Yes?"]
    assert opened["working"] == {"task": "refund"}
    assert [consent["purpose"] for consent in document["consents"]] == ["sales"]
    assert [purpose["purpose"] for purpose in document["purposes"]] == ["general"]
    assert {event["action"] for event in document["audit"]} >= {"fact.stated", "consent.given"}


async def test_what_holds_now_is_told_and_neither_what_has_run_out_nor_what_is_planned(memory: Memory) -> None:
    bob, now = memory.user("acme", "bob"), datetime.now(UTC)
    await bob.set_fact("home_city", "Leipzig", at=now - timedelta(days=90))
    await bob.set_fact("home_city", "Porto", valid_from=now + timedelta(days=90), at=now - timedelta(days=60))
    await bob.set_fact("whereabouts", "Rome", valid_to=now - timedelta(days=30), at=now - timedelta(days=60))
    told = (await bob.export(format="markdown")).split("## What holds now\n")[1].split("##")[0]
    assert told.strip() == "- Home city: Leipzig"
    page = (await bob.export(format="html")).split("<h2>Timeline</h2>")[1].split("</section>")[0]
    kinds = {
        line.split(": ")[1].split(" ")[0].removesuffix("</li>"): "past" in line
        for line in page.splitlines()
        if ": " in line
    }
    assert kinds == {"Rome": True, "Leipzig": False, "Porto": False}


async def test_two_exports_are_equal_to_the_byte_but_for_who_read_it(memory: Memory, ada: UserMemory) -> None:
    first, second = await ada.export(format="json"), await ada.export(format="json")
    assert first.split('"audit"')[0] == second.split('"audit"')[0]
    assert [event["action"] for event in json.loads(second)["audit"]].count("export.read") == 1


async def test_an_export_comes_back_as_an_equal_person(memory: Memory, ada: UserMemory) -> None:
    before = await exported(ada)
    bob = memory.user("other", "bob")
    restored = await bob.import_export(json.dumps(before))
    after = await exported(bob)
    assert (restored.episodes, restored.sessions) == (len(before["episodes"]), len(before["sessions"]))
    assert {name: after[name] for name in CONTENT} == {name: before[name] for name in CONTENT}
    assert [fact.value for fact in await bob.facts()] == [fact.value for fact in await ada.facts()]
    hits = [hit.episode.summary for hit in await ada.search("shop in Leipzig")]
    assert [hit.episode.summary for hit in await bob.search("shop in Leipzig")] == hits
    assert (await bob.context("", session_id="open")).state == {"task": "refund"}
    await bob.append("open", [Message(role="user", content="and the rest")])
    assert (await bob.session("open")).message_count == 3


async def test_an_export_of_an_export_is_equal_with_purposes_and_consents(memory: Memory, ada: UserMemory) -> None:
    """A purpose that needs a consent comes back with it, a withdrawn consent stays withdrawn, and past facts stay past."""
    await memory.declare_purpose(
        "acme", Purpose(purpose="sales", description="d", legal_basis="consent", is_default=False)
    )
    await ada.give_consent("research")
    await ada.withdraw_consent("research")
    before = await exported(ada)
    for purpose in before["purposes"]:
        known = {name: value for name, value in purpose.items() if not name.endswith("_at")}
        await memory.declare_purpose("other", Purpose(**known))
    bob = memory.user("other", "bob")
    await bob.import_export(json.dumps(before))
    after = await exported(bob)
    assert {name: after[name] for name in CONTENT} == {name: before[name] for name in CONTENT}
    assert [(one["purpose"], one["given"]) for one in after["consents"]] == [("research", False), ("sales", True)]
    assert {fact["status"] for fact in after["facts"]} >= {"current", "superseded"}
    assert any(fact["retired_at"] for fact in after["facts"])
    assert [session["report"]["by"] for session in after["sessions"] if session["report"]] == ["local"] * 3
    past = [(fact.value, fact.valid_from, fact.valid_to) for fact in await ada.facts(include_closed=True)]
    assert [(fact.value, fact.valid_from, fact.valid_to) for fact in await bob.facts(include_closed=True)] == past
    assert [entry.fact.value for entry in (await bob.history("home_city"))[0].entries] == [
        entry.fact.value for entry in (await ada.history("home_city"))[0].entries
    ]
    with pytest.raises(PurposeRefused):
        await memory.user("other", "bob", purpose="research").set_fact("plan", "annual")


async def test_without_the_consent_an_export_does_not_come_back(memory: Memory, ada: UserMemory) -> None:
    document = await exported(ada)
    document["consents"] = []
    for purpose, default in (("general", True), ("sales", False)):
        known = Purpose(purpose=purpose, description="d", legal_basis="consent", is_default=default)
        await memory.declare_purpose("other", known)
    bob = memory.user("other", "bob")
    with pytest.raises(PurposeRefused):
        await bob.import_export(json.dumps(document))
    assert (await exported(bob))["facts"] == []


async def test_an_export_comes_back_to_an_empty_person_only(memory: Memory, ada: UserMemory) -> None:
    document = await ada.export(format="json")
    with pytest.raises(Conflict):
        await ada.import_export(document)


@pytest.mark.parametrize(
    "document", ["", "[]", "{}", '{"schema": "recalld-export-1"}', '{"schema": "other", "facts": []}']
)
async def test_something_else_is_refused(memory: Memory, document: str) -> None:
    with pytest.raises(InvalidInput):
        await memory.user("acme", "bob").import_export(document)


async def test_a_broken_row_writes_nothing(memory: Memory, ada: UserMemory) -> None:
    document = await exported(ada)
    document["facts"][0]["valid_from"] = "the day before"
    bob = memory.user("other", "bob")
    with pytest.raises(InvalidInput):
        await bob.import_export(json.dumps(document))
    assert (await exported(bob))["facts"] == []


async def test_markdown_reads_and_shows_no_markup_of_the_person(ada: UserMemory) -> None:
    document = await ada.export(format="markdown")
    assert "- Home city: Porto" in document
    assert "Half a \\*sentence\\*" in document
    assert "\\<b\\>" in document
    assert "## Who did what with this memory" in document


class Page(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_html_is_one_page_with_a_timeline_and_nothing_from_elsewhere(ada: UserMemory) -> None:
    document = await ada.export(format="html")
    page = Page()
    page.feed(document)
    assert (page.open, page.links) == ([], [])
    assert "b" not in page.tags
    assert "script" not in page.tags
    assert 'id="timeline"' in document
    assert "Berlin &lt;b&gt;" in document


@pytest.mark.parametrize("form", FORMATS)
async def test_the_pieces_of_a_long_history_make_the_document(
    memory: Memory, ada: UserMemory, form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await ada.export(format=form)
    monkeypatch.setattr("recalld.privacy.export.PAGE", 1)
    chunks = [chunk async for chunk in ada.export_chunks(format=form)]
    assert len(chunks) > 10
    cut = {"json": '"audit"', "markdown": "## Who did", "html": 'id="audit"'}[form]
    assert "".join(chunks).split(cut)[0] == whole.split(cut)[0]


@pytest.mark.parametrize("form", FORMATS)
async def test_nobody_has_a_document_too(memory: Memory, form: Any) -> None:
    assert "nobody" in await memory.user("acme", "nobody").export(format=form)


async def test_deletions_are_listed(ada: UserMemory) -> None:
    fact = (await ada.facts())[0]
    await ada.delete_fact(fact.fact_id)
    await ada.delete_message("open", 0)
    document = await exported(ada)
    assert [event["action"] for event in document["deletions"]] == ["fact.deleted", "message.deleted"]
    assert "Half a" not in json.dumps(document)


async def test_what_left_with_a_consent_is_listed_too(memory: Memory, ada: UserMemory) -> None:
    await memory.user("acme", "ada", purpose="sales").withdraw_consent("sales")
    document = await exported(ada)
    assert [(event["action"], event["purposes"]) for event in document["deletions"]] == [
        ("consent.withdrawn", ["sales"])
    ]


async def test_a_long_export_is_read_a_page_at_a_time(memory: Memory, ada: UserMemory) -> None:
    """What is held at a time does not grow with the history: no piece is larger than a page."""
    for number in range(8):
        await ada.set_fact("colour", f"colour {number}", at=NOON + timedelta(days=number))
    sizes: dict[int, int] = {}
    for page in (2, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("recalld.privacy.export.PAGE", page)
            sizes[page] = max([len(chunk) async for chunk in ada.export_chunks(format="json")])
    assert sizes[2] < sizes[1000] / 3


async def test_deletion_by_search_shows_first_and_deletes_then(ada: UserMemory) -> None:
    shown = await ada.forget("shop in Leipzig")
    assert not shown.deleted
    assert any("Leipzig" in episode.summary for episode in shown.episodes)
    assert [fact.value for fact in shown.facts if fact.attribute == "home_city"] == ["Leipzig"]
    assert "Leipzig" in await ada.export(format="json")
    gone = await ada.forget("shop in Leipzig", dry_run=False)
    assert gone.episodes == shown.episodes
    assert "Leipzig" not in await ada.export(format="json")

"""The scenes that the fact tagger learns from: well-formed, and read as they are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from recalld.ingest.local.facts.tagger.tagger import Heard
from recalld.layers.facts.attributes import Attributes
from recalld.models.encoder import vocabulary, word_pieces
from training.facts import scenes, snippets

FOLDER = Path(scenes.__file__).parent / "scenes"
ATTRIBUTES = Attributes()
TWO_SESSIONS = """\
# 1
U: I'm at [employer=Corbel], [?commute=by tram]. My sister hates it
A: Noted.
# 2
A: Still at [employer=Corbel]?
U: no, since May it's [employer=Vantor]
X: employer=Corbel
U: and [-desk_day=Monday], no, [desk_day=Friday] at my desk
"""


@pytest.fixture
def scene(tmp_path: Path) -> scenes.Scene:
    (tmp_path / "told_1.txt").write_text(TWO_SESSIONS)
    [only] = scenes.read(tmp_path, scenes.FILES, ATTRIBUTES)
    return only


def test_before_a_message_stands_what_earlier_sessions_told(scene: scenes.Scene) -> None:
    first, second, third = (heard for heard, _ in scenes.heard(scene))
    assert first == Heard(message="I'm at Corbel, by tram. My sister hates it", before="", known=[])
    assert second.before == "Still at Corbel?"
    assert ("employer", "Corbel") in second.known
    assert not any(name == "employer" for name, _ in third.known), "it ended with the message before"


def test_rows_mark_what_holds_and_what_of_the_known_is_over(scene: scenes.Scene) -> None:
    pieces = word_pieces({piece: number for number, piece in enumerate(vocabulary())})
    shown: set[tuple[int, ...]] = set()
    for _ in range(60):  # what is known is shown as chance has it
        first, second, third = scenes.rows(scene, pieces, lambda name: 1, [("pet", "Rex")])
        assert snippets.UNTOLD in first.tags
        assert first.tags.count(snippets.FIRST) == 1
        assert snippets.FIRST_OVER not in first.tags
        assert third.tags[third.second :].count(snippets.FIRST_OVER) == 1
        shown.add(tuple(tag for tag in second.tags if tag in (snippets.FIRST, snippets.FIRST_OVER)))
    # the assistant's "Corbel" and the new "Vantor" always, the known "Corbel" when it is shown
    assert {(snippets.FIRST,) * 2, (snippets.FIRST_OVER, *(snippets.FIRST,) * 2)} <= shown


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.txt")), ids=lambda file: file.stem)
def test_scenes_are_well_formed(file: Path) -> None:
    for block in filter(str.strip, file.read_text(encoding="utf-8").split("\n\n")):
        lines = block.splitlines()
        assert lines[0] == "# 1", block
        told: set[tuple[str, str]] = set()
        for line in lines:
            assert line[:2] in ("# ", "U:", "A:", "X:"), line
            if line.startswith("X:"):
                ended = {tuple(part.strip() for part in pair.split("=", 1)) for pair in line[3:].split(";")}
                assert ended <= told, line
            else:
                told |= {(mark[2], mark[3]) for mark in snippets.MARK.finditer(line)}
                assert not set("[]") & set(snippets.MARK.sub("", line)), line

"""Points: the most telling statements of a session, each a search key of its own.

A point says who said it, unless it was the user, and is the speaker's own words: nothing is rewritten, so nothing is
distorted. Long statements are preferred to many short ones, because a key finds by the words it holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from recalld.ingest.local.coverage import Told, most_telling
from recalld.ingest.local.statements import Statement, statements
from recalld.ingest.local.turns import Turn, cut_at_word
from recalld.models.tokens import count_tokens

MAX_POINTS = 12  # session Recall@5 on LoCoMo's raw messages is 0.842 ± 0.001 with 10 to 14, by vectors 0.755 to 0.762
MAX_POINT_TOKENS = 30
_UNIT = 26  # tokens of the statement; the label takes the rest
_FRUGALITY = 0.5
_LEAST = 0.1  # of what the first point tells: a short session has few points rather than idle ones


def choose_points(turns: Iterable[Turn]) -> list[Statement]:
    """The statements that become points, the most telling first."""
    candidates = statements(turns, longest=_UNIT, pack=True)
    return most_telling(candidates, told=Told(), frugality=_FRUGALITY, size=MAX_POINTS, least=_LEAST)


def render_points(chosen: Iterable[Statement]) -> tuple[str, ...]:
    """The *chosen* as lines of at most `MAX_POINT_TOKENS` tokens, in the order of the session, none twice."""
    return tuple(dict.fromkeys(_line(statement) for statement in sorted(chosen, key=lambda each: each.order)))


def _line(statement: Statement) -> str:
    label = "" if statement.unlabelled and not statement.asked else f"{statement.label}: "
    line = label + statement.text
    return line if count_tokens(line) <= MAX_POINT_TOKENS else cut_at_word(line, MAX_POINT_TOKENS)

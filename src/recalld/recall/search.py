"""From a query to ranked episodes: what is asked, which episodes may answer, how well each does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from recalld.layers.episodes.store import Catalogue, Overview
from recalld.layers.episodes.words import words
from recalld.layers.vectors.base import VectorHit
from recalld.recall import bm25
from recalld.recall.fuse import Evidence, Ranking, fuse
from recalld.recall.subject import subject
from recalld.recall.timerange import describe, parse_time_range
from recalld.values import SearchQuery, TimeRange

MAX_QUERY_WORDS = 200  # of a long message those at its end, which is where people ask
CLOCK_SKEW = timedelta(days=1)  # an episode that ended later than this after "now" has not happened yet
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A query as it was understood."""

    query: SearchQuery
    time_range: TimeRange | None  # when what is asked for took place
    topic: str  # the text without its words of time; empty when nothing is left that says what about

    @property
    def topic_words(self) -> list[str]:
        """The words of the topic, for the search by stems."""
        return words(self.topic)[-MAX_QUERY_WORDS:]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """An episode that answers, before its text is read."""

    episode_id: str
    score: float
    reasons: tuple[str, ...]


# ---------------------------------------------------------------- what is asked
def understand(query: SearchQuery) -> Question:
    """Read the time and the topic of a query. The caller's `since` and `until` win over a time in the text."""
    parsed = parse_time_range(query.text, now=query.now, timezone=query.timezone)
    time_range = _given_range(query, parsed) or parsed
    topic = time_range.rest if time_range else query.text
    return Question(query=query, time_range=time_range, topic=topic.strip())


def _given_range(query: SearchQuery, parsed: TimeRange | None) -> TimeRange | None:
    if query.since is None and query.until is None:
        return None
    start = query.since or _BEGINNING
    end = query.until or max(start, query.now) + timedelta(microseconds=1)
    return TimeRange(start=start, end=end, rest=parsed.rest if parsed else subject(query.text))


# ---------------------------------------------------------------- which episodes answer it
def rank(question: Question, view: Overview, nearest: Sequence[VectorHit]) -> list[Ranked]:
    """The episodes that answer *question*, best first; of a period asked for without a topic, all in order of time."""
    places = np.flatnonzero(eligible(view.catalogue, question))
    if not question.topic:
        return _period(question, view.catalogue, places)
    text = bm25.score(view.catalogue, view.stems)
    evidence = Evidence(
        text=text.scores[places],
        similarity=_similarities(view.catalogue, nearest)[places],
        age_days=ages(view.catalogue, question.query.now)[places],
        decays=question.time_range is None,
    )
    ranking = fuse(evidence)
    best: list[int] = ranking.order[: question.query.k].tolist()
    return [
        Ranked(
            episode_id=view.catalogue.ids[int(places[at])],
            score=float(ranking.scores[at]),
            reasons=(*_matched(view, text, int(places[at])), *_weighed(evidence, ranking, at)),
        )
        for at in best
    ]


def _period(question: Question, catalogue: Catalogue, places: NDArray[np.intp]) -> list[Ranked]:
    """The newest episodes: of a period in the order of time, otherwise newest first."""
    in_order = places[np.argsort(catalogue.ended[places], kind="stable")][-question.query.k :]
    chosen: list[int] = (in_order if question.time_range else in_order[::-1]).tolist()
    reasons = ("in the period asked for",) if question.time_range else ("newest",)
    return [Ranked(episode_id=catalogue.ids[place], score=1.0, reasons=reasons) for place in chosen]


def _similarities(catalogue: Catalogue, nearest: Sequence[VectorHit]) -> NDArray[np.float64]:
    found = {hit.episode_id: hit.similarity for hit in nearest}
    return np.array([found.get(episode_id, np.nan) for episode_id in catalogue.ids])


def _matched(view: Overview, text: bm25.TextScores, place: int) -> tuple[str, ...]:
    hits = zip(view.stems, text.matches[place], strict=True)
    words_found = dict.fromkeys(word for stem, hit in hits if hit for word in stem.words)
    return (f"words: {', '.join(words_found)}",) if words_found else ()


def _weighed(evidence: Evidence, ranking: Ranking, at: int) -> tuple[str, ...]:
    similarity, decay = evidence.similarity[at], ranking.decay[at]
    meaning = () if np.isnan(similarity) else (f"meaning {similarity:.2f}",)
    return (
        *meaning,
        f"age {evidence.age_days[at]:.0f} d × {decay:.2f}" if evidence.decays else "in the period asked for",
    )


def eligible(catalogue: Catalogue, question: Question) -> NDArray[np.bool_]:
    """Which episodes may answer: those on a topic asked for that took place in the range, even in part, and not after "now"."""
    possible = catalogue.on_topic & (catalogue.started <= _instant(question.query.now + CLOCK_SKEW))
    if question.time_range is None:
        return possible
    start, end = _instant(question.time_range.start), _instant(question.time_range.end)
    return possible & (catalogue.started < end) & (catalogue.ended >= start)


def ages(catalogue: Catalogue, now: datetime) -> NDArray[np.float64]:
    """Days since each episode ended."""
    return (_instant(now) - catalogue.ended) / np.timedelta64(1, "D")


def _instant(time: datetime) -> np.datetime64:
    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "us")


def nothing_said(time_range: TimeRange, timezone: str) -> str:
    """What the block says of a range without a conversation: "No conversation on Tuesday 17 November 2026 is on record."."""
    words = describe(time_range, timezone)
    place = (
        ""
        if words.startswith(("since ", "before "))
        else "in "
        if re.match(r"the |\d{4}$|\w+ \d{4}$", words)
        else "on "
    )
    return f"No conversation {place}{words} is on record."

"""From a query to ranked episodes: what is asked, which episodes may answer, how well each does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recalld.layers.episodes.store import Catalogue, Overview
from recalld.layers.episodes.words import words
from recalld.models.tokens import word_rank
from recalld.recall import alike, bm25
from recalld.recall.fuse import Evidence, Rivals, Scores, fuse, newest_first, originals
from recalld.recall.subject import subject
from recalld.recall.timerange import describe, parse_time_range
from recalld.values import SearchQuery, TimeRange

MAX_QUERY_WORDS = 200  # of a long message those at its end, which is where people ask
COMPARED = 16  # episodes whose words are compared by meaning: the best by words and vectors; 20 or 12 change no Recall@5 by more than 0.004
CLOCK_SKEW = timedelta(days=1)  # an episode that began later than this after "now" has not happened yet
TOLD_WITHIN = timedelta(
    days=7
)  # what happened is told in the week after, or within the length of the period itself (`Question.event`)
COMMON = 0.3  # added to the rarity of words: a name that every episode has still tells their sentences apart (LoCoMo Recall@3 + 0.004)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# Below this similarity nothing answers. The best of n unrelated episodes grows as the maximum of n draws of noise does, so the floor is
# base + spread × √(2 ln n); base and spread belong to an embedder, for others there is no floor. Dev split: 8 of 12 queries that nothing
# answers stay empty and 1 of 168 others loses its hit (0.28 for 35 episodes); unrelated episodes have mean 0.12 and deviation 0.06.
FLOORS: Mapping[str, tuple[float, float]] = {"local:minilm-256": (0.118, 0.06)}

# … unless an episode has this share of the query's words, weighted by rarity (dev split, nothing answers: at most 0.36).
COVERED = 0.5

# A token is rare as long as no more episodes have it than these, or this share of all.
RARELY, RARE_SHARE = 3, 0.1

_YEAR = re.compile(r"(?:19|20)\d\d")
_PAST = re.compile(r"\b(?:did|was|were|had|has|have|been|used to|happened|went|said|told)\b", re.IGNORECASE)
_NOW = re.compile(
    r"\b(?:now|nowadays|currently|current|latest|these days|at the moment|at present|still|as of today)\b",
    re.IGNORECASE,
)
_HAPPENED = re.compile(r"\b(?:did|was|were|had|happened)\b", re.IGNORECASE)
_CONVERSED = re.compile(
    r"\b(?:we|us|you|say|said|saying|talk|talked|mention|mentioned|tell|told|discuss|discussed|ask|asked|chat|chatted|conversation|"
    r"session|speak|spoke|show|showed|share|shared)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A query as it was understood."""

    query: SearchQuery
    time_range: TimeRange | None  # when what is asked for took place
    topic: str  # the text without its words of time; empty when nothing is left that says what about
    event: bool = False  # asks what happened then, not what was said then: it may have been told some days later
    present: bool = False  # asks for what holds now: "where do I live"
    topic_words: tuple[str, ...] = ()  # the words of the topic, for the search by stems


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """An episode that answers, before its text is read."""

    episode_id: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """The episodes that answer, best first, and how they came about."""

    best: tuple[Ranked, ...] = ()
    eligible: int = 0  # episodes that might have answered
    explanation: Mapping[str, Any] = field(default_factory=dict[str, Any])


# ---------------------------------------------------------------- what is asked
def understand(query: SearchQuery) -> Question:
    """Read the time and the topic of a query. The caller's `since` and `until` win over a time in the text."""
    parsed = parse_time_range(query.text, now=query.now, timezone=query.timezone)
    given = _given_range(query, parsed)
    time_range = given or parsed
    topic = (time_range.rest if time_range else query.text).strip()
    asks_event = bool(_HAPPENED.search(query.text)) and not _CONVERSED.search(query.text)
    return Question(
        query=query,
        time_range=time_range,
        topic=topic,
        event=given is None and bool(topic) and asks_event,
        present=time_range is None and not _PAST.search(query.text),
        topic_words=tuple(words(topic)[-MAX_QUERY_WORDS:]),
    )


def _given_range(query: SearchQuery, parsed: TimeRange | None) -> TimeRange | None:
    if query.since is None and query.until is None:
        return None
    start = query.since or _BEGINNING
    end = query.until or max(start, query.now) + timedelta(microseconds=1)
    return TimeRange(start=start, end=end, rest=parsed.rest if parsed else subject(query.text))


# ---------------------------------------------------------------- which episodes may answer
def took_place(catalogue: Catalogue, start: datetime, end: datetime) -> NDArray[np.bool_]:
    """Which episodes took place in `[start, end)`, even in part: a session that runs past midnight belongs to both days."""
    return (catalogue.started < instant(end)) & (catalogue.ended >= instant(start))


def eligible(catalogue: Catalogue, question: Question) -> NDArray[np.bool_]:
    """Which episodes may answer: those on a topic asked for that took place in the range and not after "now"."""
    possible = catalogue.on_topic & (catalogue.started <= instant(question.query.now + CLOCK_SKEW))
    if question.time_range is None:
        return possible
    start, end = question.time_range.start, question.time_range.end
    told = max(TOLD_WITHIN, end - start) if question.event else timedelta()
    return possible & took_place(catalogue, start, end + told)


def instant(time: datetime) -> np.datetime64:
    """A time as catalogues have it."""
    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "us")


# ---------------------------------------------------------------- how well each does
@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """The episodes that may answer and what speaks for them; all but `view` by the same positions."""

    view: Overview
    text: bm25.TextScores  # by places in the catalogue
    places: Sequence[int]  # in the catalogue
    evidence: Evidence
    scores: Scores

    def episode_id(self, at: int) -> str:
        """The id of one candidate."""
        return self.view.catalogue.ids[self.places[at]]


def rank(
    question: Question, view: Overview, similarity: NDArray[np.float64], *, model: str, explain: bool = True
) -> Ranking:
    """The episodes that answer *question*, best first; of a period asked for without a topic, all in the order of time.

    *similarity* is that of each episode of the catalogue, NaN where no vector tells it; *model* names the embedder that it comes from: the
    floor depends on it. *explain* asks for every score of the candidates, too.
    """
    places: list[int] = np.flatnonzero(eligible(view.catalogue, question)).tolist()
    if not question.topic:
        return _period(question, view.catalogue, places)
    candidates = _weigh(question, view, similarity, places)
    order: list[int] = candidates.scores.order(candidates.evidence.age_days).tolist()
    answers = order if _anything_answers(question, candidates, FLOORS.get(model)) else []
    best = tuple(
        Ranked(
            episode_id=candidates.episode_id(at),
            score=float(candidates.scores.total[at]),
            reasons=_reasons(question, candidates, at),
        )
        for at in _arranged(question, candidates, answers)
    )
    explanation = _explained(question, candidates, order[:20]) if explain else {}
    return Ranking(best=best, eligible=len(places), explanation=explanation)


def _weigh(question: Question, view: Overview, similarity: NDArray[np.float64], places: list[int]) -> Candidates:
    """All signals. Words are compared by meaning for those episodes that words and vectors like best."""
    text = bm25.score(view.catalogue, view.stems)
    first = _evidence(question, view, similarity, text, places)
    compared = _most_promising(first, max(COMPARED, question.query.k))
    if compared:
        wording = view.catalogue.wording_at([places[at] for at in compared], kept=view.kept)
        first.alike[compared] = alike.score(question.topic, _rarity(view, text), wording)
    return Candidates(view=view, text=text, places=places, evidence=first, scores=fuse(first))


def _most_promising(evidence: Evidence, count: int) -> list[int]:
    """The best by words and vectors, all of them when there are no more than *count*."""
    if len(evidence.text) <= count:
        return list(range(len(evidence.text)))
    return sorted(np.argpartition(-fuse(evidence).total, count)[:count].tolist())


def _evidence(
    question: Question,
    view: Overview,
    similarity: NDArray[np.float64],
    text: bm25.TextScores,
    places: list[int],
) -> Evidence:
    """The signals that are there for every episode."""
    catalogue = view.catalogue
    time_range = question.time_range
    return Evidence(
        text=text.scores[places],
        alike=np.zeros(len(places)),
        similarity=similarity[places],
        rare=_rare(view, text)[places],
        age_days=((instant(question.query.now) - catalogue.ended) / np.timedelta64(1, "D"))[places],
        in_range=(took_place(catalogue, time_range.start, time_range.end) if time_range else catalogue.on_topic)[
            places
        ],
        decays=time_range is None,
    )


def _rare(view: Overview, text: bm25.TextScores) -> NDArray[np.float64]:
    """The share of the query's rare tokens that each episode has; zero when the query has none that occur."""
    most = max(RARELY, RARE_SHARE * len(view.catalogue))
    frequency = text.matches.sum(axis=0)
    rare = [
        column
        for column, stem in enumerate(view.stems)
        if 0 < frequency[column] <= most and any(is_rare_token(word) for word in stem.words)
    ]
    return text.matches[:, rare].mean(axis=1) if rare else np.zeros(len(view.catalogue))


def is_rare_token(word: str) -> bool:
    """Whether a word is of the kind that names one thing: a code or number, but no year, or a word that no vocabulary has whole."""
    if any(character.isdigit() for character in word):
        return len(word) >= 3 and not _YEAR.fullmatch(word)
    return len(word) >= 4 and word_rank(word) is None


def _rarity(view: Overview, text: bm25.TextScores) -> dict[str, float]:
    """How much each word of the topic weighs: how rare it is with this user."""
    rarity: dict[str, float] = {}
    for stem, idf in zip(view.stems, text.idf.tolist(), strict=True):
        rarity |= {word: max(idf + COMMON, rarity.get(word, 0.0)) for word in stem.words}
    return rarity


def _anything_answers(question: Question, candidates: Candidates, floor: tuple[float, float] | None) -> bool:
    """Whether anything speaks for the episodes at all: a similarity above the floor, or words. Without vectors, any word.

    A period with no more episodes than are wanted is shown as it is.
    """
    if question.time_range is not None and len(candidates.places) <= question.query.k:
        return True
    evidence = candidates.evidence
    known = evidence.similarity[np.isfinite(evidence.similarity)]
    if not len(known):
        return bool((evidence.text > 0).any())
    if floor is None or known.max() >= floor[0] + floor[1] * np.sqrt(2 * np.log(len(known))):
        return True
    return bool((candidates.text.coverage[candidates.places] >= COVERED).any())


def _arranged(question: Question, candidates: Candidates, order: Sequence[int]) -> list[int]:
    """The first *k* without near copies; the newer of two about the same subject first, unless the query names a time."""
    catalogue, evidence = candidates.view.catalogue, candidates.evidence
    shortlist = order[: 2 * question.query.k]
    different = originals(catalogue.stem_set(candidates.places[at]) for at in shortlist)
    chosen = [shortlist[position] for position in islice(different, question.query.k)]
    if question.time_range is not None:
        return chosen
    rivals = Rivals(
        scores=candidates.scores.total[chosen].tolist(),
        age_days=evidence.age_days[chosen].tolist(),
        alike=lambda one, other: alike.same_subject(
            *(catalogue.subject(candidates.places[chosen[rival]]) for rival in (one, other))
        ),
        present=question.present,
        now=_NOW.search(question.query.text) is not None,
    )
    return [chosen[position] for position in newest_first(rivals)]


def _period(question: Question, catalogue: Catalogue, places: list[int]) -> Ranking:
    """The newest episodes: of a period in the order of time, otherwise newest first."""
    in_order = sorted(places, key=lambda place: catalogue.ended[place])[-question.query.k :]
    chosen = in_order if question.time_range else in_order[::-1]
    reasons = ("in the period asked for",) if question.time_range else ("newest",)
    best = tuple(Ranked(episode_id=catalogue.ids[place], score=1.0, reasons=reasons) for place in chosen)
    return Ranking(best=best, eligible=len(places), explanation=_understood(question, catalogue, len(places)))


# ---------------------------------------------------------------- why
def _reasons(question: Question, candidates: Candidates, at: int) -> tuple[str, ...]:
    evidence = candidates.evidence
    hits = zip(candidates.view.stems, candidates.text.matches[candidates.places[at]], strict=True)
    found = dict.fromkeys(word for stem, hit in hits if hit for word in stem.words)
    reasons = [f"words: {', '.join(found)}"] if found else []
    if evidence.alike[at] > 0:
        reasons.append(f"words alike {evidence.alike[at]:.2f}")
    if np.isfinite(evidence.similarity[at]):
        reasons.append(f"meaning {evidence.similarity[at]:.2f}")
    if evidence.decays:
        reasons.append(f"age {max(evidence.age_days[at], 0):.0f} d × {candidates.scores.decay[at]:.2f}")
    elif question.time_range is not None:
        reasons.append("in the period asked for" if evidence.in_range[at] else "told after it")
    return tuple(reasons)


def _understood(question: Question, catalogue: Catalogue, eligible_count: int) -> dict[str, Any]:
    query, time_range = question.query, question.time_range
    return {
        "topic": question.topic,
        "range": None if time_range is None else [time_range.start.isoformat(), time_range.end.isoformat()],
        "range_words": None if time_range is None else time_range.words,
        "asks": "what happened" if question.event else "what holds now" if question.present else "what was said",
        "filters": {"purposes": list(query.purposes), "topics": list(query.topics)},
        "episodes": len(catalogue),
        "eligible": eligible_count,
    }


def _explained(question: Question, candidates: Candidates, order: Sequence[int]) -> dict[str, Any]:
    """How the query was understood, and the candidates in *order* with every score."""
    catalogue = candidates.view.catalogue
    return {
        **_understood(question, catalogue, len(candidates.places)),
        "stems": [" / ".join(stem.words) for stem in candidates.view.stems],
        "candidates": [_explained_candidate(candidates, at) for at in order],
    }


def _explained_candidate(candidates: Candidates, at: int) -> dict[str, Any]:
    evidence, scores = candidates.evidence, candidates.scores
    similarity = float(evidence.similarity[at])
    return {
        "episode_id": candidates.episode_id(at),
        "score": round(float(scores.total[at]), 4),
        "text": round(float(scores.text[at]), 4),
        "alike": round(float(scores.alike[at]), 4),
        "rare": round(float(evidence.rare[at]), 4),
        "meaning": round(float(scores.meaning[at]), 4),
        "similarity": None if np.isnan(similarity) else round(similarity, 4),
        "decay": round(float(scores.decay[at]), 4),
        "age_days": round(float(evidence.age_days[at]), 1),
    }


def nothing_said(time_range: TimeRange, timezone: str, *, about: str = "") -> str:
    """What the block says of a range without a conversation: "No conversation on Tuesday 17 November 2026 is on record."."""
    words_for_range = describe(time_range, timezone)
    if words_for_range.startswith(("since ", "before ")):
        return f"No conversation{about} {words_for_range} is on record."
    preposition = "in" if re.match(r"the |\d{4}$|[A-Z]\w+ \d{4}$", words_for_range) else "on"
    return f"No conversation{about} {preposition} {words_for_range} is on record."

"""LoCoMo's format (Maharana et al. 2024, "Evaluating very long-term conversational memory of LLM agents")."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from recalld.border import check_id, check_message, check_time
from recalld.errors import InvalidInput, InvalidTime
from recalld.importers.session import ImportedSession
from recalld.importers.strict import Json, at_place
from recalld.values import Digest, Message

_CAPTION_OPENING = re.compile(
    r"^(?:an?\s+)?(?:\w+\s+)?(?:photo(?:graph|graphy)?|picture|image|close ?up)\s+of\s+(?:an?\s+|the\s+)?",
    re.IGNORECASE,
)


def is_locomo(document: object) -> bool:
    """Whether a parsed file looks like LoCoMo's."""
    samples = cast("list[object]", document) if isinstance(document, list) else [document]
    return bool(samples) and isinstance(samples[0], dict) and "conversation" in samples[0]


def from_locomo(document: object, zone: str) -> Iterator[ImportedSession]:
    """The conversations of LoCoMo (Maharana et al. 2024): a user per sample, its sessions in order, their digests too.

    Memory is about one person, so the first speaker is the user and the second answers as the assistant, both with
    their names: what the second one says about himself is not taken for a fact about the user. LoCoMo's times have no
    zone; they are read in *zone*.
    """
    samples = cast("list[object]", document) if isinstance(document, list) else [document]
    for number, sample in enumerate(samples):
        place = f"sample {number}"
        with _malformed(place):
            yield from _locomo_sessions(cast("Json", sample), zone, place)


def _locomo_sessions(sample: Json, zone: str, place: str) -> Iterator[ImportedSession]:
    conversation = cast("Json", sample["conversation"])
    numbers = [int(key.removeprefix("session_")) for key in conversation if re.fullmatch(r"session_\d+", key)]
    for number in sorted(numbers):
        name = f"session_{number}"
        with at_place(f"{place}, {name}"):
            moment = _locomo_time(conversation[f"{name}_date_time"], zone)
            turns = [_locomo_message(turn, conversation["speaker_a"], moment) for turn in conversation[name]]
            messages = tuple(check_message(turn, now=moment) for turn in turns if turn.content.strip())
            if not messages:
                continue
            yield ImportedSession(
                session_id=name,
                user_id=check_id("user id", sample.get("sample_id") or place.replace(" ", "-")),
                purpose=None,
                timezone=zone,
                started_at=moment,
                ended_at=moment,
                messages=messages,
                digest=_locomo_digest(sample, name),
            )


def _locomo_message(turn: Mapping[str, Any], user: str, at: datetime) -> Message:
    """A turn; a photo that was shared is told by its caption."""
    caption = _CAPTION_OPENING.sub("", str(turn.get("blip_caption") or ""))
    photo = f" [photo: {caption}]" if caption else ""
    role = "user" if turn["speaker"] == user else "assistant"
    return Message(role=role, content=f"{turn.get('text') or ''}{photo}".strip(), at=at, name=turn["speaker"])


def _locomo_digest(sample: Json, name: str) -> Digest | None:
    """The summary and observations that LoCoMo gives for a session."""
    summary = sample.get("session_summary", {}).get(f"{name}_summary")
    observations = sample.get("observation", {}).get(f"{name}_observation", {})
    points = [str(entry[0]) for entries in observations.values() for entry in entries if str(entry[0]).strip()]
    return Digest(summary=summary, points=tuple(points), by="import") if summary else None


def _locomo_time(text: str, zone: str) -> datetime:
    """A session's time, which LoCoMo writes as "1:56 pm on 8 May, 2023"."""
    try:
        moment = datetime.strptime(text.strip(), "%I:%M %p on %d %B, %Y")  # noqa: DTZ007 - its zone comes with the call
    except ValueError as error:
        raise InvalidTime("a session's time must look like '1:05 pm on 3 March, 2026'") from error
    return check_time("the session's time", moment.replace(tzinfo=ZoneInfo(zone)))


@contextmanager
def _malformed(place: str) -> Generator[None]:
    """What is missing or of another kind in a file that looked like LoCoMo's."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{place} does not have the fields of LoCoMo ({type(error).__name__})") from error

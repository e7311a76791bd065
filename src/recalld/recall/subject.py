"""What a query is about: its words without the frame of the question ("what did I say about", "can you remind me")."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import accumulate

from recalld.recall.timewords import Word, words_of
from recalld.recall.wordclasses import CONVERSATION, RECALL, SAYING, word_set

_NOUNS_TOO = word_set("cover list name note report record log share point state answer promise")

# stripped from both ends of a clause, never from its middle: "the talk about the roof" loses "the talk about"
_ENDS = (
    (SAYING - _NOUNS_TOO)
    | (RECALL - _NOUNS_TOO - word_set("search review look display"))
    | (
        CONVERSATION
        & word_set("chat chats conversation conversations session sessions discussion discussions talk talks")
    )
    | word_set(
        """what which who whom whose where why how much many often when did do does was were is are am be been had have has will would can
        could should may might i me we us you it he they she that this there these those them the a an any some one ones my our your about
        regarding concerning re on in at of for from to with w during over and but so or if then again please pls plz ok okay hey hi hello
        thanks know happen happened 's 've 'm 'd 'll n't 't didn don thing things stuff something still also exactly just already ever came
        come up got go went anything everything all mean meant get need want settle settled collect sum figure figured out recently lately
        usually always currently now think thought like word"""
    )
)
_SAY = "|".join(sorted(SAYING | {"think", "thought", "settled", "figure", "figured"}))
_FRAMES = re.compile(
    # "did I tell you that", "we talked about", "have you said"
    r"(?:(?:did|do|have|had|has) (?:i|we|you)|(?:that )?(?:i|we|you)(?: 've| 'd| have| had| did| was| were)?)"
    r"(?: (?:just|already|last|also|ever|1st))?"
    rf" (?:{_SAY})(?: (?:up|out|over|back))?(?: (?:to )?(?:you|me|us))?(?: (?:that|about|regarding|concerning|of))?(?= |$)"
    # "did I complain about": any verb that ends in "about"
    r"|(?:did|do|have|had|was|were) (?:i|we|you) \S+(?: \S+)? (?:about|regarding|concerning|re)(?= |$)"
    # "you helped me with", "I pasted you"
    r"|(?:i|we|you)(?: 've| have| had)? [a-z]+ (?:you|me|us)(?: (?:with|w /|about|that))?(?= |$)"
    r"|(?:did|have|had) (?:i|we|you) (?:plan|planned|promise|promised|settle|settled|decide|decided)(?: (?:for|on))?(?= |$)"
    r"|(?:bring|pull|dig) (?:it|that|them) (?:back|up|out)(?= |$)"
    r"|(?:the )?(?:last|1st) (?:thing|time)(?= |$)|(?:on )?my mind(?: (?:about|re|regarding))?(?= |$)"
    r"|how [a-z]+ (?:is|are|was|were)(?= |$)"
)
_TAIL = re.compile(r"(?:^| )(?:did|do|have|had|does|has) (?:i|we|you)(?: [a-z]+)?$")


def subject(query: str) -> str:
    """The subject words of *query* as they were written; times stay in."""
    return subject_of(query, words_of(query), ())


def subject_of(query: str, spoken: Sequence[Word], cut: Collection[int], frame: Collection[str] = ()) -> str:
    """The subject words without those at the indices *cut*; *frame* are the question words of another language than English."""
    dropped = set(cut) | _matched(_FRAMES, spoken)
    runs = [_stripped(run, frame or _ENDS) for run in _runs(spoken, dropped)]
    return " ".join(" ".join(query[run[0].start : run[-1].end] for run in runs if run).split())


def _matched(pattern: re.Pattern[str], spoken: Sequence[Word]) -> set[int]:
    """The indices of the words that *pattern* finds."""
    text = " ".join(word.text for word in spoken)
    starts = list(accumulate((len(word.text) + 1 for word in spoken), initial=0))[:-1]
    spans = [m.span() for m in pattern.finditer(text)]
    return {at for at, start in enumerate(starts) if any(first <= start < last for first, last in spans)}


def _runs(spoken: Sequence[Word], dropped: set[int]) -> list[list[Word]]:
    """The words between cuts, and between clauses."""
    runs: list[list[Word]] = [[]]
    for at, word in enumerate(spoken):
        if at in dropped or word.raw in ',;:?!()"“”' or (word.raw == "." and at + 1 < len(spoken)):
            runs.append([])
        else:
            runs[-1].append(word)
    return [run for run in runs if run]


def _stripped(run: list[Word], ends: Collection[str]) -> list[Word]:
    tail = _matched(_TAIL, run)
    run = [word for at, word in enumerate(run) if at not in tail]
    while run and _is_frame(run[0], ends):
        run = run[1:]
    while run and _is_frame(run[-1], ends):
        run = run[:-1]
    return run


def _is_frame(word: Word, ends: Collection[str]) -> bool:
    return word.text in ends or word.raw.lower() in ends or not word.raw[:1].isalnum()

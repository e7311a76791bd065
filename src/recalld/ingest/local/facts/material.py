"""What in a message is material and not a statement of the user: quotations, pasted documents, code, fake turns.

`own_words` masks it, character by character, so that no rule ever sees it. Structure decides, not suspicion: whatever is
quoted, fenced, pasted after a colon, shaped like an e-mail, or follows a made-up turn or an instruction to the assistant's
memory is masked, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from recalld.ingest.local.facts.sentences import MASK

LONG_PARAGRAPH = 800  # characters; next to a shorter paragraph it is a pasted document

_TEXT_NOUN = (
    r"(?:e-?mail|mail|text|letter|article|paragraph|passage|draft|bio|cv|resume|résumé|message|review|poem|lyrics|song|script|"
    r"transcript|excerpt|extract|doc|document|post|tweet|thread|blurb|story|essay|abstract|snippet|quote|sentence|sentences|"
    r"job ad|posting|ad|advert|listing|page|website|note|notes|minutes|chapter|speech|caption|reply|answer|comment|prompt|log|"
    r"output|error|code|json|contract|clause|paper|report|chat|conversation|ticket|complaint|dialogue|example)"
)
_TEXT_VERB = (
    r"(?:translate|proof-?read|summari[sz]e|summary of|tl;?dr|rewrite|re-?phrase|paraphrase|edit(?!\s*:)|polish|shorten|tidy|condense|"
    r"correct|fix|check|grammar|spell-?check|review|critique|analy[sz]e|explain|classify|extract|convert|format|reply to|"
    r"respond to|answer|what does (?:this|it|that) mean|continue|complete|improve)"
)

# A row is a structure and how much of the message it makes material: the match itself ("match"), everything after
# it ("rest"), or its group 1 ("group").
_STRUCTURES: tuple[tuple[str, str], ...] = (
    # fenced code, block quotes, tables
    (r"```.*?(?:```|\Z)", "match"),
    (r"^[ \t]*(?:>|&gt;|\|)[^\n]*$", "match"),
    (r"\{\s*[\"']?[\w -]{1,40}[\"']?\s*:\s*[\"'\d\[(][^{}]{0,1000}\}", "match"),
    # tags that imitate a prompt or a memory block, with what is between them; a lone tag taints what follows
    (r"<\s*(\w[\w:-]{0,30})\b[^<>\n]{0,200}>.*?<\s*/\s*\1\s*>", "match"),
    (r"</?\s*(?:system|memory|context|user|assistant|human|instructions?|prompt|tool|notes?|facts?)\b[^<>\n]{0,200}>", "rest"),
    (r"<\|[^|\n]{0,40}\|>|\[/?(?:inst|system|sys|memory|assistant|admin)[^\]\n]{0,40}\]|<</?sys>>", "rest"),
    (r"^#{2,}\s*(?:system|instructions?|memory|new instructions?)\b", "rest"),
    # turns of somebody else
    ((
        r"^[ \t]*[\"'*_]*(?:system|assistant|ai|user|human|developer|tool|bot|admin(?:istrator)?)[*_]*\s*(?:message|"
        r"prompt|note)?\s*:"
    ), "rest"),
    (r"\b(?:SYSTEM|ASSISTANT|ADMIN|DEVELOPER)(?: (?:MESSAGE|PROMPT|NOTE|OVERRIDE))?\s*:", "rest!"),
    (r"\bnote to (?:the )?(?:ai|assistant|llm|model|chatbot|bot)s?\b", "rest"),
    # instructions to the assistant or its memory
    ((
        r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|system|all|"
        r"your)\b[^.\n]{0,30}\b(?:instruction|prompt|rule|guideline|direction|polic)"
    ), "rest"),
    ((
        r"\b(?:remember|record|store|save|note|memori[sz]e|assume|update (?:your|the) (?:memory|profile))\b[^.\n]{0,"
        r"30}\b(?:all|every|each|other|any) (?:the )?(?:users?|customers?|people|clients?|tenants?)\b"
    ), "rest"),
    ((
        r"\b(?:remember|record|store|save|note|memori[sz]e|write down|add to (?:your )?memory)\b[^.\n]{0,"
        r"20}\b(?:th(?:e|is|at) (?:user|person|customer|client|teacher|student|account|owner|reader))\b"
    ), "rest"),
    ((
        r"\b(?:the user|this user)(?:'s)?\s+(?:is|has|was|lives|likes|loves|prefers|wants|works|name|favou?rite|email|"
        r"password|role|city)\b"
    ), "rest"),
    (r"\b(?:update|set|write|insert|change|overwrite)\b[^.\n]{0,20}\b(?:user ?profile|user ?memory|memory|profile)\b\s*[:=]", "rest"),
    (r"\buser\.\w+\s*=|\b(?:memory|profile)\.\w+\s*=", "rest"),
    (r"\byou are now\b|\bfrom now on,? you are\b|\bnew persona\b|\bdeveloper mode\b|\bjailbreak", "rest"),
    (
        (
            r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:everything|anything|all(?: that)?|what(?: was| is)?)\s+"
            r"(?:above|prior|previous|earlier|you were told|before this)\b"
        ),
        "rest",
    ),
    # documents after a colon or a line break
    (rf"\b{_TEXT_VERB}\b[^:\n]{{0,80}}?(?::|\n)(?=\s*\S)", "rest"),
    ((
        rf"(?<!\bbio for )(?<!\bprofile for )(?<!\bintro for )"  # of the user, and in their own words
        rf"\b(?:here(?:'s| is| are)|this is|below is|pasting|pasted|copied|found|got|received|from|the|this|"
        rf"following)\b[^:\n.]{{0,40}}\b{_TEXT_NOUN}\b[^:\n.]{{0,40}}(?::|\n\n)(?=\s*\S)"
    ), "rest"),
    ((
        r"\b(?:s?he|they|it|who|that|sign|label|page|site|article|boss|client|customer|manager|landlord|teacher|"
        r"friend|colleague|mum|mom|dad|mother|father|sister|brother|wife|husband|partner|son|daughter|doctor|ad|"
        r"poster|sticker|card|shirt|mug|email|e-mail|letter|message)\s+(?:just\s+)?(?:said|says|wrote|writes|goes|"
        r"reads|told me|texted|replied|answered|asked|messaged|claims|claimed)\s*:(?=\s*\S)"
    ), "rest"),
    # an e-mail
    ((
        r"^[ \t]*(?:dear\b[^\n]{0,60}|to whom it may concern)[,:]?[ \t]*\n.*?(?:\n[ \t]*(?:(?:kind|best|warm|"
        r"many)?\s*regards|sincerely|yours\b[^\n]{0,20}|cheers|best|best wishes|all the best|thanks|thank you)[ \t]*,"
        r"?[ \t]*(?:\n[^\n]{0,60}){0,2}|\Z)"
    ), "match"),
    (r"^[ \t]*(?:from|to|subject|sent|date|cc|re|fwd|betreff)\s*:[^\n]*\n[ \t]*(?:from|to|subject|sent|date|cc)\s*:", "rest0"),
    (r"^[ \t]*-{2,}\s*(?:original|forwarded)\b|\bbegin forwarded message", "rest"),
    (r"^[ \t]*subject\s*:", "rest0"),
)  # fmt: skip

_QUOTED = re.compile(
    r"""
    "(?P<a>[^"\n]{1,2000})" | “(?P<b>[^”\n]{1,2000})[”"] | „(?P<c>[^“”\n]{1,2000})[“”] | «(?P<d>[^»\n]{1,2000})»
    | (?<![\w'’])['‘](?P<e>(?:[^'’‘\n]|(?<=\w)['’](?=\w)){3,600})['’](?![\w])
    """,
    re.VERBOSE,
)
_SPEECH_BEFORE = re.compile(
    r"\b(?:said|says|saying|wrote|writes|told|tells|asked|asks|reads|replied|answered|texted|translate|rewrite|rephrase|"
    r"proofread|sentence|phrase|word|words|quote|line|text|email|mail|letter|lyrics?|song|caption|correct|means?|titled|read)\b"
    r"[^\"“„«'‘]{0,30}$",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|im|my|me|we|our|us)\b", re.IGNORECASE)
_COMPILED = tuple(
    (re.compile(pattern, (0 if extent == "rest!" else re.IGNORECASE) | re.MULTILINE | re.DOTALL), extent)
    for pattern, extent in _STRUCTURES
)


def own_words(content: str) -> str:
    """*content* with everything masked that is not the user's own statement; as long as *content*."""
    masked = list(content)
    for start, end in _material(content):
        masked[start:end] = [char if char == "\n" else MASK for char in content[start:end]]
    return "".join(masked)


def _material(content: str) -> Iterator[tuple[int, int]]:
    quotations = list(_quotations(content))
    yield from quotations
    for pattern, extent in _COMPILED:
        extents = list(_extents(pattern, extent, content, quotations))
        if extent == "match":
            quotations += extents
        yield from extents
    yield from _long_paragraphs(content)


def _extents(
    pattern: re.Pattern[str], extent: str, content: str, quotations: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """What the matches of *pattern* make material; a match within a quotation reaches no further than the quotation."""
    for match in pattern.finditer(content):
        if any(start <= match.start() and match.end() <= end for start, end in quotations):
            continue
        if extent == "match":
            yield match.span()
            continue
        if extent == "rest" and _quoted_whole(match, content, quotations):
            return
        yield (match.end() if extent == "rest" and match.group().endswith((":", "\n")) else match.start()), len(content)
        return


_BEHIND = re.compile(r"[.!?]?\s+(?=(?:I|I'm|I’m|i'm|i|We|we|My|my|Our|our)\b)")


def _quoted_whole(match: re.Match[str], content: str, quotations: Sequence[tuple[int, int]]) -> bool:
    """True when what was announced is one quotation and the user goes on in their own words: "answer this: “…” I'm the chef"."""
    behind = re.compile(r"\s*").match(content, match.end())
    place = behind.end() if behind else match.end()
    ends = [end for start, end in quotations if start == place]
    return bool(
        match.group().endswith(":")
        and ends
        and _BEHIND.match(content, ends[0])
        and not _QUOTED.search(content, ends[0])
    )


def _quotations(content: str) -> Iterator[tuple[int, int]]:
    """Quoted speech and text; a short quoted name or title ("call it “Bluebird”") is the user's own word."""
    for match in _QUOTED.finditer(content):
        inside = next(group for group in match.groups() if group is not None)
        spoken = _SPEECH_BEFORE.search(content, max(0, match.start() - 60), match.start())
        if spoken or inside.count(",") > 1 or len(inside.split()) > 6 or _FIRST_PERSON.search(inside) or ":" in inside:
            yield match.span()


def _long_paragraphs(content: str) -> Iterator[tuple[int, int]]:
    """Paragraphs so long that, next to a shorter one, they are a document somebody pasted."""
    if len(content) < LONG_PARAGRAPH:
        return
    paragraphs = [match.span() for match in re.finditer(r"[^\n]+(?:\n(?!\s*\n)[^\n]+)*", content)]
    if any(end - start < LONG_PARAGRAPH for start, end in paragraphs):
        yield from ((start, end) for start, end in paragraphs if end - start >= LONG_PARAGRAPH)

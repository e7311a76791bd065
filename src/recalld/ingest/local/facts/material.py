"""What in a message is material and not a statement of the user: quotations, pasted documents, code, fake turns.

`own_words` masks it, character by character, so that no rule ever sees it. Structure decides, not suspicion: whatever is
quoted, fenced, pasted after a colon, shaped like an e-mail or a chat log, said or written by somebody else, or follows a
made-up turn or an instruction to the assistant's memory is masked, whatever it says.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from recalld.ingest.local.facts.kinds.persons import plausible_name
from recalld.ingest.local.facts.lexicon import classes, words
from recalld.ingest.local.facts.sentences import MASK
from recalld.layers.facts.attributes import RELATIONS

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
    r"respond to|(?<!\bmy )answer|what does (?:this|it|that) mean|continue|complete|improve)"
)

_PERSON = "|".join(sorted(RELATIONS))
_ADVERB = (
    r"(?:just|also|then|once|only|always|already|finally|even|later|recently|never|ever|has|had|have|simply|earlier|previously|kindly|"
    r"literally|actually)"
)
# in front of a verb of saying: the user, or nobody who speaks
_NO_SPEAKER = (
    rf"(?:(?:i|we|you)(?:['’]\w+)?|{_ADVERB}|as|or|to|and|then|but|so|like|was|were|is|be|been|being|am|are|not|having|enough|here|this|"
    r"that|when|what|how|where|why|if|which|easier|well|briefly|shortly|before|got|cv|resume|bio|profile|badge|passport|id|linkedin|"
    r"calendar|watch|form|questionnaire|survey|slip|sheet|application)"
)
_SAID = (
    r"(?:said|wrote|replied|answered|texted|messaged|e-?mailed|posted|tweeted|commented|announced|explained|claimed|"
    r"told (?:me|us|him|her|them|everyone))"
)
_WHERE_SAID = (  # "wrote to me on Signal yesterday:"
    r"(?:\s+(?:back|again|today|yesterday|earlier|(?:just|right) now|(?:this|last) \w+|(?:to )?(?:me|us|him|her|them|everyone)|"
    r"(?:in|on|via|by|at) (?:(?:the|our|his|her|a|my) )?[\w-]+(?: chat| group)?)){0,3}"
)
_INTRODUCES = (  # a complete quotation is masked by itself, and what stands behind it is the user's
    r"\s*:(?=\s*\S)(?!\s*[\"“„«][^\"“”»\n]{1,2000}[\"“”»])"
)
_LETTER = r"(?:(?:text |voice )?message|e-?mail|mail|text|letter|sms|dm|voice ?mail|tweet|post|postcard|comment|reply|quote|words)"

# A row is a structure and how much of the message it makes material: the match itself ("match"), everything after
# it ("rest"), or its group 1 ("group").
_STRUCTURES: tuple[tuple[str, str], ...] = (
    # fenced code, block quotes, tables
    (r"```.*?(?:```|\Z)", "match"),
    (r"^[ \t]*(?:>|&gt;|\|)[^\n]*$", "match"),
    (r"\{\s*[\"']?[\w -]{1,40}[\"']?\s*:\s*[\"'\d\[(][^{}]{0,1000}\}", "match"),
    # a lone tag taints what follows (`_tagged` has the pairs)
    (r"<!--.*?(?:-->|\Z)", "match"),
    (r"<\s*/\s*(?!(?:rant|sarcasm|s|irony|joke|vent)\s*>)[a-z][^<>\n]{0,60}>", "rest"),  # but for "</rant>", which is a joke
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
    (
        (
            r"(?:^|[.!?]\s+)(?:(?:please|now|ok|okay)\W+)?(?:forget|ignore|disregard)\s+(?:everything|all)"
            r"\s*[.!;:](?=\s*\S)"
        ),
        "rest",
    ),
    (r"\b(?:new|updated|revised|system|admin|hidden|secret|override|developer) (?:instruction|directive)s?\s*:", "rest"),
    (r"^(?:(?:long-term|user) )?memor(?:y|ies)\s*:", "rest"),
    (
        r"\bfor (?:every|all|each|any)(?: of)? (?:(?:the|our|your|other|future) )?(?:user|customer|client|tenant|account|session)s?\s*:",
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
    (
        (
            rf"(?<![\w'’-])(?!{_NO_SPEAKER}(?![\w'’]))[\w'’-]+[),]?\s+(?:{_ADVERB}\s+){{0,3}}{_SAID}{_WHERE_SAID}"
            rf"{_INTRODUCES}"
        ),
        "rest",
    ),
    (
        (
            rf"(?:^|[.!?;]\s+)(?:my|our|his|her|their|the|an?|s?he|they|some\w+|(?!{_NO_SPEAKER}\b)(?-i:[A-Z])[\w'’-]+ "
            rf"(?:\w+ed|rang|came|sent|got))\b(?:(?!\b(?:i|we)\b)[^.!?;:\n]){{0,80}}?\b(?:and|then) (?:{_ADVERB} )?{_SAID}{_WHERE_SAID}"
            rf"{_INTRODUCES}"
        ),
        "rest",
    ),
    (
        (
            rf"(?<![\w'’-])(?!{_NO_SPEAKER}(?![\w'’]))(?:{_PERSON}|(?-i:[A-Z])[\w'’-]+)[),]?\s+(?:{_ADVERB}\s+)?"
            rf"(?:says|writes|texts|replies|claims){_WHERE_SAID}{_INTRODUCES}"
        ),
        "rest",
    ),
    (rf"\b{_LETTER} from (?!(?:me|us|my (?:side|end|phone))\b)[^:\n.,!?]{{1,40}}{_INTRODUCES}(?!\s*\S+@)", "rest"),
    (
        (
            r"(?<![\w'’-])(?:(?!(?:it|that|this|here|there|what|who|how|where|let|name|today|tonight|yesterday|week|"
            r"month|morning|evening|night|\w+day|doctor|gp|dentist)['’])"
            rf"[\w-]+['’]s|his|her|their) (?:\w+ )?(?:{_LETTER}|cv|resume|résumé){_INTRODUCES}(?!\s*\S+@)"
        ),
        "rest",
    ),
    (r"\b(?:cv|resume|résumé|profile|bio|application) of (?:an?|the|this|that|another|one of) [^:\n.,!?]{1,40}:", "rest"),
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
_OPENING = re.compile(r"<\s*(?P<name>\w[\w:-]{0,30})\b[^<>\n]{0,200}>")
_CLOSING = re.compile(r"<\s*/\s*(?P<name>\w[\w:-]{0,30})\s*>")
_SPEECH_BEFORE = re.compile(
    r"\b(?:said|says|saying|wrote|writes|told|tells|asked|asks|reads|replied|answered|texted|translate|rewrite|rephrase|"
    r"proofread|sentence|phrase|word|words|quote|line|text|email|mail|letter|lyrics?|song|caption|correct|means?|titled|read)\b"
    r"[^\"“„«'‘]{0,30}$",
    re.IGNORECASE,
)
# A line of a chat log: "[10:31] Bob: …", "12/05/2024, 10:31 - Bob: …", "Bob: …".
_TURN = re.compile(
    r"""
    ^[ \t]*
    (?P<time>\[[^\]\n]{0,16}\d{1,2}[:.]\d{2}[^\]\n]{0,9}\][ ]* | \d{1,4}[./-]\d{1,2}[./-]\d{1,4},?[ ]+\d{1,2}[:.]\d{2}[^\n:]{0,9}[ ]-[ ])?
    (?:\d{1,2}[:.]\d{2}(?:[ap]m)?[ ]+)?
    (?P<who>[^\W\d_][\w.'’-]*(?:[ ][^\W\d_][\w.'’-]*){0,2})[ ]*:(?=[ \t]*\S)
    """,
    re.VERBOSE | re.MULTILINE,
)
_OWN_TURN = words("i me myself")
_HEADINGS = words(
    """
    about address age aim allergies allergy anniversary answer answers background basics bio birthday birthplace born breakfast budget
    car cat city company cons contact context country course current date day deadline degree department details diet dinner dislikes dob
    dog drinks edit education email employer exercise experience eyes family favorite favourite fears fitness floor food friends from fyi
    gender goal goals gym habits hair handle health height hobbies hobby hometown household housing interests intro job kids languages
    level likes location lunch mail meds mobile mood music name names nationality nickname number occupation office origin past pets
    phone position postcode profession profile pronouns pros ps p.s q quick reason religion role routine salary school shoes size skills
    sleep snacks sports start status street studies study style summary surname team tldr training transport travel uni university update
    username weight wishes zodiac
    """
)  # what a line of one's own profile begins with
_SPEAKS = re.compile(r"[^\n]*\b(?:I|I['’]\w+|i|i['’]\w+|im|ive|[Mm]e too|[Mm]y name)\b")
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
    quotations += [
        (start, end)
        for start, end in _tagged(content)
        if not any(first <= start and end <= last for first, last in quotations)
    ]
    yield from quotations
    for pattern, extent in _COMPILED:
        extents = list(_extents(pattern, extent, content, quotations))
        if extent == "match":
            quotations += extents
        yield from extents
    yield from _chat_log(content)
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


def _tagged(content: str) -> Iterator[tuple[int, int]]:
    """Pairs of tags, which imitate a prompt or a memory block, with what is between them."""
    closed: dict[str, list[re.Match[str]]] = defaultdict(list)
    for tag in _CLOSING.finditer(content):
        closed[tag["name"].casefold()].append(tag)
    end = 0
    for tag in _OPENING.finditer(content):
        ends = closed.get(tag["name"].casefold(), ())
        place = bisect_left(ends, tag.end(), key=lambda closing: closing.start())
        if tag.start() >= end and place < len(ends):
            end = ends[place].end()
            yield tag.start(), end


def _chat_log(content: str) -> Iterator[tuple[int, int]]:
    """What others say in a pasted conversation: each of their turns, up to the user's next one."""
    turns = list(_TURN.finditer(content))
    ends = [turn.start() for turn in turns[1:]] + [len(content)]
    others = [(turn, end) for turn, end in zip(turns, ends, strict=False) if turn["who"].casefold() not in _OWN_TURN]
    timed = any(turn["time"] for turn, _ in others)
    spoken = len(turns) > 1 and any(_SPEAKS.match(content, turn.end()) for turn, _ in others)
    if (timed or spoken) and all(_speaker(turn) for turn, _ in others):
        yield from ((turn.end(), end) for turn, end in others)


def _speaker(turn: re.Match[str]) -> bool:
    """True when a line begins with somebody's name and not with a heading, as the lines of one's own profile do."""
    who = turn["who"].casefold()
    if turn["time"] and who in RELATIONS:
        return True
    parts = turn["who"].split()
    named = all(part[0].isupper() and part.casefold() not in _HEADINGS and plausible_name(part) for part in parts)
    return named and not any(who in entries for entries in classes().values())


def _long_paragraphs(content: str) -> Iterator[tuple[int, int]]:
    """Paragraphs so long that, next to a shorter one, they are a document somebody pasted."""
    if len(content) < LONG_PARAGRAPH:
        return
    paragraphs = [match.span() for match in re.finditer(r"[^\n]+(?:\n(?!\s*\n)[^\n]+)*", content)]
    if any(end - start < LONG_PARAGRAPH for start, end in paragraphs):
        yield from ((start, end) for start, end in paragraphs if end - start >= LONG_PARAGRAPH)

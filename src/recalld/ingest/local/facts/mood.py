"""Whether the words at a place in a sentence assert something about the user.

Not asserted are: questions, conditionals and wishes, hedges, what others say or are, role-play, irony. The scopes are
those of ordinary English: "if" reaches to the next comma, "imagine" to the end of the sentence, a question from its first
word to the comma after which a new "I …" begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds.persons import plausible_name
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.sentences import MASK, Sentence
from recalld.layers.facts.attributes import RELATIONS

_BOUNDARY = re.compile(
    rf"[,;:()…{MASK}\"]+|\s-+\s|\.\s|\b(?:but|because|cause|cuz|although|though|so|and|while|whereas|since|plus|then|&|n)\b"
)

# Openers of what is not asserted, and how far they reach: "end" of the sentence, next "comma", or their own "clause".
# "part" reaches to the comma too, and is of somebody that the user plays.
# "intent" reaches through the clause too, but is what goals and plans are made of.
_UNREAL: tuple[tuple[str, str], ...] = (
    ((
        r"\b(?:suppose|supposing|imagine|imagining|pretend|pretending|assume|assuming|hypothetically|hypothetical|in "
        r"theory|let'?s say|say i'?m|what if|how about if)\b"
    ), "end"),
    ((
        r"\b(?:role-?play(?:ing)?|act as|in character|my character|playing as|in (?:a|my|the|his|her) (?:dream|novel|"
        r"story|book|game|film|movie|song)|dreamt|dreamed|in another life|fictional|fictitious|imaginary|made-up|invented|"
        r"parallel universe|"
        r"(?:write|tell|draft|compose|invent|make up) (?:me |us )?(?:an?|another|the|some) (?:\w+ ){0,3}?(?:story|"
        r"poem|song|scene|sketch|novel|dialogue|"
        r"joke|limerick|haiku|fairy tale|screenplay|script|rap))\b"
    ), "end"),
    ((
        r"\b(?:if|unless|whether|in case|as if|as though|as long as|provided|until i|before i|once i|whenever i|till "
        r"i|when i(?:'m| was| had| lived| worked| were| used)?)\b"
    ), "comma"),
    (r"\b(?:wants?|wanted|asks?|asked|expects?|expected|begged|urges?|urged|tells?) (?:me|us) to\b", "intent"),
    (r"\bfor (?:the|a|our|my|this) (?:play|role|costume party|fancy dress|halloween|musical|improv|larp|sketch|school play)\b", "part"),
    (r"(?<!looks )(?<!look )(?<!seems )(?<!sounds )(?<!feels )\blike (?:i'?m|i am|i was|i were|we're|we were) ", "comma"),
    ((
        r"\b(?:i(?:'d)? wish|would(?! like| love)|could|might|may(?= (?:be|have|get|move|try|i|we|become|switch|buy|"
        r"start))|should|maybe|perhaps|possibly|probably|not sure|unsure|wonder|wondering|guess i|suppose i|"
        r"dream(?:ing)? of|thinking (?:of|about)|think(?:ing)? i'?ll|considering|tempted to|toying with|thought about|"
        r"almost|nearly|used to|someday|one day|eventually|supposed to|might as well|shall i|let'?s|dying to|tried|"
        r"away from (?:being|becoming)|(?:training|studying|learning|studied|trained|qualifying) to be(?:come)?|on my "
        r"way to|interested in (?:buying|getting|moving))\b"
    ), "clause"),
    ((
        r"\b(?:want(?:s|ed)? to|wanna|would (?:like|love)|like to (?:have|be|get|live|move|own|become)|love to "
        r"(?:have|be|get|live|move|own|become)|i'?d|we'?d|hope to|hoping to|hopefully|planning (?:to|on)|plan to|"
        r"going to|gonna|about to|trying to|need to|have to|gotta|will|i'?ll|we'?ll|won'?t|looking (?:for|into|at))\b"
    ), "intent"),
)  # fmt: skip
_UNREAL_PATTERNS = tuple((re.compile(pattern), scope) for pattern, scope in _UNREAL)

_QUESTION_OPENER = re.compile(
    r"(?:what|what'?s|whats|which|who|who'?s|whose|where|where'?s|when|when'?s|why|how|how'?s|hows|"
    r"(?:can|could|do|does|did|is|are|was|were|will|would|should|shall|may|might|have|has|am|isn'?t|aren'?t|don'?t|doesn'?t|can'?t|won'?t)"
    r" (?:i|we|you|he|she|it|they|there|this|that|these|those|the|a|an|my|our|your|any|anyone|anybody|people|someone|u|"
    r"\w+ (?:a|the|is|have|like))|"
    r"any (?:ideas?|tips?|advice|suggestions?|recommendations?|chance|thoughts)|got any|know any|ever|anyone|recommend|suggest)\b"
)
_RESTART = re.compile(r"[,;:.)-]\s*(?:and |but |because |as |since |so )?(?:i|i'm|im|i've|ive|we|we're|we've|my|our)\b")
_TAG_QUESTION = re.compile(r"\b(?:right|correct|no|yes|isn'?t it|innit|ok|okay|eh|yeah|huh)\s*\?+$")

_IRONY = re.compile(
    r"""
      \bjust\s+(?:LOVE|ADORE|ENJOY)\b | \bI\s+(?:just\s+|so\s+|really\s+|absolutely\s+)?(?:LOVE|ADORE)\b | \bSO\s+(?:much\s+)?(?:fun
      |happy|glad|excited|thrilled|lucky)\b
    | (?i:\boh,?\s+(?:great|brilliant|joy|wonderful|fantastic|perfect|lovely|goody|yay|fab|super|awesome|how\s+\w+)\b)
    | (?i:\b(?:yeah|yea|ya)[,\s]+(?:right|sure|totally|because)\b) | (?i:\byeah,?\s+i'?m\s+(?:totally|clearly|obviously|definitely
      |such)\b)
    | (?i:(?:^|[\s(])/s\b) | (?i:\bsaid\s+(?:no\s?one|nobody)\b) | (?i:^sure,)
    | (?i:\b(?:totally|clearly|obviously|evidently|apparently|surely)\s+(?:a|an|the|my|living|rich|famous|rolling|made)\b)
    | (?i:\bi'?m\s+(?:totally|clearly|obviously|evidently|apparently|surely)\b)
    | (?i:\b(?:living\s+the\s+dream|lucky\s+me|what\s+a\s+(?:joy|treat|delight)|how\s+(?:wonderful|lovely|delightful|thrilling)
      |just\s+what\s+i\s+(?:needed|wanted)|be\s+still\s+my)\b)
    | (?i:\b(?:truly|absolutely|literally)\s+my\s+(?:absolute\s+)?favou?rite\b) | (?i:\bmy\s+(?:absolute\s+
      |all-time\s+)?favou?rite\s+(?:thing|part|activity|pastime|hobby)\s+(?:in\s+the\s+world|ever|is\s+when)\b)
    | (?i:\b(?:love|adore)\s+(?:it\s+when|nothing\s+more\s+than|being\s+(?:on\s+hold|ignored|woken|yelled|stuck|late|broke|charged))\b)
    | (?i:\bbecause\s+(?:of\s+course|who\s+doesn'?t|obviously|apparently)\b) | (?i:\bwow,?\s+(?:thanks|great|my\s+favou?rite|what)\b)
      | (?i:\bthanks\s+a\s+(?:bunch|lot)\s+for\s+nothing\b)
    | (?i:\b(?:i'?m|i\s+am|we'?re|me,?)\s+(?:famously|notoriously|legendarily|just|simply|clearly|obviously|totally)\s+such\s+an?\b)
    | (?i:\bi'?m\s+(?:famously|known\s+far\s+and\s+wide\s+(?:as|for)|world[-\s]famous)\s+(?:an?|the|patient|punctual|graceful|
      organi[sz]ed|cheerful|calm|tidy|good|great|brilliant|fond|keen|talented)\b)
    | (?i:\bi\s+(?:simply|just|positively|absolutely)\s+live\s+for\s)
    | (?i:\bas\s+if\s+i\b) | (?i:\b(?:a|the)\s+(?:millionaire|billionaire|genius|superhero|saint|wizard|robot|princess
      |queen\s+of\s+england|pope)\b)
    | (?i:\bwhich\s+is\s+(?:exactly\s+)?why\s+i(?:'m|\s+am|\s+have\s+to)?\s+ask(?:ing)?\s+(?:an?|the|you|some)\b)
    | [🙄🙃] | (?i:\beye\s?roll)
    """,
    re.VERBOSE,
)

_SPEAKERS = words(
    """
    he she they who someone somebody everyone everybody people nobody says said say saying thinks thought think
    believes claims claimed told tells asked asks wrote writes insists suggests suggested calls called hears heard
    reads guesses joked jokes hopes assumes assumed expects his her their him them whose accused
    """
)
_PRONOUNS = words("he she they who")  # "she's"
_OWN = words("i i'm im i've ive we we're we've")
_ASSENT = re.compile(
    r"\b(?:i (?:told|said|mentioned|wrote|think|thought|believe|already told|already said)|(?:told|tell|"
    r"remind(?:ed)?) you|you (?:asked|said)|"
    r"(?:doctor|gp|vet|dentist|doc|therapist|allergist|hospital|clinic|nurse|surgeon|lab|midwife|dermatologist|specialist|consultant|optician|"
    r"physio) (?:said|says|told me|thinks|confirmed|diagnosed)|i was told|i've been told|"
    r"people call me|everyone calls me|everybody calls me|(?<!someone )(?<!somebody )(?<!he )(?<!they )(?<!who )called|they call me)\b"
)


_OTHER_SUBJECT = re.compile(r"\b(?:he|she|they)(?:'s|'re)?\b")  # "I wrote to the school he's …"
_OF_ANOTHER = re.compile(r"^\s*(?:is|was|has|also|still|now|\s)+\b")  # the verb of somebody else: "my cousin … and is"


@dataclass(frozen=True)
class Mood:
    """How one sentence is meant; built once per sentence, asked for every place a rule matches."""

    sentence: Sentence

    @cached_property
    def ironic(self) -> bool:
        """True when the sentence says the opposite of what it means."""
        return bool(_IRONY.search(self.sentence.text))

    @cached_property
    def boundaries(self) -> tuple[int, ...]:
        """Where clauses begin."""
        return (0, *(match.end() for match in _BOUNDARY.finditer(self.sentence.low)))

    @cached_property
    def questions(self) -> tuple[tuple[int, int], ...]:
        """The spans that ask."""
        return tuple(self._questions())

    @cached_property
    def unreal(self) -> tuple[tuple[int, int, str], ...]:
        """The spans that suppose, wish, plan or doubt, each with its scope."""
        return tuple(self._unreal())

    def clause_start(self, place: int) -> int:
        """Where the clause begins that *place* lies in."""
        return max(start for start in self.boundaries if start <= place)

    def prefix(self, place: int) -> str:
        """The words of the clause in front of *place*."""
        return self.sentence.low[self.clause_start(place) : place].strip()

    def asked(self, place: int) -> bool:
        """True when *place* lies in a question."""
        return any(start <= place < end for start, end in self.questions)

    def supposed(self, place: int, *, planned: bool = False) -> bool:
        """True when *place* lies in something supposed, wished, doubted or (unless *planned*) intended."""
        return any(start <= place < end for start, end, scope in self.unreal if not (planned and scope == "intent"))

    def pretended(self, place: int) -> bool:
        """True when *place* lies in something imagined, played or made up."""
        return any(start <= place < end for start, end, scope in self.unreal if scope in ("end", "part"))

    def reported(self, place: int) -> bool:
        """True when the words in front of *place* attribute it to somebody else."""
        prefix = self.prefix(place)
        assent = _ASSENT.search(prefix)
        if not prefix or (assent and not _OTHER_SUBJECT.search(prefix, assent.end())):
            return False
        said = re.findall(r"[\w']+", prefix)
        own = next((n for n, word in enumerate(said) if word in _OWN), len(said))
        return any(word in _SPEAKERS or word.partition("'")[0] in _PRONOUNS for word in said) or any(
            word.split("'")[0] in RELATIONS for word in said[:own]
        )

    def of_named(self, place: int) -> bool:
        """True when the clause at *place* is said of somebody by their name: "Tobias is allergic to sesame"."""
        bare = not self.words_before(place) and self.sentence.low[: self.clause_start(place)].rstrip().endswith(",")
        before = self.sentence.text[0 if bare else self.clause_start(place) : place]
        if _OWN_WORD.search(before.casefold()):
            return False
        if bare and _APPOSED.match(before):
            return True
        named = (match.group("who") for match in _NAMED_SUBJECT.finditer(before))
        return any(plausible_name(name) and not lexicon.is_a(name, "city") for name in named) or (
            bare and any(match.group("who") in RELATIONS for match in _RELATIVE.finditer(before))
        )

    def placed_in(self, place: int) -> bool:
        """True when what stands at *place* only tells where the subject is: "the kids *in* my class are 7"."""
        return bool(_PLACED.search(self.prefix(place)))

    def words_before(self, place: int) -> bool:
        """True when words that say something stand in front of *place* in its clause."""
        return _words_left(self.prefix(place))

    def continues_another(self, place: int) -> bool:
        """True when the clause at *place* goes on with somebody else's: "my cousin is keto *and allergic to kiwi*"."""
        start = self.clause_start(place)
        joined = re.search(r"\b(?:and|&|n|plus|then)\s*$", self.sentence.low[:start])
        said = _OF_ANOTHER.sub("", self.prefix(place))
        return bool(joined) and not _words_left(said) and not self._own_before(place)

    def own_subject(self, place: int) -> bool:
        """True when a clause without a subject at *place* is the user's: no other person was the subject before it."""
        if self.words_before(place):
            return False
        return self._own_before(place)

    def _own_before(self, place: int) -> bool:
        before = self.sentence.low[: self.clause_start(place)]
        subject = None
        for match in _SUBJECT.finditer(before):
            subject = match
        return subject is None or subject.group("own") is not None

    def _unreal(self) -> Iterator[tuple[int, int, str]]:
        for pattern, scope in _UNREAL_PATTERNS:
            for match in pattern.finditer(self.sentence.low):
                yield match.start(), self._reach(match.end(), scope), scope

    def _reach(self, place: int, scope: str) -> int:
        low = self.sentence.low
        if scope == "end":
            return len(low) + 1
        if scope in ("comma", "part"):
            comma = re.compile(r"[,;:]|\s-\s|\bthen\b").search(low, place)
            return comma.start() if comma else len(low) + 1
        return next((start for start in self.boundaries if start > place), len(low) + 1)

    def _questions(self) -> list[tuple[int, int]]:
        sentence, low = self.sentence, self.sentence.low
        starts = [start for start in self.boundaries if _QUESTION_OPENER.match(low, _skip(low, start))]
        if starts:
            return [(start, self._restart(start)) for start in starts if sentence.question or _is_question(low, start)]
        if not sentence.question or _TAG_QUESTION.search(low):
            return [(0, len(low))] if sentence.question else []
        commas = [match.end() for match in re.finditer(r"[,;:]|\s-\s|\.\s", low)]
        return [(commas[-1] if commas else 0, len(low))]

    def _restart(self, start: int) -> int:
        again = _RESTART.search(self.sentence.low, start)
        return again.start() if again else len(self.sentence.low) + 1


_PLACED = re.compile(
    r"\b(?:the|those|these|some|most|both|all|people|everyone|everybody|\w+s) (?:\w+ )?(?:in|at|on|from|near|"
    r"behind|under)$"
)
_NAMED_SUBJECT = re.compile(
    r"\b(?P<who>[^\W\d_a-z][^\W\d_]+)(?:\s+[A-Z][\w'’-]+)?\s+(?:is|was|has|had|isn['’]t|wasn['’]t|got|also|still|who)\b"
    r"(?!\s+(?:me|mine|(?:our|my) (?:\w+ )?name)\b)"
)
_APPOSED = re.compile(
    r"[^\W\d_a-z][\w'’-]+(?: (?:van|von|de|der|da))?(?: [^\W\d_a-z][\w'’-]+){1,2},\s*$"
)  # "Mira Falk, a cook at …"
_OWN_WORD = re.compile(r"\b(?:i|i'm|i've|we|we're|me|us)\b")
_RELATIVE = re.compile(r"\b(?:my|our) (?:[\w-]+ )?(?P<who>\w+)(?: [A-Z][\w'’-]+)? (?:is|was|has)\b")

_FILLERS = words(
    """
    so and but well ok okay hey hi hello yo yeah yes yep no nope oh ah hm hmm btw fyi also actually honestly now
    currently just finally then plus because since as although though while even that note remember reminder please
    sorry still only anyway quick update news ps p.s. tbh lol haha guess what recently lately today yesterday both
    basically officially already again thanks thx cheers right anyways ngl imo have has had been am was long story
    short personally hiya ugh yay nah fwiw mind you in fact of course too further ah finally eventually since
    """
)
_SUBJECT = re.compile(
    r"(?P<own>\b(?:i|i'm|im|i've|ive|we|we're|we've)\b)|\b(?:he|she|they|he's|she's|they're|it's|who"
    r"|it(?= (?:is|was|has|had|will|would|can|does|did|\w+s|\w+ed)\b)"  # not the object of "we did it, moved …"
    r"|(?:my|our|his|her|their|the|a|an)"
    r" (?:[\w-]+ ){0,2}?(?:" + "|".join(sorted(RELATIONS)) + r"))\b"
)


def _words_left(prefix: str) -> bool:
    return any(not _filler(word) for word in re.findall(r"[\w'.]+", prefix))


def _filler(word: str) -> bool:
    """True for a word that says nothing, drawn out or not: "hi", "heyyy"."""
    return word in _FILLERS or re.sub(r"(.)\1+$", r"\1", word) in _FILLERS


def _skip(low: str, start: int) -> int:
    """The place of the first word at *start* that is not a filler."""
    for match in re.compile(r"[\w'.]+").finditer(low, start):
        if not _filler(match.group()):
            return match.start()
    return start


def _is_question(low: str, start: int) -> bool:
    """True for a question without a question mark: it begins with an auxiliary and a subject, or a question word."""
    return bool(_QUESTION_OPENER.match(low, _skip(low, start)))

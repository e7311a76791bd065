"""Values that tell by themselves what attribute they are of: "Notion" is a tool, "oat flat white" a coffee."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds.forms import NUMBER
from recalld.ingest.local.facts.kinds.ordinary import EMPTY, ORDINARY
from recalld.ingest.local.facts.kinds.reading import Kind, Reading
from recalld.ingest.local.facts.kinds.things import is_thing
from recalld.ingest.local.facts.kinds.work import known_job
from recalld.ingest.local.facts.lexicon import words
from recalld.ingest.local.facts.phrases import STOP, bare, capitalised, items, strip, take, up_to_determiner

# From a class of the lexicon to the attribute whose values its entries are; the first class that fits decides.
ATTRIBUTE_OF: Mapping[str, str] = {
    "diet": "diet",
    "coffee": "favorite_coffee",
    "drink": "favorite_drink",
    "os": "operating_system",
    "editor": "editor",
    "browser": "browser",
    "shell": "shell",
    "tool": "tool",
    "database": "database",
    "cloud": "cloud_provider",
    "unit": "unit_preference",
    "music": "favorite_music",
    "genre": "favorite_genre",
    "streaming": "subscription",
    "programming": "programming_language",
    "hobby": "hobby",
    "sport": "hobby",
    "relationship": "relationship_status",
    "housing": "housing",
    "religion": "religion",
}
_SOFTWARE = ("os", "editor", "browser", "shell", "tool", "database", "cloud", "programming")
_PERSON = ("coffee", "drink", "music", "genre", "food", "cuisine", "os", "editor", "browser", "tool", "unit")
_LIKABLE = ("music", "genre", "food", "cuisine", "coffee", "drink")
_SHORT = words(
    "c r go d word teams bear dart lua helix house go-to pool bridge mate tea water horn arc render salt bali s m l max lite gin rum"
)


def typed(text: str, cased: bool) -> Iterator[Reading]:
    """Anything that tells by itself what it is: a class of the lexicon, a vehicle, a device, an occupation."""
    text = _DOING.sub("", text)
    found = list(_of_classes(*ATTRIBUTE_OF)(text, cased)) or list(vehicle(text, cased)) or list(device(text, cased))
    if found:
        yield found[0]
        return
    for reading in known_job(text, cased):
        yield Reading(reading.value, "job_title")


_DOING = re.compile(r"^(?:drinking|eating|using|playing|listening to|watching|wearing)\s+(?=\w)", re.IGNORECASE)


def device(text: str, _cased: bool) -> Iterator[Reading]:
    """A laptop, a phone or other gear by its make or kind."""
    phrase = _unused(bare(take(text, most=5, stop=STOP | {"and", "or"})))
    for name, attribute in (("laptop", "laptop"), ("phone", "phone_model"), ("equipment", "equipment")):
        made = lexicon.leading(phrase, name)
        if made:
            yield Reading(" ".join(phrase[:made] + _model(phrase[made:])), attribute)
            return
        size = next((n for n in range(len(phrase), 0, -1) if lexicon.head(phrase[:n], name)), 0)
        if size:
            yield Reading(" ".join(phrase[:size]), attribute)
            return


def _unused(phrase: list[str]) -> list[str]:
    """*phrase* without "used", "new", "red" and the year in front."""
    while phrase and (phrase[0].casefold() in _USED or re.fullmatch(r"(?:19|20)\d\d", phrase[0])):
        phrase = phrase[1:]
    return phrase


def _of_classes(*classes: str) -> Kind:
    """A phrase whose head is in one of *classes*; the attribute is the class's."""

    def read(text: str, _cased: bool) -> Iterator[Reading]:
        phrase = bare(take(text, most=4, stop=(STOP | {"and", "or"}) - {"no"}))
        reading = classify(phrase, classes)
        if reading:
            yield reading

    return read


def classify(phrase: list[str], classes: tuple[str, ...] = tuple(ATTRIBUTE_OF)) -> Reading | None:
    """What *phrase*, or the longest beginning of it, names; `None` when no class knows it."""
    for size in range(len(phrase), 0, -1):
        for name in classes:
            if lexicon.head(phrase[:size], name) and not _accidental(phrase[:size], name):
                value = " ".join(phrase[:size])
                return Reading(value, category(value) if name == "tool" else ATTRIBUTE_OF.get(name, _EXTRA.get(name)))
    return None


_EXTRA: Mapping[str, str] = {"food": "favorite_food", "cuisine": "favorite_cuisine"}


# Programs of one category take each other's place; the attribute is the category's, and has one value at a time.
_CATEGORIES: Mapping[str, frozenset[str]] = {
    "spreadsheet": words("excel sheets google-sheets"),
    "project_tool": words("trello jira asana linear clickup basecamp monday.com airtable notion"),
    "notes_app": words("obsidian evernote onenote logseq roam joplin bear apple-notes google-keep"),
    "team_chat": words("slack mattermost teams microsoft-teams ms-teams"),
    "video_calls": words("zoom google-meet webex"),
    "design_tool": words("figma sketch canva"),
    "mail_client": words("gmail outlook thunderbird protonmail proton-mail fastmail"),
    "messenger": words("whatsapp signal telegram"),
    "task_list": words("todoist ticktick omnifocus"),
    "password_manager": words("bitwarden 1password keepass lastpass"),
    "newsletter_service": words("mailchimp substack beehiiv ghost"),
    "photo_editor": words("photoshop lightroom gimp krita procreate"),
    "music_software": words("ableton ableton-live logic-pro reaper cubase pro-tools fl-studio garageband"),
    "video_editor": words("davinci-resolve final-cut final-cut-pro premiere premiere-pro"),
    "reference_manager": words("zotero mendeley endnote"),
}


def category(tool: str) -> str:
    """The attribute that *tool* is a value of: that of its category, or plain `tool`."""
    key = tool.casefold().replace(" ", "-")
    return next((name for name, members in _CATEGORIES.items() if key in members), "tool")


def _accidental(phrase: list[str], name: str) -> bool:
    """True for a word that is in a class, but is more often an ordinary word: "go", "house", "C"."""
    last = phrase[-1]
    if (
        len(phrase) == 1
        and last.casefold() in _SHORT
        and name in ("programming", "tool", "music", "drink", "sport", "hobby", "cloud", "carrier")
    ):
        return name != "drink" and not (capitalised(last) and name in ("programming", "tool"))
    return False


def software(text: str, _cased: bool) -> Iterator[Reading]:
    """Programs and systems: "neovim on arch linux", "Slack and Jira"."""
    for phrase in items(re.sub(r"\s(?:on|with|under|in)\s", " and ", text[:120]), most=4):
        reading = classify(phrase, _SOFTWARE)
        if reading is None:
            return
        yield reading


def petnamed(text: str, cased: bool) -> Iterator[Reading]:
    """The name of a pet with its kind: "dog Waffle", "a whippet called Pixel", "cat now, Miso"."""
    match = _pet_named().match(text)
    if match is None:
        return
    for part in re.split(r"\s*(?:,|and|&)\s+", match.group("names")):
        lower_case = not capitalised(part) and (cased or not match.group("called"))
        if not part or lower_case or part.casefold() in ORDINARY or lexicon.is_a(part, "animal", "weekday", "month"):
            return
        yield Reading(part, "pet", match.group("animal").casefold())


@cache
def _pet_named() -> re.Pattern[str]:
    animal = "|".join(sorted(map(re.escape, lexicon.classes()["animal"]), key=len, reverse=True))
    return re.compile(
        rf"(?:(?!(?:his|her|their|whose)\b)[\w'-]+\s+){{0,3}}?(?P<animal>(?i:{animal}))\b"
        r"(?:\s+(?:now|too|as well|(?:from|at|in) (?:the |a |our )?\w+))?"
        r"(?:,?\s+(?P<called>(?:who is |that is |who's |which is )?(?:called|named|by the name of))\s+|\s*[,(:-]\s*|\s+)"
        r"(?P<names>[^\W\d_][\w'’-]*?(?:\s*(?:,|and|&)\s+[A-Z][\w'’-]*?){0,3}?)(?=(?:['’]s)?(?:[\s,.;:!?)¤]|$))"
    )


def pet_or_name(text: str, cased: bool) -> Iterator[Reading]:
    """A pet by name or by kind."""
    named = list(petnamed(text, cased))
    phrase = bare(take(text, most=3, stop=STOP | {"and"}))
    if named:
        yield from named
    elif phrase and (capitalised(phrase[0]) or lexicon.head(phrase, "animal")):
        yield Reading(" ".join(phrase[:1] if capitalised(phrase[0]) else phrase))


_USED = words(
    "used new old second-hand secondhand brand-new nearly-new electric red blue black white silver grey gray "
    "green rusty little small big ancient trusty beloved battered shiny vintage leased"
)


def vehicle(text: str, _cased: bool) -> Iterator[Reading]:
    """A car, motorcycle or bicycle: a make with its model, or a kind of vehicle."""
    phrase = _unused(bare(take(text, most=6, stop=STOP | {"and", "or"})))
    for name, attribute in (("car", "vehicle"), ("motorcycle", "motorcycle"), ("two_wheeler", "bicycle")):
        size = lexicon.leading(phrase, name)
        if size and _is_vehicle(phrase, size):
            yield Reading(" ".join(phrase[:size] + _model(phrase[size:])), attribute)
            return
        for length in range(len(phrase), 0, -1):
            if (
                lexicon.head(phrase[:length], name)
                and (phrase[length - 1] not in _COMMON_MAKES)
                and ((phrase[length - 1].islower() and name != "car") or phrase[length - 1].casefold() in _GENERIC_CARS)
            ):
                yield Reading(" ".join(phrase[:length]), attribute)
                return


_GENERIC_CARS = words("van campervan camper pickup suv minivan wagon hatchback convertible hybrid truck car")
_COMMON_MAKES = words(
    "trek specialized giant scott cube canyon kona tern gazelle triumph"
)  # in small letters, ordinary words
_ORDINARY_CARS = words(
    "mini smart seat golf polo focus leaf panda genesis fiesta rover lincoln jaguar van hybrid convertible ram "
    "scout giant cube canyon scott kona tern cowboy triumph suv pickup escort trek specialized gazelle tandem beetle"
)


def _is_vehicle(phrase: list[str], size: int) -> bool:
    return (
        phrase[0].casefold() not in _ORDINARY_CARS
        or capitalised(phrase[0])
        or phrase[0].casefold() in _GENERIC_CARS
        or size > 1
    )


def _model(rest: list[str]) -> list[str]:
    found: list[str] = []
    for word in rest:
        if not (capitalised(word) or any(char.isdigit() for char in word)) or len(found) == 3:
            break
        found.append(word)
    return found


def car_name(text: str, cased: bool) -> Iterator[Reading]:
    """A car by its name alone."""
    found = list(vehicle(text, cased))
    if found:
        yield from found
        return
    phrase = [word for word in bare(take(text, most=4, stop=STOP | {"and", "or"})) if word.casefold() not in _USED]
    if phrase and capitalised(phrase[0]) and not lexicon.is_a(phrase[0], "weekday", "month"):
        yield Reading(" ".join([phrase[0], *_model(phrase[1:])]))


def hardware(text: str, _cased: bool) -> Iterator[Reading]:
    """A laptop, phone or other device: a known make or a capitalised name."""
    phrase = _unused(bare(take(text, most=5, stop=STOP | {"and", "or"})))
    if (
        phrase
        and (capitalised(phrase[0]) or any(lexicon.leading(phrase, name) for name in ("laptop", "phone")))
        and phrase[0].casefold() not in ORDINARY
    ):
        yield Reading(" ".join(phrase))


def style(text: str, _cased: bool) -> Iterator[Reading]:
    """A way of answering: length, format, tone."""
    phrase = [strip(word) for word in text.split()[:5]]
    phrase = (
        phrase[1:]
        if phrase
        and phrase[0].casefold()
        in ("a", "your", "more", "very", "really", "all", "in", "with", "as", "rather", "quite")
        else phrase
    )
    for name, attribute in (
        ("style_format", "answer_format"),
        ("style_length", "answer_length"),
        ("style_tone", "communication_style"),
    ):
        size = lexicon.leading(phrase, name)
        if size:
            yield Reading(" ".join(phrase[:size]), attribute)
            break
    else:
        return
    joined = re.match(
        r"\s*(?:,\s*|\s+and\s+|,\s*and\s+)(?P<next>\S.*)",
        text[len(" ".join(text.split()[: size + (text.split(maxsplit=1)[0].casefold() != phrase[0].casefold())])) :],
    )
    if joined:
        yield from style(joined.group("next"), True)


_ONE_TEXT = re.compile(
    r"(?:an?|one|another|some|this|the|that)\s.{0,60}?\b(?:message|e-?mail|mail|letter|reply|response|answer|note|text|version|"
    r"summary|explanation|list|speech|bio|poem|story|toast|intro|introduction|description|caption|post|review|reminder|refusal|invitation|"
    r"wording|phrase|sentence|overview|excuse|joke|line|title|name|slogan|way)\b(?! (?:each|every) time| always| from now on)"
)
_TO_SOMEBODY = re.compile(
    r"[\w-]+(?: and [\w-]+)? (?:words?|wording|messages?|e-?mails?|letters?|repl(?:y|ies)|notes?|"
    r"texts?|phrases?|sentences?|answers?|lines?) "
    r"(?:to|for) (?!me\b|us\b|my (?:questions|messages)|everything|all\b|any\b)"
)


def manner(text: str, cased: bool) -> Iterator[Reading]:
    """A way of answering that somebody wants in general, not of one text ("a friendly note to a neighbour")."""
    if not (_ONE_TEXT.match(text.casefold()) or _TO_SOMEBODY.match(text.casefold())):
        yield from style(text, cased)


def preferred(text: str, _cased: bool) -> Iterator[Reading]:
    """What is preferred to something else, or simply preferred."""
    match = re.match(
        r"(?P<v>.{2,50}?)(?=\s+(?:to|over|than|rather than|instead of|more than|compared to)\s|[,.;:!?(]|"
        r"\s+(?:because|so|but|and|please|for|when|in|on|with|by|if)\s|$)",
        text,
    )
    phrase = bare([strip(word) for word in match.group("v").split()]) if match else []
    if (
        phrase
        and phrase[0].casefold() not in EMPTY | words("to not if that when how being your my his her their it's")
        and len(phrase) <= 4
    ):
        reading = classify(phrase, ("coffee", "drink", "os", "editor", "browser", "tool", "unit", "music", "genre"))
        yield reading if reading and reading.value == " ".join(phrase) else Reading(" ".join(phrase))


def likable(text: str, _cased: bool) -> Iterator[Reading]:
    """Food, drink, music or reading that somebody is fond of."""
    for phrase in items(text, most=3, commas=False):
        if phrase[0].casefold() in ("your", "that", "this") or not any(lexicon.head(phrase, name) for name in _LIKABLE):
            return
        yield Reading(" ".join(phrase))


def plainly_liked(text: str, _cased: bool) -> Iterator[Reading]:
    """What somebody loves in general: a bare noun phrase at the end of the clause ("apples", "long walks")."""
    match = re.match(
        r"(?P<v>[a-zà-ÿ-]+(?: [a-zà-ÿ-]+){0,2}?)(?=\s*(?:$|[.!;:)]|,|\b(?:and|but|so|too|btw|though)\b))", text
    )
    phrase = match.group("v").split() if match else []
    if (
        phrase
        and is_thing(phrase)
        and not set(phrase) & (ORDINARY | STOP)
        and (phrase[-1].endswith("s") or any(lexicon.head(phrase, name) for name in _LIKABLE))
    ):
        yield Reading(" ".join(phrase))


def dislikable(text: str, _cased: bool) -> Iterator[Reading]:
    """What somebody cannot stand."""
    for phrase in items(text, most=4, commas=False):
        if (
            not is_thing(phrase)
            or phrase[0].casefold()
            in ORDINARY
            - {
                "being",
                "having",
                "waiting",
                "driving",
                "writing",
                "getting",
                "flying",
                "small",
                "long",
                "loud",
                "raw",
                "cold",
                "hot",
                "big",
                "late",
                "early",
                "making",
                "texting",
                "calling",
            }
            or phrase[-1].casefold() in ("person", "people", "guy")
        ):
            return
        yield Reading(" ".join(phrase))


def coffee_style(text: str, _cased: bool) -> Iterator[Reading]:
    """How somebody takes coffee or tea: "black, no sugar", "with oat milk"."""
    match = re.match(
        r"(?P<v>(?:black|white|strong|weak|iced|plain|decaf|sweet|very strong|extra strong|(?:with|without|"
        r"no)\s+\w+(?: milk)?)(?:\s*(?:,|and)?\s+(?:(?:with|without|no|two|one)\s+\w+(?: milk| sugars?)?|black|"
        r"strong|unsweetened))*)",
        text,
        re.IGNORECASE,
    )
    if match:
        yield Reading(match.group("v"))


def budget(text: str, _cased: bool) -> Iterator[Reading]:
    """An amount of money, or a bare number after "budget"."""
    match = re.match(
        r"(?:about|around|roughly|under|below|up to|max(?:imum)?|at most|only|just|"
        r"max\.)?\s*(?P<v>[$€£]?\s?\d[\d.,]*\s?(?:k\b|euros?|eur|dollars?|usd|pounds?|gbp|quid|bucks|chf|"
        r"[$€£])?(?:\s?(?:/|per|a)\s?(?:week|month|year|night|day|head|person))?)",
        text,
        re.IGNORECASE,
    )
    if match:
        yield Reading(match.group("v").strip(" ,."))


def plan(text: str, _cased: bool) -> Iterator[Reading]:
    """A tariff: a known name of one, or a capitalised word."""
    phrase = bare(take(text, most=3, stop=STOP | {"and", "or", "plan", "tier", "subscription"}))
    if phrase and (lexicon.head(phrase, "plan_name") or all(map(capitalised, phrase))):
        yield Reading(" ".join(phrase))


_BIG_PLAN = re.compile(
    rf"(?P<v>(?:learn (?:to (?:swim|drive|dance|sing|code|sail|surf|ski|knit|cook)|(?:the "
    rf")?(?:{'|'.join(sorted(lexicon.classes()['language'] | lexicon.classes()['instrument'], key=len, reverse=True))}))\b|"
    r"(?:run|finish|complete|do) (?:a|an|my|the)\s+(?:[\w-]+ ){0,2}?(?:marathon|triathlon|ironman|10k|5k|ultra\w*|"
    r"race|century)(?: (?:in|under|this|next) [\w ]{2,15})?|"
    rf"(?:lose|gain|save)(?: up)? (?:about |around )?[$€£]?{NUMBER}\s?(?:kilos?|kg|pounds|lbs|stone|euros?|dollars?|k\b)?|"
    r"(?:write|publish|finish) (?:a|an|my) (?:[\w-]+ )?(?:book|novel|thesis|memoir|dissertation)|(?:start|open|"
    r"launch|found) (?:a|an|my own) (?:[\w-]+ )?(?:business|company|bakery|café|cafe|shop|restaurant|podcast|blog|"
    r"farm)|"
    r"pass (?:the|my) [\w -]{2,25}?(?:exam|test|bar)|get (?:certified|promoted|fit|my (?:driving|driver's|"
    r"pilot'?s?) licen[cs]e)|buy (?:a|our|my) (?:first )?(?:house|flat|home|apartment)|quit smoking|retire "
    r"(?:early|at \d\d|by \d\d)|become (?:a|an) [\w -]{3,25}))",
    re.IGNORECASE,
)


def big_plan(text: str, _cased: bool) -> Iterator[Reading]:
    """Something that takes months: a race, a language, a book, a house."""
    match = _BIG_PLAN.match(text)
    if match:
        yield Reading(match.group("v").strip())


_PROJECTS = words(
    "app application novel book thesis dissertation paper project game website podcast documentary film album "
    "startup platform library plugin prototype proposal grant report boat shed treehouse quilt campervan "
    "conversion extension renovation translation memoir screenplay musical comic robot course exhibition tool "
    "dashboard chatbot newsletter magazine garden kit model"
)


def project_name(text: str, _cased: bool) -> Iterator[Reading]:
    """A piece of work with what it is about: "a novel about lighthouse keepers"."""
    match = re.match(
        r"(?P<v>(?:[\w'-]+ ){0,4}?(?P<head>[\w'-]+)(?: (?:about|on|for) (?:[\w'-]+ ?){1,5}?)?)(?=\s*(?:[,"
        r".;:!?()¤]|$|\b(?:and|but|so|because|with|at|in|since|right|now|this|which|that|what|how|need|can)\b))",
        text,
    )
    if match and match.group("head").casefold() in _PROJECTS:
        yield Reading(" ".join(bare(match.group("v").split())))


def appointment(text: str, _cased: bool) -> Iterator[Reading]:
    """An appointment with its time: "dentist appointment on Friday at 10"."""
    match = re.match(
        r"(?P<v>(?:[\w'-]+ ){0,3}?(?:"
        + "|".join(sorted(lexicon.classes()["appointment_noun"], key=len, reverse=True))
        + r")\b(?: (?:with|at) (?:the |my )?[\w.'-]+(?: [A-Z][\w'-]+)?)?(?: (?:on|at|in|next|this|tomorrow)\b"
        r"(?:(?! (?:and|but|so|or|because|which|that|can|could|i|we|please|then)\b)[^,.;!?()]){2,30}\b)?)",
        text,
        re.IGNORECASE,
    )
    if match and re.search(r"\b(?:on|at|next|tomorrow|this)\b", match.group("v")):
        yield Reading(match.group("v").strip())


def exam(text: str, _cased: bool) -> Iterator[Reading]:
    """An examination somebody sits: "pilot theory exam"."""
    match = re.match(r"(?P<v>(?:[\w'-]+ ){1,3}?(?:exam|exams|finals|test))\b", text, re.IGNORECASE)
    phrase = bare(match.group("v").split()) if match else []
    if (
        len(phrase) > 1
        and phrase[0].casefold() not in ORDINARY | STOP
        and phrase[0].casefold() not in ("blood", "unit", "eye", "covid", "pregnancy")
    ):
        yield Reading(" ".join(phrase))


def race(text: str, _cased: bool) -> Iterator[Reading]:
    """A sports event by name."""
    phrase = bare(take(text, most=5, stop=STOP - {"of", "the"}))
    if phrase and lexicon.head(phrase, "event"):
        yield Reading(" ".join(phrase))


def certificate(text: str, _cased: bool) -> Iterator[Reading]:
    """What somebody is certified as: the words in front of "licence", "certificate", "exam"."""
    phrase = bare(take(text, most=5, stop=STOP | {"and", "or"}))
    if (
        phrase
        and phrase[-1].casefold() not in ORDINARY
        and phrase[0].casefold() not in EMPTY
        and not re.fullmatch(r"(?:first|second|third|final|last|next|big|maths?|history|physics)", phrase[0].casefold())
    ):
        yield Reading(" ".join(phrase))


def school(text: str, _cased: bool) -> Iterator[Reading]:
    """A school or university."""
    match = re.match(
        r"(?:the )?(?P<v>(?:[A-Z][\w.'-]*|of|the|for)(?:\s+(?:[A-Z][\w.'-]*|of|the|for|and|&)){0,5})", text
    )
    if not match:
        return
    value = re.sub(r"(?:\s+(?:of|the|for|and|&))+$", "", match.group("v"))
    if re.search(r"(?i:uni|college|school|institut|academy|polytech)|\b[A-Z]{2,5}\b", value):
        yield Reading(value)


def degree(text: str, _cased: bool) -> Iterator[Reading]:
    """A degree with its subject: "PhD in linguistics"."""
    phrase = take(text, most=8, stop=STOP - {"in", "of"})
    size = next((n for n in range(len(phrase), 0, -1) if lexicon.head(phrase[:n], "degree")), 0)
    if not size:
        return
    more = phrase[size : size + 4] if len(phrase) > size and phrase[size] in ("in", "of") else []
    while more and more[-1].casefold() in ("and", "in", "of"):
        more.pop()
    yield Reading(" ".join(bare(phrase[:size]) + more))


def equipment(text: str, _cased: bool) -> Iterator[Reading]:
    """Devices and gear: a known kind, or a known make with its model."""
    for phrase in map(_unused, items(text, most=5)):
        made = lexicon.leading(phrase, "equipment")
        size = next((n for n in range(len(phrase), 0, -1) if lexicon.head(phrase[:n], "equipment")), 0)
        if made and capitalised(phrase[0]):
            yield Reading(" ".join(phrase[:made] + _model(phrase[made:])))
        elif size:
            yield Reading(" ".join(phrase[:size]))
        else:
            return


_PRACTISED = {
    "knit": "knitting",
    "crochet": "crochet",
    "sew": "sewing",
    "quilt": "quilting",
    "weave": "weaving",
    "paint": "painting",
    "draw": "drawing",
    "sketch": "sketching",
    "climb": "climbing",
    "boulder": "bouldering",
    "hike": "hiking",
    "swim": "swimming",
    "cycle": "cycling",
    "surf": "surfing",
    "ski": "skiing",
    "snowboard": "snowboarding",
    "sail": "sailing",
    "row": "rowing",
    "kayak": "kayaking",
    "fish": "fishing",
    "dance": "dancing",
    "sing": "singing",
    "bake": "baking",
    "brew": "brewing",
    "garden": "gardening",
    "juggle": "juggling",
    "box": "boxing",
    "fence": "fencing",
    "skate": "skating",
    "forage": "foraging",
    "birdwatch": "birdwatching",
    "meditate": "meditation",
    "jog": "jogging",
    "run": "running",
    "dive": "diving",
    "skateboard": "skateboarding",
    "journal": "journaling",
    "woodwork": "woodworking",
    "whittle": "whittling",
    "lift": "weightlifting",
}


def practised(text: str, _cased: bool) -> Iterator[Reading]:
    """A pastime told by a verb: "knit" → "knitting"; only when nothing is knitted ("I run a shop" is no running)."""
    match = re.match(
        r"(?P<v>[a-z]+)(?=\s*(?:$|[,.!?;]|(?:a lot|for fun|for (?:the|a|my)|on (?:mon|tue|wed|thu|fri|sat|sun|"
        r"week|the (?:weekend|beach|trail|treadmill|track))\w*|every|most|in (?:the|my|winter|summer|spring|"
        r"autumn)|twice|once|whenever|regularly|"
        r"competitively|to relax|after|before|at|with|and|when|three times|daily|outdoors|indoors)\b))",
        text,
        re.IGNORECASE,
    )
    if match and match.group("v").casefold() in _PRACTISED:
        yield Reading(_PRACTISED[match.group("v").casefold()])


_HOBBYISTS = {
    "runner": "running",
    "swimmer": "swimming",
    "climber": "climbing",
    "boulderer": "bouldering",
    "hiker": "hiking",
    "cyclist": "cycling",
    "gamer": "gaming",
    "reader": "reading",
    "gardener": "gardening",
    "photographer": "photography",
    "birder": "birding",
    "birdwatcher": "birdwatching",
    "baker": "baking",
    "cook": "cooking",
    "knitter": "knitting",
    "painter": "painting",
    "potter": "pottery",
    "sailor": "sailing",
    "surfer": "surfing",
    "skier": "skiing",
    "snowboarder": "snowboarding",
    "dancer": "dancing",
    "singer": "singing",
    "beekeeper": "beekeeping",
    "angler": "fishing",
    "fisherman": "fishing",
    "astronomer": "astronomy",
    "woodworker": "woodworking",
    "homebrewer": "homebrewing",
    "brewer": "homebrewing",
    "quilter": "quilting",
    "rower": "rowing",
    "kayaker": "kayaking",
    "diver": "diving",
    "boxer": "boxing",
    "fencer": "fencing",
    "archer": "archery",
    "juggler": "juggling",
    "skater": "skating",
    "forager": "foraging",
    "golfer": "golf",
    "writer": "writing",
    "poet": "poetry",
    "pianist": "piano",
    "guitarist": "guitar",
    "violinist": "violin",
    "cellist": "cello",
    "drummer": "drums",
    "footballer": "football",
    "triathlete": "triathlon",
}


def hobbyist(text: str, _cased: bool) -> Iterator[Reading]:
    """A pastime told by who pursues it: "a keen open water swimmer" → "open water swimming"."""
    phrase = up_to_determiner(bare(take(text, most=4, stop=STOP | {"and", "or"})))
    for size in range(len(phrase), 0, -1):
        known = lexicon.head(phrase[:size], "hobbyist")
        if known:
            words_of = phrase[size - known : size]
            yield Reading(" ".join([*words_of[:-1], _HOBBYISTS.get(words_of[-1].casefold(), words_of[-1])]))
            return


def pastimer(text: str, cased: bool) -> Iterator[Reading]:
    """As `hobbyist`, but none who may live on it: "I'm a baker" tells of a job."""
    phrase = bare(take(text, most=4, stop=STOP | {"and", "or"}))
    if not any(lexicon.head(phrase[:size], "job") for size in range(1, len(phrase) + 1)):
        yield from hobbyist(text, cased)


_THIS = re.compile(r"(?:this|that|these|those|your)\b", re.IGNORECASE)


def allergens(text: str, _cased: bool) -> Iterator[Reading]:
    """What somebody is allergic to: known allergens, or nouns of one or two words."""
    for item in items("" if _THIS.match(text) else text, most=4):
        phrase = item[1:] if len(item) > 1 and item[0].casefold() in ("most", "certain", "raw") else item
        size = next((n for n in range(len(phrase), 0, -1) if lexicon.head(phrase[:n], "allergen")), 0)
        if not size and not (
            len(phrase) <= 2 and is_thing(phrase) and phrase[-1].casefold() not in _NO_ALLERGEN | ORDINARY
        ):
            return
        yield Reading(" ".join(phrase[: size or len(phrase)]))


_NO_ALLERGEN = words(
    "mornings work mondays people bullshit cardio exercise nonsense meetings monday math maths drama stupidity "
    "boredom sports commitment fun authority"
)


def book(text: str, _cased: bool) -> Iterator[Reading]:
    """A title in quotation marks or capitals."""
    match = re.match(
        r"[\"“](?P<q>[^\"”]{2,60})[\"”]|(?P<t>[A-Z][\w'’-]*(?:\s+(?:[A-Z][\w'’-]*|of|the|and|a|in|to|for|on))*)", text
    )
    if match:
        yield Reading(
            re.sub(r"(?:\s+(?:of|the|and|a|in|to|for|on))+$", "", (match.group("q") or match.group("t")).strip(" ,."))
        )


def subscribed(text: str, _cased: bool) -> Iterator[Reading]:
    """A paper, a magazine or a service: its name."""
    for phrase in items(text, most=4):
        if not (capitalised(phrase[0]) or lexicon.head(phrase, "streaming")):
            return
        yield Reading(" ".join(phrase))


def in_quotes(text: str, _cased: bool) -> Iterator[Reading]:
    """A title in quotation marks."""
    match = re.match(r"[\"“„«]([^\"“”»]{2,60})[\"”“»]", text)
    if match:
        yield Reading(match.group(1).strip(" ,."))


def quoted(text: str, _cased: bool) -> Iterator[Reading]:
    """A title in quotation marks, or capitalised."""
    yield from book(text, True)


TYPED: Mapping[str, Kind] = {
    "typed": typed,
    "typedperson": _of_classes(*_PERSON),
    "software": software,
    "petnamed": petnamed,
    "petname": pet_or_name,
    "vehicle": vehicle,
    "carname": car_name,
    "hardware": hardware,
    "style": style,
    "manner": manner,
    "preferred": preferred,
    "likable": likable,
    "dislikable": dislikable,
    "plainlikes": plainly_liked,
    "coffeestyle": coffee_style,
    "budget": budget,
    "plan": plan,
    "bigplan": big_plan,
    "projectname": project_name,
    "appointment": appointment,
    "race": race,
    "exam": exam,
    "certificate": certificate,
    "school": school,
    "allergens": allergens,
    "degree": degree,
    "hobbyist": hobbyist,
    "pastimer": pastimer,
    "device": device,
    "practised": practised,
    "gear": equipment,
    "book": book,
    "quoted": quoted,
    "inquotes": in_quotes,
    "subscribed": subscribed,
}

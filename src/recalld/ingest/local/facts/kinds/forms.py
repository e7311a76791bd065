"""Values with a form of their own: numbers, dates, times, money, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from recalld.ingest.local.facts.kinds.reading import Kind, Reading

_NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
]
NUMBER = rf"(?:\d+(?:[.,]\d+)*|{'|'.join(_NUMBER_WORDS)}|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-\w+)"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
DATE = (
    rf"(?:(?:the )?{_ORDINAL} (?:of )?{_MONTH}\b\.?(?:,? \d{{4}})?|{_MONTH}\b\.? (?:the )?{_ORDINAL}\b(?:,? "
    rf"\d{{4}})?|\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th)\b|{_MONTH} \d{{4}}|(?:next |this )?{_DAY}\b"
    rf"(?:,? (?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)(?: (?:of )?{_MONTH}\b)?|\d{{1,2}} (?:of )?{_MONTH}\b|{_MONTH}\b\.? {_ORDINAL}\b))?)"
)
TIME = (
    r"(?:(?:half past |quarter (?:past|to) )?\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.|o'clock|h|uhr)?|noon|"
    r"midday|midnight)(?![\w%])(?![.,]\d)(?!\s+(?:of\s+)?(?:january|february|march|april|june|july|august|september|october|november|december)\b)"
    r"(?!\s+(?-i:[A-Z][\w'’]+ [A-Z]))"  # "3 Kiln Yard" is an address
)
MONEY = (
    rf"(?:[$€£¥₹]\s?\d[\d.,]*\s?(?:k|m|bn)?|\d[\d.,]*\s?(?:k|m)?\s?(?:euros?|eur|dollars?|usd|pounds?|gbp|quid|bucks|"
    rf"chf|francs|yen|rupees|kr|kronor|kroner|zloty|pln|sek|nok|dkk|[$€£¥₹])|\d+\s?k\b|{NUMBER} (?:thousand|hundred|"
    rf"million|grand)(?: (?:euros?|dollars?|pounds?))?)(?:\s?(?:/|per|a)\s?(?:week|month|year|night|day|head|person|"
    rf"hour))?"
)


def _matching(pattern: str, strip_edges: str = " ,.;:!?") -> Kind:
    compiled = re.compile(
        rf"\s*(?:about|around|roughly|approximately|ca\.?|exactly|at|on|the|by|like|maybe|to|only|just|for)?\s*(?P<v>{pattern})",
        re.IGNORECASE,
    )

    def read(text: str, _cased: bool) -> Iterator[Reading]:
        match = compiled.match(text)
        if match and match.group("v"):
            yield Reading(match.group("v").strip(strip_edges))

    return read


_AGE = re.compile(
    rf"\s*(?:only |just |about |almost |nearly |already )?(?P<v>{NUMBER})(?:\s?-?\s?(?:years?|yrs?|yo|y/o|"
    rf"y\.o\.)(?:[\s-](?:old|of age))?)?(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)


def age(text: str, _cased: bool) -> Iterator[Reading]:
    """An age in years; not another quantity ("I'm 20 minutes late", "I'm 182 cm tall")."""
    match = _AGE.match(text)
    if not match or re.match(
        r"\s*(?:%|'|\"|percent|[a-zà-ÿ]+s\b|cm|m\b|kg|km|lbs?|ft|feet|tall|min|h\b|hrs?\b|uhr\b|people\b|persons?\b|"
        r"million|thousand|hundred|[kmgt]b(?:it|ps)?\b|stars?\b|out of\b|\+|hours?|weeks?|months?|days?|of\b|"
        r"in\b|st\b|nd\b|rd\b|th\b|:|/|x\b|am\b|pm\b|euros?|k\b|[.,]\d|-\d)",
        match.group("rest").removeprefix("-"),
        re.IGNORECASE,
    ):
        return
    if re.match(r"[\s-]?(?:years?|yrs?)\b(?![\s-]*(?:old|of age|young))", text[match.end("v") :], re.IGNORECASE):
        return  # "eleven years at Acme"
    if re.match(
        r"\s(?:waist|inseam|chest|collar|inch|shoe|size|neck|leg|bust|hip)\b", text[match.end("v") :], re.IGNORECASE
    ):
        return
    value = match.group("v")
    told = bool(
        re.match(r"(?:,?\s*(?:and|but|so|years?|yrs?|yo)\b|\s*(?:[,.;!?)]|$))", text[match.end("v") :], re.IGNORECASE)
    )
    if told and value.casefold() not in _NUMBER_WORDS[:10] if not value.isdigit() else 3 <= int(value) <= 115:
        yield Reading(value)


def days(text: str, _cased: bool) -> Iterator[Reading]:
    """One or several days of the week, as written."""
    match = re.match(
        rf"(?:on\s+|every\s+|each\s+|the\s+)*(?P<v>(?:(?:first|second|third|fourth|last|1st|2nd|3rd|4th)\s+)?{_DAY}(?:(?:\s*,\s*|\s*(?:,?\s*and|&|/|or|to|through|-)\s*){_DAY})*)\b",
        text,
        re.IGNORECASE,
    )
    if match and len(match.group("v")) > 2 and not re.match(_DAY_OF_MONTH, text[match.end() :], re.IGNORECASE):
        yield Reading(match.group("v"))


_DAY_OF_MONTH = rf",? (?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)\b|\d{{1,2}} {_MONTH}|{_MONTH}\b\.? \d)"


def year(text: str, _cased: bool) -> Iterator[Reading]:
    """A year of birth."""
    match = re.match(r"(?P<v>19\d\d|20[012]\d)\b", text)
    if match:
        yield Reading(match.group("v"))


def shoe_size(text: str, _cased: bool) -> Iterator[Reading]:
    """A number in the range of shoe sizes."""
    match = re.match(r"(?:EU |UK |US )?(?P<v>\d{1,2}(?:[.,]5)?)(?![\w%])", text)
    if match and 3 <= float(match.group("v").replace(",", ".")) <= 52:
        yield Reading(match.group().strip())


def _nth(text: str, _cased: bool) -> Iterator[Reading]:
    """An ordinal as a number: "30th" → "30"."""
    match = re.match(r"(?P<v>\d{1,2})(?:st|nd|rd|th)\b", text)
    if match:
        yield Reading(match.group("v"))


def clock_time(text: str, _cased: bool) -> Iterator[Reading]:
    """A time of day with what bounds it: "after 10", "9:30"."""
    match = re.match(
        rf"(?P<v>(?:(?:any ?time )?(?:after|before|from|around|between)\s+)?{TIME})(?![\w%/.-])", text, re.IGNORECASE
    )
    if match:
        yield Reading(match.group("v"))


_PART = r"(?:(?:left|right|lower|upper) )?(?:ankle|knee|hip|shoulder|wrist|elbow|back|neck|heart|lungs|bladder|foot)"


def weak_part(text: str, _cased: bool) -> Iterator[Reading]:
    """A part of the body that is weak for long, as a trait: "right knee is bad" → "bad right knee"."""
    match = re.match(
        rf"(?P<part>{_PART}) (?:is|are|has been|'s) (?:a bit |rather |quite |still |very |always )?(?P<how>weak|bad|dodgy|"
        rf"arthritic|unstable|fused)"
        r"(?=\s*(?:$|[,.;!?)]|and\b|so\b|but\b|since\b|after\b|from\b))",
        text,
        re.IGNORECASE,
    )
    if match:
        yield Reading(f"{match.group('how')} {match.group('part')}")


FORMS: Mapping[str, Kind] = {
    "weakpart": weak_part,
    "badpart": _matching(rf"(?:weak|bad|dodgy|arthritic|unstable|trick) {_PART}\b(?! (?:joke|pain today|hair))"),
    "impaired": _matching(
        r"(?:partially |half |completely )?(?:deaf|blind) (?:in|on) (?:one|my left|my right|the left|the right|both) "
        r"(?:ears?|eyes?|side)"
    ),
    "boundedtime": _matching(rf"(?:after|before|between|from|until|not before)\s+{TIME}(?:\s+(?:and|to|-)\s+{TIME})?"),
    "feet": _matching(r"\d'\s?\d{1,2}(?:\"|'')?|\d\s?(?:ft|foot|feet)\s?\d{1,2}"),
    "tall": _matching(r"[12][.,]\d\d\s?m\b(?!\s*(?:from|away|off|long|deep|wide))|1[2-9]\d\s?cm\b(?!\s*(?:from|away|off|long|deep|wide))"),
    "kilos": _matching(r"\d{2,3}(?:[.,]\d)?\s?(?:kg|kilos?|lbs?|pounds)\b(?!\s*(?:dumb|kettle|bar|lift|bench|squat|deadlift))"),
    "clocktime": clock_time,
    "age": age,
    "days": days,
    "year": year,
    "shoesize": shoe_size,
    "number": _matching(NUMBER),
    "date": _matching(DATE),
    "time": _matching(TIME),
    "money": _matching(MONEY),
    "datetime": _matching(rf"(?:{DATE})(?:,? (?:at )?(?:{TIME}))?|{TIME}(?: on {DATE})?"),
    "email": _matching(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "phone": _matching(r"\+?\(?\d[\d\s()./-]{4,22}\d"),
    "website": _matching(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:/[\w./-]*)?"),
    "zone": _matching(
        r"[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+|(?:UTC|GMT)\s?(?:[+-]\s?\d{1,2}(?::\d\d)?)?|(?:CE|E|P|M|C|W|I|J|K|A[EWC]|"
        r"NZ)S?[TD]T?\b(?=\W|$)|[a-z]+ (?:standard |summer )?time"
    ),
    "hours": _matching(rf"{NUMBER}(?:\s?-\s?{NUMBER})?[\s-]?(?:hours?|hrs?|h)\b"),
    "duration": _matching(rf"{NUMBER}[\s-]?(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\b"),
    "workdays": _matching(rf"{NUMBER} (?:days|shifts|nights|evenings|mornings|afternoons)\b"),
    "rate": _matching(
        rf"[$€£]?{NUMBER}\s?(?:euros?|dollars?|pounds?|quid|bucks|chf|francs|kr|[$€£])?"
        rf"(?:\s?(?:/|per|an?)\s?(?:hour|hr|h|day|word|page))?(?!\s?(?:%|percent|hours?|people|km|minutes|clients?|am|pm))"
    ),
    "racetime": _matching(r"\d{1,2}:\d\d(?::\d\d)?(?!\s?(?:am|pm|o'clock))"),
    "daytime": _matching(
        r"(?:early |late )?(?:mornings?|evenings?|lunch(?:times?| breaks?| hours?)?|afternoons?|nights?|work)\b"
        r"|\d{1,2}(?::\d\d)? ?(?:am|pm)\b"
    ),
    "cefr": _matching(r"[ABC][12]\b"),
    "stall": _matching(
        r"(?:(?!(?:next|this|that|last|the|my|our|for|at)\b)[\w-]+ ){0,3}?(?:stall|kiosk|food truck|pop-up|tea room|market garden)\b"
    ),
    "charity": _matching(
        r"(?:(?!(?:the|a|an|my|our|for|at|to)\b)[\w-]+ ){0,2}?(?:food ?bank|soup kitchen|shelter|hospice|charity shop|thrift shop|"
        r"night bus|lifeboats?|fire brigade|community garden|repair caf[eé]|refugee cent(?:re|er)|youth club|care home|"
        r"animal rescue|sanctuary|helpline|crisis line|food pantry|city farm|red cross|scouts|hospital radio|samaritans)\b"
    ),
    "fulldate": _matching(rf"\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}\.?,? (?:19|20)\d\d|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|"
    rf"th)?,? (?:19|20)\d\d"),
    "docnumber": _matching(r"(?=[A-Z\d]*\d{4})[A-Z]{0,3}\d[A-Z\d]{5,9}\b"),
    "bigprint": _matching(r"(?:large|larger|big|bigger|extra large) (?:letters|print|type|font|text)\b"),
    "licence": _matching(
        r"(?:(?:full|valid|clean|european|eu|international) )?(?:driving|driver'?s|drivers|motorcycle|motorbike|boat|sailing|"
        r"pilot'?s|pilot|"
        r"forklift|truck|lorry|hgv|bus|fishing|hunting|radio) licen[cs]e\b"
    ),
    "seat": _matching(r"(?:(?:window|aisle|front(?:[- ]row)?|back(?:[- ]row)?|middle|exit[- ]row|forward-facing) (?:seat|row)s?\b|"
    r"aisle\b|window\b(?= (?:always|as)))"),
    "adjectivelanguage": _matching(
        r"(?:(?:standard|plain|formal|simple|proper|british|american|high|swiss|brazilian|european) )?(?:english|german|french|spanish|"
        r"portuguese|italian|dutch|polish|swedish|pidgin|swahili|hindi|arabic|turkish|welsh|irish|catalan)\b"
    ),
    "rateper": _matching(
        rf"[$€£]?{NUMBER}\s?(?:[a-z€£$]+\s)?(?:an?|per|/)\s?(?:hour|hr|h|day|word|page|lesson|session|class|visit)\b"
    ),
    "unable": _matching(
        r"(?:swim|ride a bike|ride a bicycle|ski|skate|dance|sing|cook|whistle|knit|sew|read music|read maps|"
        r"touch-type)(?=\s*(?:$|[,.;!?)]|(?:and|so|but|at all|either|to save my life|for toffee|myself|unlike)\b))"
    ),
    "mealbound": _matching(
        r"(?:right |straight |just )?(?:after|before) (?:supper|dinner|tea|breakfast|lunch|work|school|sunrise|sunset|dawn|my "
        r"shift|the school run)\b"
    ),
    "nth": _nth,
    "nperson": _matching(rf"{NUMBER}[- ]person(?= household)"),
    "amount": _matching(
        rf"[$€£]?{NUMBER}\s?(?:euros?|dollars?|pounds?|quid|bucks|chf|francs|kr|[$€£])?(?=\s*(?:a|per|/)\s?(?:week|"
        rf"month|year|day|night|head|person))"
    ),
    "length": _matching(
        r"\d'\s?\d{1,2}(?:\"|'')?|\d(?:[\d.,]*\s?(?:cm|m|ft|feet|meters|metres|kg|kilos?|lbs?|pounds|"
        r"stone)\b(?:\s?\d+\b)?|'\d{1,2}\"?|\s?(?:foot|ft|feet)\s?\d{1,2})"
    ),
    "size": _matching(r"(?:EU |UK |US )?(?:\d{1,3}(?:[.,]\d)?(?:\s?(?:EU|UK|US))?|X{0,3}[SL]|M|small|medium|large|extra large)\b"),
    "they": _matching(r"they|he|she"),
    "pronouns": _matching(r"(?:he|she|they|ze|xe|it|any)(?:\s?/\s?(?:him|her|hers|them|theirs|they|she|he|his|zir|xem|its|any|all))+"),
    "blood": _matching(r"(?:AB|A|B|O|0)\s?(?:\+|-|−|pos(?:itive)?\b|neg(?:ative)?\b|rh[+-])"),
    "postcode": _matching(r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|\d{4,6}(?:-\d{3,4})?|\d{4}\s?[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{3}\s\d{2}"),
    "street": _matching(r"\d+\w?\s+[A-Z][\w'.-]+(?:\s+[A-Z][\w'.-]+){0,4}|[A-Z][\w'.ß-]+(?:\s+[A-Z][\w'.-]+){0,3}\s+\d+\w?"),
    "distance": _matching(rf"{NUMBER}\s?(?:k|km|kilometers|kilometres|miles|mi)\b"),
    "grade": _matching(
        r"\d{1,2}(?:st|nd|rd|th)[\s-]grad(?:e|ers)|(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|"
        r"tenth|eleventh|twelfth)[\s-]grad(?:e|ers)|year \d{1,2}|grade \d{1,2}"
    ),
}  # fmt: skip
"""Kinds that are recognised by their form alone."""

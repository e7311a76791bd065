"""The registry of well-known attributes: what an attribute is called, how many values it has, how fast it fades.

The table is `attributes.toml` beside this module; a new attribute is one more row there, or a row in the file that the settings
name, for all tenants or for one (`Registries`). Names outside the table work too: rules on the words of the name give them a cardinality
and a half-life.

Two names are unified only when they plainly mean the same: the same words after normalisation, a listed synonym, a
spelling slip, or one word that differs where the embedder finds both names very close. Everything else stays separate, so that one
attribute never retires the values of another.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

from recalld.errors import ConfigurationError
from recalld.values import Cardinality

SIMILAR_ENOUGH = 0.85
"""Cosine from which two labels that differ in one word mean the same. The local embedder: "trip budget"/"travel budget" 0.92, "home town"/
"home city" 0.86, but "pension plan"/"pension contribution" 0.82, "bank account"/"savings account" 0.74, "piano teacher"/"guitar teacher"
0.74. Of the 44 such pairs above it among 2,100 names that people and models gave to attributes, about five mean different things."""

UNKNOWN_HALF_LIFE = timedelta(days=365)
MOST_HALF_LIVES = 10_000  # that are kept
Likeness = Callable[[str, str], float]

_TENANTS = "tenants"  # the table of the tenants' own rows in a file


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RELATIONS = _words(
    """
    sister brother sibling mother mom mum mama dad daddy papa father parent aunt auntie uncle cousin friend
    colleague coworker boss manager neighbor neighbour flatmate roommate housemate husband wife hubby fiance
    fiancee girlfriend boyfriend partner spouse ex son daughter kid child toddler baby student client customer
    patient coach niece nephew gran grandma granny nan nana grandmother grandpa grandad granddad grandfather
    grandson granddaughter lodger tenant landlord landlady hairdresser mentor supervisor teacher therapist
    doctor dentist nanny babysitter stepson stepdaughter stepfather stepmother stepdad stepmom stepbrother
    stepsister twin teammate classmate buddy mate assistant intern godson goddaughter godmother godfather
    """
)
"""Words that name another person; an attribute that starts with one (`sister_home_city`) is about that person."""

_SPELLING = {
    "favourite": "favorite", "fav": "favorite", "fave": "favorite", "colour": "color", "neighbourhood": "neighborhood",
    "organisation": "organization", "licence": "license", "programme": "program", "centre": "center",
}  # fmt: skip
_PREFIXES = ("users_", "user_", "my_", "the_", "own_", "current_", "is_", "has_")
_SOMEBODY = _words("his her their")  # an attribute that starts with one is about another person, too
_MANY_HEADS = _words("language pet child sibling hobby allergy skill friend member instrument")
_SINGLE_FIRST = _words(
    "favorite preferred main primary usual current first last next best default native date number age name size time"
)
_SINGLE_HEADS = _words(
    """
    name date time day deadline birthday age city country state address size number color status type level
    budget salary email phone count amount price rent handle username title style length format id year month
    address process basis status diagnosis preference plan
    """
)
_PARTICIPLES = _words(
    "used read written seen known spoken taken made done met won run bought grown kept worn sung drunk eaten taught given sold built held"
)
_MEASURES = _words(
    """
    seconds minutes weeks months years meters metres miles kilometers kilometres pounds kilos kilograms grams dollars euros steps
    calories pages points percents glasses savings earnings details headquarters
    """
)
_FAST_HEADS = {
    "deadline": 60,
    "date": 180,
    "appointment": 30,
    "plan": 90,
    "goal": 180,
    "mood": 3,
    "location": 30,
    "budget": 180,
}
_CONTRASTS = _words(
    """
    home work birth office school delivery shipping billing summer winter spring autumn fall morning evening
    afternoon night monday tuesday wednesday thursday friday saturday sunday weekday weekend weekly monthly
    yearly daily start end first last next previous former old new arrival departure likes dislikes like
    dislike best worst least most min max minimum maximum private business personal professional public left
    right front back indoor outdoor current past future native learning favorite second third primary
    secondary mobile landline
    """
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One row of the registry."""

    name: str  # canonical snake_case
    label: str  # how a reader sees it
    family: str  # the group it belongs to: home, work, body …
    cardinality: Cardinality = "single"
    half_life: timedelta | None = None  # None: never decays
    synonyms: tuple[str, ...] = ()  # other names for the same


class Attributes:
    """The registry: the built-in table plus what a tenant adds.

    A tenant's row with the name of a built-in one replaces it; its synonyms win over built-in synonyms.
    """

    def __init__(self, extensions: Iterable[Attribute] = (), *, likeness: Likeness | None = None) -> None:
        """*likeness* compares two readable labels: their cosine, from -1 to 1; None: as the local embedder sees them."""
        rows = {row.name: row for row in (*built_in(), *extensions)}
        self._likeness = likeness or _as_embedded
        self._half_lives: dict[str, timedelta | None] = {}
        self._rows: Mapping[str, Attribute] = rows
        self._names = _name_index(rows.values())
        self._word_sets = {_word_set(name): name for name in reversed(rows)}
        self._by_length: dict[int, list[str]] = {}
        for name in rows:
            self._by_length.setdefault(name.count("_"), []).append(name)
        self._vocabulary = frozenset(word for name in self._names for word in name.split("_"))

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def canonical(self, name: str, known: Sequence[str] = ()) -> str:
        """The name under which values of *name* are kept.

        *known* are further names in use, such as those a user already has facts under. A name that nothing matches is
        returned as its `plain_name`. A name that differs from another in one word may take some milliseconds: the embedder
        reads both.
        """
        key = normalise(name)
        registered = self._registered(key)
        if registered is not None or key in known:
            return registered or key
        plural = plain_name(name)
        relation, base = _split_relation(key)
        if relation and base in self._names:
            return f"{relation}_{self._names[base]}"
        same = self._word_sets.get(_word_set(key)) if _word_set(key) else None
        others = (*known, *self._by_length.get(key.count("_"), ()))
        return (
            next((other for other in known if _same_words(key, other) or _fuller(key, other)), None)
            or same
            or next((other for other in others if self._misspelt(key, other) and _comparable(key, other)), None)
            or self._closest(plural, others)
            or plural
        )

    def cardinality(self, name: str) -> Cardinality:
        """How many values *name* has at a time; for a name outside the table, what its words suggest."""
        row = self._row(name)
        return row.cardinality if row else _cardinality_of_words(normalise(name, singular=False))

    def half_life(self, name: str) -> timedelta | None:
        """After what time without confirmation half the weight is left; `None`: it never decays.

        Asked for each fact in each turn, and reading a name anew takes 10 µs: what was found is kept.
        """
        if name not in self._half_lives:
            if len(self._half_lives) >= MOST_HALF_LIVES:
                self._half_lives.clear()
            row = self._row(name)
            self._half_lives[name] = row.half_life if row else _half_life_of_words(normalise(name))
        return self._half_lives[name]

    def label(self, name: str) -> str:
        """The readable name: "Home city", "Sister: home city", "Thesis topic"."""
        key = normalise(name)
        registered = self._registered(key)
        if registered is not None:
            return self._rows[registered].label
        relation, base = _split_relation(key)
        if relation and base:
            return f"{relation.capitalize()}: {_lower_first(self.label(base))}"
        return key.replace("_", " ").capitalize()

    def family(self, name: str) -> str | None:
        """The group of *name*, or `None` for a name outside the table."""
        row = self._row(name)
        return row.family if row else None

    def render(self, name: str, value: str) -> str:
        """The readable text of a fact: "Home city: Berlin"."""
        return f"{self.label(name)}: {value}"

    def _registered(self, key: str) -> str | None:
        return self._names.get(key)

    def _row(self, name: str) -> Attribute | None:
        """The row of *name*, or that of its base for a relative's attribute: `sister_home_city` is like `home_city`."""
        key = normalise(name)
        registered = self._registered(key)
        if registered is None:
            _, base = _split_relation(key)
            registered = self._registered(base) if base else None
        return self._rows[registered] if registered is not None else None

    def _misspelt(self, key: str, other: str) -> bool:
        """True when the names differ by slips of the pen only, in words the registry does not know."""
        pairs = zip(key.split("_"), map(_singular, other.split("_")), strict=False)
        return key.count("_") == other.count("_") and all(
            a == b or (a not in self._vocabulary and _slip(a, b)) for a, b in pairs
        )

    def _closest(self, key: str, others: Sequence[str]) -> str | None:
        """The name of *others* that differs from *key* in one word and means the same."""
        alike = [other for other in dict.fromkeys(others) if _one_word_apart(key, other) and _comparable(key, other)]
        candidates = [other for other in alike if self.cardinality(other) == self.cardinality(key)]
        label = self.label(key)
        score, best = max(((self._likeness(label, self.label(o)), o) for o in candidates), default=(0.0, None))
        return best if score >= SIMILAR_ENOUGH else None


def _as_embedded(label: str, other: str) -> float:
    from recalld.models.local import likeness  # noqa: PLC0415 -- numpy and a model, for names that are nearly the same only

    return likeness(label, other)


class Registries:
    """The registry of each tenant. Tenants without rows of their own share one."""

    def __init__(self, common: Iterable[Attribute] = (), own: Mapping[str, Iterable[Attribute]] | None = None) -> None:
        """*common* rows are added for all tenants, those in *own* for one, by its id."""
        shared = tuple(common)
        self.common = Attributes(shared)
        self._own = {tenant_id: Attributes((*shared, *rows)) for tenant_id, rows in (own or {}).items()}

    def of(self, tenant_id: str) -> Attributes:
        """The registry of a tenant."""
        return self._own.get(tenant_id, self.common)


@cache
def built_in() -> tuple[Attribute, ...]:
    """The rows of `attributes.toml`."""
    source = resources.files("recalld.layers.facts").joinpath("attributes.toml")
    return tuple(parse_rows(tomllib.loads(source.read_text(encoding="utf-8"))))


def read_registries(path: Path | None) -> Registries:
    """The registries with the rows of a file; without a file the built-in table alone. Raises `ConfigurationError`.

    The file has the format of `attributes.toml`, for all tenants; tables below `tenants.ID` are that tenant's own.
    """
    if path is None:
        return Registries()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"the attributes in {str(path)!r} cannot be read: {error}") from error
    own = table.pop(_TENANTS, {})
    return Registries(
        parse_rows(table), {tenant_id: tuple(parse_rows(rows)) for tenant_id, rows in _tables(_TENANTS, own)}
    )


def parse_rows(table: Mapping[str, Any]) -> Iterator[Attribute]:
    """The rows of a table of families, as in `attributes.toml`. Raises `ConfigurationError` for an unreadable row."""
    for family, rows in _tables("the file", table):
        for name, row in _tables(family, rows):
            yield _parse_row(family, name, row)


def _tables(name: str, table: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What stands in a *table* of tables."""
    for key, inner in _table(name, table).items():
        yield key, _table(key, inner)


def _table(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{name!r} is no table of attributes; write [family], then name = {{ label = … }}")
    return cast("Mapping[str, Any]", value)


def normalise(name: str, *, singular: bool = True) -> str:
    """*name* in snake_case: "Favourite Colours" → `favorite_color`; an empty name becomes `note`."""
    plain = unicodedata.normalize("NFKD", name[:200])
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = re.sub(r"['’](s\b)?", "", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)).casefold()
    words = re.findall(r"[^\W_]+", plain)
    if singular and words:
        words[-1] = _singular(words[-1])
    words = [_SPELLING.get(word, word) for word in words]
    return _without_prefix("_".join(words)) or "note"


def plain_name(name: str) -> str:
    """*name* in snake_case; in the singular unless only the plural tells that it takes many values: `symptoms`, `favorite_sock`."""
    one, several = normalise(name), normalise(name, singular=False)
    return several if _cardinality_of_words(several) != _cardinality_of_words(one) else one


def _parse_row(family: str, name: str, row: Mapping[str, Any]) -> Attribute:
    unknown = set(row) - {"label", "many", "half_life_days", "synonyms"}
    days = row.get("half_life_days")
    if unknown or name != normalise(name, singular=False) or (days is not None and not _positive(days)):
        message = f"attribute {name!r}: give a snake_case name and only label, many, half_life_days (> 0), synonyms"
        raise ConfigurationError(message)
    return Attribute(
        name=name,
        label=str(row.get("label") or name.replace("_", " ").capitalize()),
        family=family,
        cardinality="many" if row.get("many") else "single",
        half_life=None if days is None else timedelta(days=float(days)),
        synonyms=tuple(row.get("synonyms", ())),
    )


def _positive(days: object) -> bool:
    return isinstance(days, int | float) and not isinstance(days, bool) and days > 0


def _name_index(rows: Iterable[Attribute]) -> dict[str, str]:
    """From normalised names and synonyms to the canonical name; names win over synonyms, later over earlier rows."""
    rows = tuple(rows)
    index = {normalise(synonym): row.name for row in rows for synonym in row.synonyms}
    index |= {normalise(row.name): row.name for row in rows}
    return index | {row.name: row.name for row in rows}


def _without_prefix(name: str) -> str:
    """*name* without a leading "my_", "user_" … when something is left; `current_location` and the like keep theirs."""
    for prefix in _PREFIXES:
        if name.startswith(prefix) and name not in _KEEP and len(name) > len(prefix):
            return _without_prefix(name.removeprefix(prefix))
    return name


_KEEP = _words("current_location current_state has_children has_pet has_siblings own_business own_company")


_NO_PLURAL = ("ss", "us", "is", "ics", "news", "series", "likes", "hours", "days", "pronouns", "size")


def _singular(word: str) -> str:
    """The singular of an English plural noun; other words as they are."""
    if len(word) < 4 or word.endswith(_NO_PLURAL):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")


def _split_relation(key: str) -> tuple[str, str]:
    first, _, rest = key.partition("_")
    return (first, rest) if first in RELATIONS | _SOMEBODY and rest else ("", "")


def _lower_first(label: str) -> str:
    return label[:1].lower() + label[1:]


def _cardinality_of_words(name: str) -> Cardinality:
    words = name.split("_")
    head = words[-1]
    if words[0] in _SINGLE_FIRST or head in _SINGLE_HEADS:
        return "single"
    noun = words[-2] if len(words) > 1 and _is_participle(head) else head
    plural = noun not in _MEASURES and noun != _singular(noun)
    return "many" if plural or _singular(head) in _MANY_HEADS or words[0] in ("list", "known", "other") else "single"


def _is_participle(word: str) -> bool:
    """True for what was done with the noun before it: `books_read`, `countries_visited`."""
    return word in _PARTICIPLES or (len(word) > 4 and word.endswith("ed"))


def _half_life_of_words(name: str) -> timedelta:
    words = name.split("_")
    if words[0] in ("favorite", "preferred"):
        return timedelta(days=730)
    days = _FAST_HEADS.get(words[-1])
    return timedelta(days=days) if days else UNKNOWN_HALF_LIFE


def _comparable(key: str, other: str) -> bool:
    """True unless the names differ by a word that tells attributes apart: another person, place, time of day, sign."""
    mine, theirs = set(key.split("_")), set(other.split("_"))
    return not ((mine ^ theirs) & (_CONTRASTS | RELATIONS | _SOMEBODY))


def _same_words(key: str, other: str) -> bool:
    """True for the same words in another order: `topic_of_thesis` and `thesis_topic`."""
    words = _word_set(key)
    return bool(words) and words == _word_set(other)


def _one_word_apart(key: str, other: str) -> bool:
    """True when names of several words share all but one, which is no number: `bank_2` is another bank."""
    mine, theirs = _word_set(key), _word_set(other)
    return len(mine) == len(theirs) > 1 and len(mine - theirs) == 1 and all(word.isalpha() for word in mine ^ theirs)


_ADD_NOTHING = {
    "day": _words("class course lesson practice rehearsal session"),
    "deadline": _words("application submission"),
}
"""Words that say no more than their head does. Any other word may tell two attributes apart: the dress for a wedding has a budget
of its own, the proposal of a thesis an earlier deadline."""


def _fuller(key: str, other: str) -> bool:
    """True when one name only says more than the other: `grant_deadline` and `grant_application_deadline`."""
    mine, theirs = _word_set(key), _word_set(other)
    head = key.rpartition("_")[2]
    return (
        head == other.rpartition("_")[2]
        and min(len(mine), len(theirs)) > 1
        and (mine < theirs or theirs < mine)
        and mine ^ theirs <= _ADD_NOTHING.get(head, frozenset[str]())
    )


def _word_set(name: str) -> frozenset[str]:
    return frozenset(_singular(word) for word in name.split("_")) - {"of", "for", "the", "a", "in", "at", "to"}


def _slip(a: str, b: str) -> bool:
    """True when words of six letters or more differ by doubled letters or by two neighbours swapped.

    Replaced letters do not count: "planting" is not "planning", "medication" not "meditation".
    """
    if min(len(a), len(b)) < 6:
        return False
    return re.sub(r"(.)\1", r"\1", a) == re.sub(r"(.)\1", r"\1", b) or _swapped(a, b)


def _swapped(a: str, b: str) -> bool:
    return len(a) == len(b) and any(a[:i] + a[i + 1] + a[i] + a[i + 2 :] == b for i in range(len(a) - 1))

"""Kinds of values: how the value of a slot is read from the words that follow, and when they are no such value.

A *kind* is a function from the text at the slot to readings; no reading means that the row does not apply. A reading may
name another attribute than the slot (a country where a city was asked for). Every class of the lexicon is a kind too:
`<diet:diet>` reads a phrase whose last words are in the class `diet`; `+` behind a class reads a list of its entries, `!` an
entry right at the slot, `=` an entry that is the whole phrase.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from recalld.ingest.local.facts import lexicon
from recalld.ingest.local.facts.kinds import persons, places, things, work
from recalld.ingest.local.facts.kinds.forms import FORMS
from recalld.ingest.local.facts.kinds.lexical import animals, exact, lexical, listed, species, whole
from recalld.ingest.local.facts.kinds.reading import Kind, Reading
from recalld.ingest.local.facts.kinds.typed import ATTRIBUTE_OF, TYPED

__all__ = ["KINDS", "Kind", "Reading", "classes_needed", "kind"]

KINDS: Mapping[str, Kind] = {
    **FORMS,
    **TYPED,
    "place": places.place,
    "town": places.town,
    "name": persons.name,
    "fullname": persons.full_name,
    "names": persons.names,
    "person": persons.person,
    "titled": persons.titled,
    "callname": persons.call_name,
    "firstname": persons.firstname,
    "petsown": persons.pets_own,
    "greeted": persons.greeted,
    "signature": persons.signature,
    "children": persons.children,
    "counted": persons.counted_children,
    "countedpeople": persons.counted_people,
    "grandkids": persons.grandchildren,
    "twins": persons.multiples,
    "activity": things.activity,
    "orgnoun": work.org_noun,
    "org": work.org,
    "firm": work.firm,
    "job": work.job,
    "jobs": work.jobs,
    "rank": work.rank,
    "djing": work.djing,
    "jobverb": work.job_verb,
    "doing": work.doing,
    "workedfor": work.worked_for,
    "handwork": work.hand_work,
    "cookhouse": work.cook_house,
    "studyfield": work.study_field,
    "trade": work.trade,
    "homekind": things.home_kind,
    "possession": things.possession,
    "knownjob": work.known_job,
    "occupation": work.occupation,
    "subject": work.subject,
    "taught": work.taught,
    "thing": things.thing,
    "things": things.things,
    "activities": things.activities,
    "title": things.title,
    "proper": things.proper,
    "goal": things.goal,
    "rest": things.rest,
    "handle": things.handle,
    "pills": things.pills,
    "crafted": things.crafted,
    "username": things.username,
    "site": things.site,
    "noun": things.noun,
    "measured": things.measured,
    "datum": things.datum,
    "bearer": things.bearer,
    "ownname": things.own_name,
    "plain": things.plain,
    "favoured": things.favoured,
    "animals": animals,
    "species": species,
    "shifts": exact("shift"),
    "intolerance": exact("allergen"),
}


@cache
def kind(name: str) -> Kind:
    """The kind called *name*: one of `KINDS`, or a lexicon class (head of a phrase; with `+` a list, with `!` a whole entry)."""
    if name in KINDS:
        return KINDS[name]
    class_name = name.rstrip("+!=")
    if class_name not in lexicon.classes():
        message = f"no kind of value is called {name!r}: add it to KINDS, or a class to lexicon.toml"
        raise KeyError(message)
    if name.endswith("+"):
        return listed(class_name)
    if name.endswith("="):
        return whole(class_name)
    return exact(class_name) if name.endswith("!") else lexical(class_name)


# Classes one of which must occur in a sentence for a kind to read anything; kinds that are not named here need none.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "animals": ("animal",),
    "petnamed": ("animal",),
    "species": ("animal",),
    "vehicle": ("car", "motorcycle", "two_wheeler"),
    "software": ("os", "editor", "browser", "shell", "tool", "database", "cloud", "programming"),
    "typed": (*ATTRIBUTE_OF, "car", "motorcycle", "two_wheeler", "laptop", "phone", "equipment", "job"),
    "device": ("laptop", "phone", "equipment"),
    "gear": ("equipment",),
    "hobbyist": ("hobbyist",),
    "pastimer": ("hobbyist",),
    "degree": ("degree",),
    "style": ("style_format", "style_length", "style_tone"),
    "manner": ("style_format", "style_length", "style_tone"),
    "shifts": ("shift",),
    "intolerance": ("allergen",),
    "homekind": ("dwelling",),
    "knownjob": ("job",),
    "race": ("event",),
}


@cache
def classes_needed(name: str) -> frozenset[str]:
    """The classes of the lexicon one of which a sentence must hold for the kind called *name*; empty: it needs none."""
    if name in KINDS:
        return frozenset(_NEEDED.get(name, ()))
    return frozenset((name.rstrip("+!="),))

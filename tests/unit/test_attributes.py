"""The registry of well-known attributes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.errors import ConfigurationError
from recalld.layers.facts.attributes import Attribute, Attributes, built_in, normalise, parse_rows, read_registries

ATTRIBUTES = Attributes()


def test_the_table_holds_at_least_eighty_attributes() -> None:
    assert len(ATTRIBUTES) >= 80


def test_every_synonym_leads_to_one_attribute_only() -> None:
    owners: dict[str, set[str]] = {}
    for row in built_in():
        for name in (row.name, *row.synonyms):
            owners.setdefault(normalise(name), set()).add(row.name)
    assert {name: rows for name, rows in owners.items() if len(rows) > 1} == {}


def test_every_row_is_found_under_its_own_name() -> None:
    assert [row.name for row in built_in() if ATTRIBUTES.canonical(row.name) != row.name] == []


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("city", "home_city"),
        ("lives in", "home_city"),
        ("homeCity", "home_city"),
        ("current_city", "home_city"),
        ("current_location", "current_location"),
        ("Favourite Colours", "favorite_color"),
        ("user's employer", "employer"),
        ("my_pets", "pet"),
        ("dog's name", "pet"),
        ("spouse_name", "partner_name"),
        ("alergies", "allergy"),
        ("emplyoer", "employer"),
        ("sister_city", "sister_home_city"),
        ("", "note"),
    ],
)
def test_other_names_of_a_known_attribute(name: str, canonical: str) -> None:
    assert ATTRIBUTES.canonical(name) == canonical


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("sister_home_city", "home_city"),
        ("home_county", "home_country"),
        ("meditation", "medication"),
        ("likes", "dislikes"),
        ("birthplace", "workplace"),
        ("book_club_day", "newsletter_day"),
        ("thesis_deadline", "grant_deadline"),
        ("summer_house", "winter_house"),
        ("planting_season", "planning_season"),
        ("wedding_dress_budget", "wedding_budget"),
        ("school_trip_budget", "school_budget"),
        ("car_insurance_date", "insurance_date"),
        ("court_hearing_date", "hearing_date"),
        ("thesis_proposal_deadline", "thesis_deadline"),
        ("marathon_time", "half_marathon_time"),
        ("half_marathon_time", "marathon_time"),
        ("account_number", "membership_number"),
        ("her_employer", "employer"),
        ("his_birthday", "birthday"),
        ("their_pets", "pets"),
        ("her_choice", "wine_choice"),
    ],
)
def test_unrelated_attributes_stay_apart(name: str, other: str) -> None:
    assert ATTRIBUTES.canonical(name, known=[other]) != ATTRIBUTES.canonical(other)


@pytest.mark.parametrize(
    ("name", "in_use"),
    [
        ("grant_deadline", "grant_application_deadline"),
        ("paper_submission_deadline", "paper_deadline"),
        ("pottery_class_day", "pottery_day"),
        ("choir_day", "choir_rehearsal_day"),
    ],
)
def test_a_word_that_adds_nothing_makes_no_other_attribute(name: str, in_use: str) -> None:
    assert ATTRIBUTES.canonical(name, [in_use]) == in_use


def test_the_same_words_in_another_order_are_the_same_attribute() -> None:
    assert ATTRIBUTES.canonical("topic_of_thesis", known=["thesis_topic"]) == "thesis_topic"


@pytest.mark.parametrize(
    ("name", "in_use"),
    [
        ("trip_budget", "travel_budget"),
        ("coding_style", "code_style"),
        ("days_off", "day_off"),
        ("kids_school", "children_school"),
    ],
)
def test_a_close_meaning_unifies_with_a_name_in_use(name: str, in_use: str) -> None:
    assert ATTRIBUTES.canonical(name, [in_use, "savings_goal"]) == in_use


def test_a_close_meaning_unifies_with_the_table() -> None:
    assert ATTRIBUTES.canonical("home_town") == "home_city"


@pytest.mark.parametrize(
    ("name", "in_use"),
    [
        ("piano_teacher", "guitar_teacher"),
        ("savings_account", "bank_account"),
        ("pension_age", "retirement_plan"),
        ("gym_fee", "gym"),
        ("preference_1", "preference_0"),
        ("accountant", "account"),
    ],
)
def test_names_that_only_sound_alike_stay_apart(name: str, in_use: str) -> None:
    assert ATTRIBUTES.canonical(name, [in_use]) == name


def test_the_closest_of_several_names_counts() -> None:
    close = {"Wine selection": 0.9, "Wine pick": 0.95}
    registry = Attributes(likeness=lambda _new, other: close.get(other, 0.0))
    assert registry.canonical("wine_choice", ["wine_selection", "wine_pick"]) == "wine_pick"


@pytest.mark.parametrize("contrasting", ["morning_choice", "brother_choice", "second_choice"])
def test_no_closeness_unifies_names_with_a_contrasting_word(contrasting: str) -> None:
    registry = Attributes(likeness=lambda _new, _other: 0.99)
    assert registry.canonical(contrasting, ["wine_choice"]) == contrasting


@pytest.mark.parametrize(
    ("name", "cardinality"),
    [
        ("home_city", "single"),
        ("pet", "many"),
        ("sister_pet", "many"),
        ("favorite_opera", "single"),
        ("favorite_socks", "single"),
        ("thesis_topic", "single"),
        ("board_games", "many"),
        ("grant_deadline", "single"),
        ("bus", "single"),
        ("symptom", "single"),
        ("symptoms", "many"),
        ("side effects", "many"),
        ("Awards", "many"),
        ("sister_symptoms", "many"),
        ("books_read", "many"),
        ("countries_visited", "many"),
        ("tools_used", "many"),
        ("date_moved", "single"),
        ("hours_worked", "single"),
        ("commute_minutes", "single"),
        ("her_employer", "single"),
        ("their_pets", "many"),
    ],
)
def test_cardinality(name: str, cardinality: str) -> None:
    assert ATTRIBUTES.cardinality(name) == cardinality
    assert ATTRIBUTES.cardinality(ATTRIBUTES.canonical(name)) == cardinality


@pytest.mark.parametrize(("name", "in_use"), [("symptom", "symptoms"), ("symptoms", "symptom")])
def test_one_and_several_are_one_attribute_under_the_name_in_use(name: str, in_use: str) -> None:
    assert ATTRIBUTES.canonical(name, [in_use]) == in_use


def test_identity_never_decays() -> None:
    assert [ATTRIBUTES.half_life(name) for name in ("name", "birthday", "birthplace", "blood_type")] == [None] * 4


def test_plans_and_states_fade_faster_than_preferences_and_those_faster_than_homes() -> None:
    names = ("mood", "current_location", "travel_plan", "favorite_food", "home_city", "allergy")
    lives = [ATTRIBUTES.half_life(name) or timedelta.max for name in names]
    assert lives == sorted(lives)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("home_city", "Home city: Oslo"),
        ("sister_home_city", "Sister: home city: Oslo"),
        ("thesis_topic", "Thesis topic: Oslo"),
        ("favorite_color", "Favourite colour: Oslo"),
    ],
)
def test_render(name: str, text: str) -> None:
    assert ATTRIBUTES.render(name, "Oslo") == text


def test_a_tenant_adds_attributes_and_synonyms() -> None:
    own = Attribute(name="skin_type", label="Skin type", family="care", synonyms=("complexion",))
    registry = Attributes([own])
    assert registry.canonical("Complexion") == "skin_type"
    assert registry.family("skin_type") == "care"


def test_a_tenant_replaces_a_built_in_row() -> None:
    registry = Attributes([Attribute(name="vehicle", label="Fleet", family="things", cardinality="many")])
    assert registry.cardinality("vehicle") == "many"
    assert registry.render("vehicle", "van 3") == "Fleet: van 3"
    assert ATTRIBUTES.cardinality("vehicle") == "single"


@pytest.mark.parametrize(
    "row", [{"lable": "Typo"}, {"half_life_days": 0}, {"half_life_days": "long"}, {"half_life_days": True}]
)
def test_a_row_that_cannot_be_read_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="skin_type"):
        list(parse_rows({"care": {"skin_type": row}}))


def test_a_row_name_must_be_snake_case() -> None:
    with pytest.raises(ConfigurationError, match="Skin type"):
        list(parse_rows({"care": {"Skin type": {}}}))


@given(st.text(max_size=60))
def test_canonical_is_idempotent(name: str) -> None:
    once = ATTRIBUTES.canonical(name)
    assert ATTRIBUTES.canonical(once) == once


@given(st.text(max_size=60))
def test_every_name_has_a_label_and_a_cardinality(name: str) -> None:
    assert ATTRIBUTES.label(name)
    assert ATTRIBUTES.cardinality(name) in ("single", "many")


COMMON = '[care]\nskin_type = { label = "Skin type", synonyms = ["complexion"] }\n'
OWN = '[tenants.acme.fleet]\nvehicle = { label = "Fleet", many = true }\n'


def test_a_file_adds_attributes_to_the_table(tmp_path: Path) -> None:
    file = tmp_path / "attributes.toml"
    file.write_text(COMMON)
    attributes = read_registries(file).of("anybody")
    assert attributes.canonical("complexion") == "skin_type"
    assert "home_city" in attributes


def test_a_tenants_own_rows_are_nobody_elses(tmp_path: Path) -> None:
    file = tmp_path / "attributes.toml"
    file.write_text(COMMON + OWN)
    registries = read_registries(file)
    assert registries.of("acme").cardinality("vehicle") == "many"
    assert registries.of("globex").cardinality("vehicle") == "single"
    assert "skin_type" in registries.of("acme")


def test_without_a_file_all_tenants_have_the_built_in_table() -> None:
    assert len(read_registries(None).of("acme")) == len(ATTRIBUTES)


@pytest.mark.parametrize(
    "content",
    [
        "[care",
        None,
        "care = 3",
        "[care]\nskin_type = 3",
        "tenants = 3",
        "[tenants]\nacme = 3",
        "[tenants.acme]\ncare = 3",
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "attributes.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigurationError, match="attributes"):
        read_registries(file)

"""The bad-input table: what crosses the border is refused with an error of our tree, or repaired as documented."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.border import (
    MAX_ID_BYTES,
    MAX_JSON_DEPTH,
    MAX_MESSAGE_BYTES,
    MAX_STATE_BYTES,
    MAX_TEXT_BYTES,
    check_bound,
    check_id,
    check_message,
    check_purpose,
    check_purposes,
    check_state,
    check_text,
    check_time,
    check_timezone,
    check_user,
    clean_text,
)
from recalld.errors import InvalidId, InvalidInput, InvalidMessage, InvalidTime, TooLarge
from recalld.values import Message, UserRef

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


# ---------------------------------------------------------------- ids
@pytest.mark.parametrize("value", ["a", "ada@example.org", "o'brien", 'a"b\\c%s{}', "x" * 255, "界" * 255, "👩🏽" * 95])
def test_an_id_of_any_printable_characters_is_kept_as_it_is(value: str):
    assert check_id("user id", value) == value


@pytest.mark.parametrize(
    "value",
    ["", "x" * 256, "a\x00b", "a\nb", "\x1f", "\x7f", "a\x85b", "\ud800", "a\udfffb", None, 7, b"ada", ["ada"]],
)
def test_an_empty_long_controlling_or_non_text_id_is_refused(value: object):
    with pytest.raises(InvalidId):
        check_id("user id", value)


def test_an_id_of_more_bytes_than_three_of_them_leave_room_for_in_an_index_is_refused():
    assert check_id("user id", "🙂" * (MAX_ID_BYTES // 4))
    with pytest.raises(InvalidId, match="765 bytes"):
        check_id("user id", "🙂" * (MAX_ID_BYTES // 4 + 1))


def test_composed_and_decomposed_letters_are_different_ids():
    assert check_id("user id", "\u00e9") != check_id("user id", "e\u0301")


def test_an_error_about_an_id_does_not_repeat_it():
    with pytest.raises(InvalidId) as caught:
        check_id("user id", "ada\nlovelace")
    assert "ada" not in str(caught.value)


def test_a_user_is_checked_in_both_parts():
    assert check_user("acme", "ada") == UserRef(tenant_id="acme", user_id="ada")
    with pytest.raises(InvalidId, match="tenant id"):
        check_user("", "ada")
    with pytest.raises(InvalidId, match="user id"):
        check_user("acme", "")


# ---------------------------------------------------------------- purposes
@pytest.mark.parametrize("value", ["general", "a", "0", "after-sales_2", "x" * 63])
def test_a_purpose_of_small_letters_digits_dash_and_underscore_is_kept(value: str):
    assert check_purpose(value) == value


@pytest.mark.parametrize("value", ["", "Sales", "a,b", "-a", "_a", "a b", "é", "x" * 64, "a\n", "a\x00", None, 1])
def test_any_other_purpose_is_refused(value: object):
    with pytest.raises(InvalidId):
        check_purpose(value)


def test_purposes_are_sorted_and_each_named_once():
    assert check_purposes(["support", "general", "support"], ("general",)) == ("general", "support")


def test_no_purposes_given_means_the_default_ones():
    assert check_purposes(None, ("support",)) == ("support",)


@pytest.mark.parametrize("values", [[], (), "general", 7, [None], ["a,b"], object()])
def test_an_empty_or_malformed_list_of_purposes_is_refused(values: object):
    with pytest.raises(InvalidInput):
        check_purposes(values, ("general",))


# ---------------------------------------------------------------- time zones and times
@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_a_known_time_zone_is_kept(name: str):
    assert check_timezone(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Olympus", "Europe", "../../etc/passwd", "/etc/passwd", "a\x00b", "\ud800", "x" * 9999, None, 1, ["UTC"]],
)
def test_an_unknown_time_zone_is_refused_in_a_short_message(name: object):
    with pytest.raises(InvalidTime) as caught:
        check_timezone(name)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [datetime(1970, 1, 1, tzinfo=UTC), NOW, NOW + timedelta(hours=23)])
def test_a_time_from_1970_to_tomorrow_is_kept(value: datetime):
    assert check_time("at", value, now=NOW) == value


def test_a_time_comes_out_in_utc_whatever_its_zone():
    zone = timezone(timedelta(hours=5, minutes=45))
    assert check_time("at", NOW.astimezone(zone), now=NOW).isoformat() == NOW.isoformat()


@pytest.mark.parametrize(
    "value",
    [
        NOW.replace(tzinfo=None),
        NOW + timedelta(days=2),
        datetime(1969, 12, 31, 23, 59, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=23))),
        datetime.min.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=23))),
        "2026-11-22T09:30:00Z",
        1_795_339_800,
        NOW.date(),
        None,
    ],
)
def test_a_naive_absurd_or_non_time_is_refused(value: object):
    with pytest.raises(InvalidTime):
        check_time("at", value, now=NOW)


def test_a_zone_that_knows_no_offset_makes_a_time_naive():
    class Nowhere(tzinfo):
        def utcoffset(self, dt: datetime | None) -> timedelta | None:
            return None

    with pytest.raises(InvalidTime, match="no time zone"):
        check_time("at", NOW.replace(tzinfo=Nowhere()), now=NOW)


def test_a_bound_may_lie_in_any_year_that_comes_back_from_the_database():
    assert check_bound("since", None) is None
    assert check_bound("until", datetime(9998, 12, 31, tzinfo=UTC)) == datetime(9998, 12, 31, tzinfo=UTC)
    assert check_bound("since", datetime(2, 1, 1, tzinfo=UTC)) == datetime(2, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [NOW.replace(tzinfo=None), datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), "now", 0]
)
def test_a_naive_or_unreadable_bound_is_refused(value: object):
    with pytest.raises(InvalidTime):
        check_bound("since", value)


# ---------------------------------------------------------------- texts
def test_what_cannot_be_stored_is_replaced_one_for_one():
    assert clean_text("a\x00b\ud83dc🙂") == "a\ufffdb\ufffdc🙂"


@given(st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF, categories=None)))
def test_a_cleaned_text_can_be_encoded_and_keeps_its_positions(text: str):
    cleaned = clean_text(text)
    assert "\x00" not in cleaned.encode().decode()
    assert len(cleaned) == len(text)
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize("value", ["", " \n\t ", None, 3, b"text", ["text"]])
def test_a_blank_or_non_text_is_refused(value: object):
    with pytest.raises(InvalidInput):
        check_text("a summary", value)


@pytest.mark.parametrize("text", ["x" * (MAX_TEXT_BYTES + 1), "é" * (MAX_TEXT_BYTES // 2 + 1)])
def test_a_text_over_its_limit_in_bytes_is_refused_without_repeating_it(text: str):
    with pytest.raises(TooLarge) as caught:
        check_text("a summary", text)
    assert len(str(caught.value)) < 100


# ---------------------------------------------------------------- messages
def test_a_message_without_a_time_gets_the_given_one():
    assert check_message(Message(role="user", content="hi"), now=NOW) == Message(role="user", content="hi", at=NOW)


def test_a_message_is_repaired_in_content_and_name():
    message = check_message(Message(role="user", content="a\x00b", name="Ada\ud800", at=NOW), now=NOW)
    assert (message.content, message.name, message.at) == ("a\ufffdb", "Ada\ufffd", NOW)


def test_a_message_of_exactly_the_limit_is_kept():
    assert check_message(Message(role="tool", content="x" * MAX_MESSAGE_BYTES), now=NOW).content


@pytest.mark.parametrize("content", ["", "   ", "\n", None, 5, b"hi", {"text": "hi"}])
def test_an_empty_or_non_text_message_is_refused(content: Any):
    with pytest.raises(InvalidMessage):
        check_message(Message(role="user", content=content), now=NOW)


@pytest.mark.parametrize("role", ["", "User", "developer", None, 1, ["user"], "x" * 100_000, "\ud800"])
def test_an_unknown_role_is_refused_in_a_short_message(role: Any):
    with pytest.raises(InvalidMessage) as caught:
        check_message(Message(role=role, content="hi"), now=NOW)
    assert len(str(caught.value).encode()) < 200


@pytest.mark.parametrize("value", [None, "hi", {"role": "user", "content": "hi"}, SimpleNamespace(role="user")])
def test_what_is_no_message_is_refused(value: object):
    with pytest.raises(InvalidMessage, match=r"recalld\.Message"):
        check_message(value, now=NOW)


def test_a_huge_message_is_refused():
    with pytest.raises(TooLarge):
        check_message(Message(role="user", content="x" * (MAX_MESSAGE_BYTES + 1)), now=NOW)


@pytest.mark.parametrize("at", [datetime(2026, 1, 1), datetime(9999, 1, 1, tzinfo=UTC), "yesterday"])  # noqa: DTZ001
def test_a_message_with_a_naive_or_absurd_time_is_refused(at: Any):
    with pytest.raises(InvalidTime):
        check_message(Message(role="user", content="hi", at=at), now=NOW)


@pytest.mark.parametrize("name", ["", 7, "x" * 1025])
def test_a_message_with_a_bad_name_is_refused(name: Any):
    with pytest.raises(InvalidInput):
        check_message(Message(role="user", content="hi", name=name), now=NOW)


# ---------------------------------------------------------------- the working state
def nested(levels: int) -> Any:
    """Lists in an object, *levels* deep with it."""
    value: Any = []
    for _ in range(levels - 2):
        value = [value]
    return {"deep": value}


def test_a_state_is_kept_as_json():
    state = {"task": "refund", "tries": 2, "ratio": 0.5, "open": True, "none": None, "list": [1, ("a", {})]}
    assert json.loads(check_state(state)) == {**state, "list": [1, ["a", {}]]}


def test_texts_and_keys_of_a_state_are_repaired():
    assert json.loads(check_state({"a\x00": ["\ud800"]})) == {"a\ufffd": ["\ufffd"]}


@pytest.mark.parametrize(
    "number", [float("nan"), float("inf"), -float("inf"), 1e400, pytest.param(10**5000, id="5,001 digits")]
)
def test_a_number_that_json_does_not_know_is_refused(number: float):
    with pytest.raises(InvalidInput):
        check_state({"price": [number]})


def test_a_state_may_be_as_deep_as_the_limit_and_no_deeper():
    assert json.loads(check_state(nested(MAX_JSON_DEPTH))) == nested(MAX_JSON_DEPTH)
    with pytest.raises(InvalidInput, match="nested deeper than 64"):
        check_state(nested(MAX_JSON_DEPTH + 1))


@pytest.mark.parametrize("levels", [5_000, 200_000])
def test_a_state_of_absurd_depth_is_refused_and_not_a_crash(levels: int):
    with pytest.raises(InvalidInput, match="nested deeper"):
        check_state(nested(levels))


def test_a_state_that_contains_itself_is_refused():
    state: dict[str, Any] = {}
    state["self"] = state
    with pytest.raises(InvalidInput, match="nested deeper"):
        check_state(state)


@pytest.mark.parametrize("state", [None, "text", 7, [("a", 1)], [], {1: "one"}, {"a": {None: 1}}])
def test_a_state_that_is_no_object_with_text_keys_is_refused(state: object):
    with pytest.raises(InvalidInput):
        check_state(state)


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", NOW, 1 + 2j])
def test_a_value_that_json_has_no_form_for_is_refused(value: object):
    with pytest.raises(InvalidInput, match="plain JSON"):
        check_state({"value": value})


def test_two_keys_that_become_one_are_refused_instead_of_losing_a_value():
    with pytest.raises(InvalidInput, match="two keys"):
        check_state({"\x00": 1, "\ufffd": 2})


def test_a_huge_state_is_refused():
    with pytest.raises(TooLarge):
        check_state({"text": "x" * MAX_STATE_BYTES})


STORABLE = st.characters(min_codepoint=1, exclude_categories=["Cs"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(STORABLE),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(STORABLE), children, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(STORABLE), JSON, max_size=5))
def test_any_state_that_can_be_stored_comes_back_as_it_was(state: dict[str, Any]):
    assert json.loads(check_state(state)) == state

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recalld.errors import InvalidId, InvalidInput, InvalidMessage, InvalidTime
from recalld.importers import ImportedSession, read_sessions
from recalld.values import Digest, Message

MESSAGE = {"role": "user", "content": "My parcel never arrived.", "at": "2026-03-05T18:01:00+01:00"}
SESSION = {"session_id": "s1", "ended_at": "2026-03-05T18:10:00+01:00", "messages": [MESSAGE]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sessions.json"


def read(file: Path, content: Any, **options: Any) -> list[ImportedSession]:
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return list(read_sessions(file, **options))


# ---------------------------------------------------------------- what is read
def test_a_document_gives_its_sessions_with_its_defaults(file: Path):
    document = {"user_id": "ada", "purpose": "support", "timezone": "Europe/Berlin", "sessions": [SESSION]}
    assert read(file, document) == [
        ImportedSession(
            session_id="s1",
            user_id="ada",
            purpose="support",
            timezone="Europe/Berlin",
            started_at=datetime(2026, 3, 5, 17, 1, tzinfo=UTC),
            ended_at=datetime(2026, 3, 5, 17, 10, tzinfo=UTC),
            messages=(
                Message(role="user", content="My parcel never arrived.", at=datetime(2026, 3, 5, 17, 1, tzinfo=UTC)),
            ),
        )
    ]


def test_a_session_overrules_the_defaults_of_the_document(file: Path):
    own = {**SESSION, "user_id": "ben", "purpose": "sales", "timezone": "Asia/Tokyo"}
    (session,) = read(file, {"user_id": "ada", "purpose": "support", "timezone": "Europe/Berlin", "sessions": [own]})
    assert (session.user_id, session.purpose, session.timezone) == ("ben", "sales", "Asia/Tokyo")


def test_a_list_is_a_document_without_defaults(file: Path):
    assert [session.session_id for session in read(file, [SESSION, {**SESSION, "session_id": "s2"}])] == ["s1", "s2"]


def test_json_lines_give_a_session_per_line(file: Path):
    lines = "\n" + json.dumps(SESSION) + "\n\n" + json.dumps({**SESSION, "session_id": "s2"})
    assert [session.session_id for session in read(file, lines)] == ["s1", "s2"]


def test_a_byte_order_mark_is_no_trouble(file: Path):
    assert len(read(file, "\ufeff" + json.dumps([SESSION]))) == 1


def test_a_session_ends_with_its_last_message_when_nothing_else_is_said(file: Path):
    later = {**MESSAGE, "at": "2026-03-05T19:00:00+01:00"}
    (session,) = read(file, [{"session_id": "s1", "messages": [MESSAGE, later]}])
    assert session.started_at == datetime(2026, 3, 5, 17, 1, tzinfo=UTC)
    assert session.ended_at == datetime(2026, 3, 5, 18, tzinfo=UTC)


def test_a_message_without_a_time_has_that_of_the_one_before(file: Path):
    reply = {"role": "assistant", "content": "A new one is on its way."}
    (session,) = read(file, [{**SESSION, "messages": [MESSAGE, reply]}])
    assert session.messages[1].at == session.messages[0].at


def test_a_time_without_offset_is_read_in_the_time_zone_of_the_file(file: Path):
    document = {"timezone": "America/New_York", "sessions": [{**SESSION, "ended_at": "2026-03-05T18:10:00"}]}
    (session,) = read(file, document)
    assert session.ended_at == datetime(2026, 3, 5, 23, 10, tzinfo=UTC)


def test_the_caller_may_give_the_time_zone(file: Path):
    (session,) = read(file, [{**SESSION, "ended_at": "2026-03-05T18:10:00"}], timezone="Europe/Berlin")
    assert session.ended_at == datetime(2026, 3, 5, 17, 10, tzinfo=UTC)


def test_a_ready_digest_needs_no_messages(file: Path):
    digest = {"summary": "Chose the annual plan.", "topics": ["plan"], "points": ["annual plan"]}
    (session,) = read(file, [{"session_id": "s1", "ended_at": "2026-03-05T18:10:00Z", "digest": digest}])
    assert session.messages == ()
    assert session.digest == Digest(
        summary="Chose the annual plan.", topics=("plan",), points=("annual plan",), by="import"
    )


def test_what_cannot_be_stored_is_replaced(file: Path):
    (session,) = read(file, [{**SESSION, "messages": [{**MESSAGE, "content": "a\x00b\ud800"}]}])
    assert session.messages[0].content == "a\ufffdb\ufffd"


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("", InvalidInput, "line 1, column 1: not valid JSON"),
        ('{"sessions": [\n{"a" 1}]}', InvalidInput, "line 2, column 6: not valid JSON"),
        (json.dumps(SESSION) + "\n{oops\n", InvalidInput, "line 2, column 2: not valid JSON"),
        ('{"sessions": [{"session_id": NaN}]}', InvalidInput, "the file has NaN"),
        (json.dumps(SESSION) + '\n{"session_id": Infinity}', InvalidInput, "line 2 has Infinity"),
        ('{"sessions": [], "sessions": []}', InvalidInput, "the same field twice"),
        ("[" * 100_000, InvalidInput, "nested too deeply"),
        ('[{"session_id": ' + "1" * 5000 + "}]", InvalidInput, "a number that is too long"),
        ("[3]", InvalidInput, r"sessions\[0\] must be a JSON object"),
        ("3", InvalidInput, "the file must be a JSON object"),
        ({"user_id": "ada", "sessions": 3}, InvalidInput, "the file.sessions: must be a list"),
        ([{**SESSION, "endet_at": "x"}], InvalidInput, r"sessions\[0\] has an unknown field 'endet_at'; known are"),
        ([{"messages": [MESSAGE]}], InvalidInput, r"sessions\[0\]: the field 'session_id' is missing"),
        ([{**SESSION, "session_id": "a\nb"}], InvalidId, r"sessions\[0\].session_id: .*control characters"),
        ([{**SESSION, "purpose": "Not A Purpose"}], InvalidId, r"sessions\[0\].purpose: "),
        ([{**SESSION, "timezone": "Mars/Olympus"}], InvalidTime, r"sessions\[0\].timezone: unknown time zone"),
        (
            [{**SESSION, "ended_at": "2026-03-05T18:10:00"}],
            InvalidTime,
            r"sessions\[0\].ended_at: the time has no offset",
        ),
        ([{**SESSION, "ended_at": "tomorrow"}], InvalidTime, r"sessions\[0\].ended_at: not a time in ISO 8601"),
        ([{**SESSION, "ended_at": 17}], InvalidTime, r"sessions\[0\].ended_at: not a time in ISO 8601"),
        ([{**SESSION, "ended_at": "1969-01-01T00:00:00Z"}], InvalidTime, "outside 1970"),
        ([{**SESSION, "ended_at": "2026-03-05T17:00:00+01:00"}], InvalidTime, r"sessions\[0\].*not in this order"),
        (
            [{**SESSION, "messages": [{**MESSAGE, "role": "robot"}]}],
            InvalidMessage,
            r"\[0\].messages\[0\]: unknown role",
        ),
        ([{**SESSION, "messages": [{**MESSAGE, "content": " "}]}], InvalidMessage, r"\[0\].messages\[0\]: "),
        ([{**SESSION, "messages": [{**MESSAGE, "content": 3}]}], InvalidMessage, r"\[0\].messages\[0\]: "),
        ([{**SESSION, "messages": ["hello"]}], InvalidInput, r"sessions\[0\].messages\[0\] must be a JSON object"),
        ([{**SESSION, "messages": "hello"}], InvalidInput, r"sessions\[0\].messages: must be a list"),
        ([{**SESSION, "messages": []}], InvalidInput, r"sessions\[0\]: a session needs 'messages' or a 'digest'"),
        ([{"session_id": "s1", "digest": {"summary": "x"}}], InvalidTime, r"sessions\[0\]: a session needs 'ended_at'"),
        ([{**SESSION, "digest": {"summary": ""}}], InvalidInput, r"sessions\[0\].digest.summary: "),
        ([{**SESSION, "digest": {"summary": "x", "points": [7]}}], InvalidInput, r"\[0\].digest.points\[0\]: "),
        ([SESSION, SESSION], InvalidInput, "session 's1' is in the file twice"),
    ],
)
def test_a_bad_file_is_refused_with_the_place_of_the_fault(
    file: Path, content: Any, error: type[Exception], message: str
):
    with pytest.raises(error, match=message):
        read(file, content)


def test_a_fault_in_json_lines_names_the_line_and_the_field(file: Path):
    bad = {**SESSION, "session_id": "s2", "messages": [{**MESSAGE, "at": "2026-03-05T18:01:00"}]}
    with pytest.raises(InvalidTime, match=r"line 3.messages\[0\].at: the time has no offset"):
        read(file, json.dumps(SESSION) + "\n\n" + json.dumps(bad))


def test_an_error_never_repeats_what_was_said(file: Path):
    secret = "my secret is 4711"
    for bad in ({**MESSAGE, "content": secret, "role": "robot"}, {**MESSAGE, "at": secret}):
        with pytest.raises(InvalidInput) as caught:
            read(file, [{**SESSION, "messages": [bad]}])
        assert secret not in str(caught.value)


def test_a_file_that_is_not_utf8_is_refused(file: Path):
    file.write_bytes(json.dumps([SESSION]).encode().replace(b"parcel", b"p\xe4ckchen"))
    with pytest.raises(InvalidInput, match="not UTF-8"):
        list(read_sessions(file))


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str):
    with pytest.raises(InvalidInput, match="cannot be read"):
        list(read_sessions(tmp_path / name))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["sessions", "messages", "digest", "conversation", "session_1", "session_id", "at", "ended_at"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(json_values | st.text(max_size=40).map(str))
def test_any_file_is_read_or_refused_with_an_error_of_ours(file: Path, content: Any):
    file.write_bytes((content if isinstance(content, str) else json.dumps(content)).encode("utf-8", "surrogatepass"))
    try:
        list(read_sessions(file))
    except InvalidInput as error:
        assert str(error)  # noqa: PT017 - either outcome is right, no other is


# ---------------------------------------------------------------- LoCoMo
def sample(**changes: Any) -> dict[str, Any]:
    return {
        "sample_id": "sample-7",
        "conversation": {
            "speaker_a": "Ilse",
            "speaker_b": "Tomas",
            "session_2_date_time": "12:05 am on 1 March, 2024",
            "session_2": [{"speaker": "Ilse", "dia_id": "D2:1", "text": "I sold the boat."}],
            "session_1_date_time": "1:56 pm on 8 February, 2024",
            "session_1": [
                {"speaker": "Ilse", "dia_id": "D1:1", "text": "I bought a boat."},
                {"speaker": "Tomas", "dia_id": "D1:2", "text": "Look!", "blip_caption": "a photo of a harbour at dusk"},
            ],
            "session_10_date_time": "3:00 pm on 2 March, 2024",
        },
        "session_summary": {"session_1_summary": "Ilse bought a boat."},
        "observation": {"session_1_observation": {"Ilse": [["Ilse bought a boat.", "D1:1"]], "Tomas": []}},
        **changes,
    }


def test_locomo_gives_a_user_per_sample_and_its_sessions_in_order(file: Path):
    sessions = read(file, [sample(), sample(sample_id="sample-8")])
    assert [(session.user_id, session.session_id) for session in sessions] == [
        ("sample-7", "session_1"),
        ("sample-7", "session_2"),
        ("sample-8", "session_1"),
        ("sample-8", "session_2"),
    ]


def test_locomo_times_are_read_in_utc_or_the_zone_given(file: Path):
    assert [session.ended_at for session in read(file, [sample()])] == [
        datetime(2024, 2, 8, 13, 56, tzinfo=UTC),
        datetime(2024, 3, 1, 0, 5, tzinfo=UTC),
    ]
    assert read(file, [sample()], timezone="Asia/Tokyo")[0].ended_at == datetime(2024, 2, 8, 4, 56, tzinfo=UTC)


def test_locomo_speakers_are_a_user_and_an_assistant_with_names(file: Path):
    first = read(file, [sample()])[0]
    assert [(message.role, message.name) for message in first.messages] == [("user", "Ilse"), ("assistant", "Tomas")]


def test_a_photo_is_told_by_its_caption(file: Path):
    assert read(file, [sample()])[0].messages[1].content == "Look! [photo: harbour at dusk]"


def test_locomo_summaries_and_observations_are_a_ready_digest(file: Path):
    first, second = read(file, [sample()])
    assert first.digest == Digest(summary="Ilse bought a boat.", points=("Ilse bought a boat.",), by="import")
    assert second.digest is None


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"conversation": {"session_1": []}}, "sample 0 does not have the fields of LoCoMo|sample 0, session_1"),
        ({"conversation": None}, "sample 0 does not have the fields of LoCoMo"),
        ({"observation": 3}, "sample 0 does not have the fields of LoCoMo"),
    ],
)
def test_a_file_that_only_looks_like_locomo_is_refused(file: Path, broken: dict[str, Any], message: str):
    with pytest.raises(InvalidInput, match=message):
        read(file, [sample(**broken)])


def test_a_locomo_time_in_another_form_is_refused(file: Path):
    broken = sample()
    broken["conversation"]["session_1_date_time"] = "2024-02-08 13:56"
    with pytest.raises(InvalidTime, match="sample 0, session_1: a session's time must look like"):
        read(file, [broken])

"""Fields a client adds (practice A9): constraints that make sense, values held against them, and the inquiry as a JSON Schema."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deskweave.documents import read
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.model import Field, FieldId, Value
from deskweave.model.constraint import KEYWORDS, LONGEST_MATCHED, constraint_of
from deskweave.practice import (
    Practice,
    builtin,
    check_inquiry,
    check_workspace,
    compose,
    inquiry_check,
    inquiry_schema,
)
from deskweave.practice.pattern import doubt_about

HEAD = "apiVersion: deskweave/v1\n"
TOP = (
    HEAD
    + "kind: Practice\nid: acme\nversion: '1'\nlabel: {en: A, zh: 甲}\nlanguages: [en, zh]\nzone: Asia/Shanghai\n"
    + "extends: [deskweave:service-desk@1]\n"
)


def practice_of(fields: str, head: str = "kind: Fields\nid: inquiry\n") -> Practice:
    return compose([*read(TOP, "practice.yaml"), *read(f"{HEAD}{head}fields:\n{fields}", "f.yaml")])


def findings(fields: str, head: str = "kind: Fields\nid: inquiry\n") -> list[Finding]:
    with pytest.raises(DocumentError) as caught:
        practice_of(fields, head)
    return list(caught.value.findings)


def own(spec: str) -> str:
    return f"  own: {{label: {{en: Own, zh: 自有}}, {spec}}}\n"


@pytest.mark.practice("A9")
@pytest.mark.parametrize(
    ("spec", "rule", "path", "nearest"),
    [
        # a keyword that says nothing of the type
        ("type: number, constraints: {minLength: 3}", "constraint-of-type", "/constraints/minLength", None),
        ("type: choices, choices: {a: {label: {en: A}}}, constraints: {minimum: 3}", "constraint-of-type", "/minimum", "minItems"),
        ("type: boolean, constraints: {minimum: 0}", "constraint-of-type", "/constraints/minimum", None),
        ("type: date, pattern: '^2'", "constraint-of-type", "/own/pattern", None),
        ("type: long_text, pattern: '^x'", "constraint-of-type", "/own/pattern", None),  # a pattern describes one line
        ("type: integer, max_length: 3", "constraint-of-type", "/own/max_length", None),
        # a word that is no keyword at all
        ("type: text, constraints: {minLenght: 3}", "unknown-key", "/constraints/minLenght", "minLength"),
        ("type: number, constraints: {minimum: low}", "wrong-type", "/constraints/minimum", None),
        ("type: number, constraints: {multipleOf: 0}", "out-of-bounds", "/constraints/multipleOf", None),
        ("type: text, constraints: {pattern: '('}", "wrong-form", "/constraints/pattern", None),
        # bounds that no value meets, told at the one that was written last
        ("type: number, constraints: {minimum: 5, maximum: 4}", "no-value-possible", "/constraints/maximum", None),
        ("type: number, constraints: {maximum: 4, minimum: 5}", "no-value-possible", "/constraints/minimum", None),
        ("type: number, constraints: {exclusiveMinimum: 5, maximum: 5}", "no-value-possible", "/constraints/maximum", None),
        ("type: integer, constraints: {exclusiveMinimum: 5, exclusiveMaximum: 6}", "no-value-possible", "/exclusiveMaximum", None),
        (
            "type: number, constraints: {minimum: 1, maximum: 4, multipleOf: 5}",
            "no-value-possible",
            "/constraints/multipleOf",
            None,
        ),
        ("type: text, constraints: {minLength: 9}, max_length: 8", "no-value-possible", "/constraints/minLength", None),
        ("type: text, constraints: {minLength: 9, maxLength: 8}", "no-value-possible", "/constraints/maxLength", None),
        (
            "type: choices, choices: {a: {label: {en: A}}}, constraints: {minItems: 2, uniqueItems: true}",
            "no-value-possible",
            "/constraints/uniqueItems",
            None,
        ),
        # patterns that could be made to run for ever, or that only Python reads
        ("type: text, pattern: '^(a+)+$'", "pattern-slow", "/own/pattern", None),
        ("type: text, constraints: {pattern: '.*a.*b'}", "pattern-slow", "/constraints/pattern", None),
        ("type: text, pattern: '(?i)cc'", "pattern-not-portable", "/own/pattern", None),
        # nobody else's fields have a status or are sent
        ("type: text, never_send: [Snow]", "wrong-form", "/never_send/0", None),
    ],
)
def test_constraints_that_make_no_sense_are_told(spec: str, rule: str, path: str, nearest: str | None) -> None:
    told = findings(own(spec))
    assert [(one.rule, one.place.path.endswith(path), one.nearest) for one in told] == [(rule, True, nearest)], told


@pytest.mark.parametrize("key", ["required: {entering: closed}", "never_send: [snow]"])
def test_only_inquiries_have_a_status_and_are_sent(key: str) -> None:
    told = findings(own(f"type: text, {key}"), "kind: Fields\nid: of_contacts\nrecord: contact\n")
    assert [one.rule for one in told] == ["inquiry-only"]


@pytest.mark.parametrize(
    "spec",
    [
        "type: number, constraints: {minimum: 0.3, maximum: 0.3, multipleOf: 0.1}",  # as people count, not as floats do
        "type: integer, constraints: {minimum: 5, maximum: 5}",
        "type: duration, constraints: {minimum: 0, maximum: 3600}",
        "type: text, pattern: '^CC-[0-9]{4}$', max_length: 9, constraints: {minLength: 7, pattern: '[13579]$'}",
        "type: phone, constraints: {pattern: '^[+]?[0-9 ()-]{5,20}$'}",
    ],
)
def test_constraints_that_make_sense_are_taken(spec: str) -> None:
    assert FieldId("own") in practice_of(own(spec)).fields


def test_a_slug_may_stand_once_in_every_record() -> None:
    text = "kind: Fields\nid: of_channels\nrecord: channel\nfields:\n  title: {label: {en: Title}, type: text}\n"
    made = compose([*read(TOP, "practice.yaml"), *read(HEAD + text, "f.yaml")])
    assert made.fields[FieldId("title")].label["en"] == "Subject"
    assert made.records["channel"][FieldId("title")].label["en"] == "Title"


def test_a_connection_that_is_not_there_would_be_sent_everything() -> None:
    made = practice_of(own("type: text, never_send: [snow, feishou]"))
    text = "kind: Workspace\nid: w\npractice: practice/\nconnections:\n  feishu: {plugin: feishu, address: 'https://x'}\n"
    text += "environments:\n  prod: {connections: {snow: {plugin: servicenow, address: 'https://y'}}}\n"
    (document,) = read(HEAD + text, "deskweave.yaml")
    told = [one for one in check_workspace(document, made) if one.rule == "unknown-connection"]
    assert [(one.place.source, one.place.path, one.nearest) for one in told] == [
        ("f.yaml", "/fields/own/never_send/1", "feishu")
    ]  # snow exists, in one environment


# --------------------------------------------------------------------------------------------------------------- patterns
@pytest.mark.parametrize(
    "pattern",
    [
        r"^CC-[0-9]{4}$",
        r"^1[3-9]\d{9}$",  # a mobile number
        r"^\d{3,4}-\d{7,8}$",
        r"^[a-z]+(-[a-z]+)*$",
        r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        r"^.*@corp\.com$",
        r"INC\d+",
        r"^(https?|ftp)://",
        r"^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$",
        r"^[一-鿿]{2,4}$",
        r"^(A|B|C)-\d{1,6}(\.\d{1,2})?$",
    ],
)
def test_patterns_people_write_are_taken(pattern: str) -> None:
    assert doubt_about(pattern) is None


letters = st.sampled_from(["a", "b", "[ab]", ".", r"\w", r"[^a\n]"])
patterns = st.recursive(
    letters,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}"])).map(lambda two: f"(?:{two[0]}){two[1]}"),
    ),
    max_leaves=8,
)


@given(patterns, st.sampled_from(["a", "b", "ab", "ba", "aab"]))
def test_no_pattern_that_is_taken_can_be_made_to_run_for_ever(pattern: str, again: str) -> None:
    """The worst text for it, as long as a text may be, and a last letter that never fits: were it otherwise, this would not end."""
    assume(doubt_about(f"^{pattern}$") is None)
    text = again * (LONGEST_MATCHED // len(again) - 1) + "\n-"
    assert re.search(f"^{pattern}$", text, re.ASCII) is None


# ----------------------------------------------------------------------------------------------------------------- values
@pytest.mark.practice("A9")
@pytest.mark.parametrize(
    ("type_", "constraints", "good", "bad"),
    [
        ("number", {"minimum": 1}, [1, 1.5, 10**30], [0.99, -1, True, "1", float("nan"), float("inf")]),
        ("number", {"exclusiveMaximum": 1}, [0.99, -5], [1]),
        ("number", {"multipleOf": 0.1}, [0.3, 1, 7.7], [0.25]),
        ("integer", {"multipleOf": 5}, [0, -10, 15.0], [3, 2.5]),
        ("duration", {"maximum": 60}, [0, 60], [60.5]),
        ("text", {"minLength": 2}, ["ab", "中文", "👍👍"], ["a", "中", 12]),  # characters, not bytes
        ("text", {"pattern": r"^\d+$"}, ["12"], ["x", "１２", "1" * (LONGEST_MATCHED + 1)]),  # ASCII digits, as ECMA 262 says
        ("choices", {"minItems": 2, "uniqueItems": True}, [("a", "b")], [("a",), ("a", "a"), "ab"]),
    ],
)
def test_values_are_held_against_constraints(type_: Any, constraints: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    asks = constraint_of(Field(id=FieldId("x"), label={}, type=type_, constraints=constraints))
    assert asks is not None
    assert [value for value in [*good, None, "", ()] if asks(value) is not None] == []  # empty is `required`'s business
    assert [value for value in bad if asks(value) is None] == []


def test_short_forms_and_constraints_are_both_met() -> None:
    field = Field(id=FieldId("x"), label={}, type="text", pattern="^a", max_length=5, constraints={"pattern": "z$", "maxLength": 4})
    asks = constraint_of(field)
    assert asks is not None
    assert [asks(text) for text in ("a--z", "b--z", "a---", "a---z")] == [None, "pattern", "allOf", "maxLength"]


json_values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 12), st.sampled_from([0.5, 2.5, 7.0]),
    st.sampled_from(["", "a", "ab", "abc", "a-1", "zzzzzzz", "incident", "closed", "p1", "satisfied", "2026-11-22", "Ünï"]),
    st.lists(st.sampled_from(["first_line_support", "second_line_support", "nonsense"]), max_size=3).map(tuple),
    st.just(datetime(2026, 11, 22, 9, tzinfo=UTC)),
)  # fmt: skip
OWN = practice_of(
    "  amount: {label: {en: Amount}, type: number, constraints: {minimum: 1, exclusiveMaximum: 10, multipleOf: 0.5}}\n"
    "  seats: {label: {en: Seats}, type: integer, constraints: {maximum: 7}}\n"
    "  code: {label: {en: Code}, type: text, pattern: '^[a-z]', max_length: 5, constraints: {minLength: 2, pattern: '[a-z0-9]$'}}\n"
    "  tags: {constraints: {minItems: 2, uniqueItems: true}}\n"
)
VALIDATOR = Draft202012Validator(inquiry_schema(OWN))
CHECK = inquiry_check(OWN)
names = st.sampled_from(
    [*map(FieldId, ("amount", "seats", "code", "tags", "title", "status", "priority", "is_repeat", "solution")), FieldId("nobody")]
)


def as_json(value: Value) -> Any:
    return value.isoformat() if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value


@given(st.dictionaries(names, json_values, max_size=5))
def test_the_schema_and_our_own_check_agree(values: dict[FieldId, Value]) -> None:
    """Any tool that reads JSON Schema comes to the same answer. (An instant is text to it, so texts are not given instants here.)"""
    assume(not any(isinstance(value, datetime) for value in values.values()))
    document = {str(name): as_json(value) for name, value in values.items()}
    assert VALIDATOR.is_valid(document) == (not CHECK(values)), (document, CHECK(values))


@pytest.mark.practice("A6", "A9")
def test_the_schema_says_what_people_read_and_what_is_mandatory() -> None:
    schema = inquiry_schema(builtin())
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["title"]["title"] == "Subject / 标题"
    assert {"const": "p1", "title": "P1 critical / P1 紧急"} in schema["properties"]["priority"]["oneOf"]
    assert set(schema["properties"]) == {str(name) for name, field in builtin().fields.items() if field.type != "messages"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"status": "in_progress"})
    assert not validator.is_valid({"status": "closed", "solution": "done"})  # its category at closure is missing
    assert not validator.is_valid({"status": "closed", "solution": "", "problem_category": "usage"})
    assert validator.is_valid({"status": "closed", "solution": "done", "problem_category": "usage"})
    assert inquiry_schema(builtin()) == schema  # the same practice, the same schema


def test_every_record_has_a_schema() -> None:
    made = practice_of(own("type: number, constraints: {minimum: 0}"), "kind: Fields\nid: of_responses\nrecord: response\n")
    validator = Draft202012Validator(inquiry_schema(made, "response"))
    assert validator.is_valid({"own": 3})
    assert not validator.is_valid({"own": -3})
    with pytest.raises(KeyError):
        inquiry_schema(made, "nothing")


def test_what_is_wrong_is_said_in_words() -> None:
    values: dict[FieldId, Value] = {
        FieldId("titel"): "x",
        FieldId("priority"): "p11",
        FieldId("amount"): 0.25,
        FieldId("is_repeat"): "yes",
        FieldId("status"): "closed",
        FieldId("problem_category"): "usage",
        FieldId("created_at"): datetime(2026, 11, 22),  # without a zone it is no instant
    }
    told = {one.place.path: (one.rule, one.nearest) for one in check_inquiry(OWN, values)}
    assert told == {
        "/titel": ("unknown-field", "title"),
        "/priority": ("unknown-choice", "p1"),
        "/amount": ("out-of-bounds", None),
        "/is_repeat": ("wrong-type", None),
        "/solution": ("missing-value", None),
        "/created_at": ("wrong-type", None),
    }


ASKED: dict[str, dict[str, str]] = {
    # the ticket itself, as formed by the system, and what users and the desk add to it
    "A1": {
        "number": "text", "service_form": "choice", "status": "status", "user_satisfaction": "choice", "channel": "choice",
        "user_scenario": "text", "created_by": "person", "created_at": "datetime", "updated_at": "datetime", "ended_at": "datetime",
        "ended_by": "person", "first_response_duration": "duration", "resolution_duration": "duration",
        "handling_duration": "duration", "tags": "choices",
    },
    "A2": {"user": "person", "email": "email", "country_region": "text", "city": "text", "department": "text"},
    "A3": {"agent_name": "person", "skill_group": "text", "bot": "text"},
    "A4": {"message_log": "messages"},
    # what is known when it ends
    "A5": {
        "system_module": "choice", "problem_category": "choice", "is_repeat": "boolean", "symptom": "long_text",
        "business_category": "choice", "remarks": "long_text",
    },
    # what is asked at intake; incident and request are told apart by the value stream
    "A8": {
        "symptom": "long_text", "occurred_at": "datetime", "scope_of_impact": "long_text", "systems_concerned": "text",
        "contact_phone": "phone", "stream": "choice",
    },
    "A10": {"classification": "choice", "business_category": "choice", "reclassified": "boolean"},
    # what key figures read and the table lacks
    "A11": {
        "submitted_at": "datetime", "accepted_at": "datetime", "waiting_duration": "duration", "returned": "boolean",
        "misclassified": "boolean", "ring_time": "duration", "answered": "boolean",
    },
    "A12": {"solution": "long_text", "steps_taken": "long_text", "people_involved": "text"},
    "A13": {
        "priority": "choice", "impact": "choice", "urgency": "choice", "current_tier": "choice", "major_incident": "boolean",
        "related_incident": "link", "related_request": "link", "related_problem": "link", "related_change": "link",
        "configuration_item": "link", "asset": "link",
    },
}  # fmt: skip


@pytest.mark.practice("A1", "A2", "A3", "A4", "A5", "A8", "A10", "A11", "A12", "A13")
@pytest.mark.parametrize("number", list(ASKED))
def test_what_the_practice_asks_to_be_recorded_has_a_field(number: str) -> None:
    fields = builtin().fields
    assert {name: fields[FieldId(name)].type for name in ASKED[number]} == ASKED[number]


@pytest.mark.practice("A6")
def test_every_field_says_how_it_comes_to_be_and_who_may_write_it() -> None:
    for field in builtin().fields.values():
        formed = field.entry in ("system", "computed")
        by_transition = field.type == "status"
        assert formed or by_transition or field.writers, field.id


@pytest.mark.practice("A7", "A14")
def test_a_contact_that_needs_nothing_further_leaves_a_trace_of_its_own() -> None:
    """At least its time, its duration and what was said, under a number that nobody types."""
    contact, inquiry = builtin().records["contact"], builtin().fields
    assert {name: contact[FieldId(name)].type for name in ("contact_at", "talk_time", "content")} == {
        "contact_at": "datetime", "talk_time": "duration", "content": "long_text",
    }  # fmt: skip
    assert {"nothing_further", "wrong_number"} <= set(contact[FieldId("outcome")].choices)
    for number in (contact[FieldId("contact_number")], inquiry[FieldId("number")]):
        assert (number.entry, number.writers) == ("system", ())


def test_every_type_is_provided_for() -> None:
    types = {field.type for field in builtin().fields.values()}
    assert set(KEYWORDS) <= types | {"number", "integer", "choices", "date"}

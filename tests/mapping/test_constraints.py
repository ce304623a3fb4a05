"""A platform's value that does not meet its field's constraints (practice A9): kept raw and shown, never carried on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.connector import Ref, RemoteChange, RemoteRecord, View
from deskweave.mapping import BoundMapper, Codec, Dialect, text_codec
from deskweave.mapping.codec import choice_codec
from deskweave.model import (
    Binding,
    Choice,
    CollectionBinding,
    ConnectionName,
    Field,
    FieldBinding,
    FieldId,
    Json,
    Status,
    StatusBinding,
    StatusModel,
    Value,
)
from deskweave.model.constraint import constraint_of
from deskweave.model.practice import Phase

CODE, AMOUNT, TAGS, NOTE, HIDDEN, STATUS = map(FieldId, ("code", "amount", "tags", "note", "hidden", "status"))
FIELDS = {
    CODE: Field(id=CODE, label={}, type="text", pattern="^CC-[0-9]{4}$"),
    AMOUNT: Field(id=AMOUNT, label={}, type="number", constraints={"minimum": 0, "maximum": 100}),
    TAGS: Field(
        id=TAGS, label={}, type="choice", choices={slug: Choice(slug=slug, label={}) for slug in ("a", "b")}
    ),
    NOTE: Field(id=NOTE, label={}, type="long_text", constraints={"minLength": 3}),
    HIDDEN: Field(id=HIDDEN, label={}, type="text", max_length=5),  # not bound there, and a companion all the same
}  # fmt: skip
COLLECTION = CollectionBinding(
    name="t",
    holds=None,
    fields={
        CODE: FieldBinding(at="c", native="c"),
        AMOUNT: FieldBinding(at="n", native="n"),
        TAGS: FieldBinding(at="g", native="g", choices={"a": "A", "b": "B"}),
        NOTE: FieldBinding(at="x", native="x", max_length=4),
    },
    statuses={
        "open": StatusBinding(is_={"s": "1"}),
        "done": StatusBinding(
            is_={"s": "2"},
            sets={
                "code_too": {"field": "code", "default": "none"},
                "hidden_too": {"field": "hidden", "default": "none"},
                "tag_too": {"field": "tags", "default": "none"},
            },
        ),
    },
)
STATUSES = StatusModel(
    id="m",
    initial="open",
    statuses={slug: Status(slug=slug, label={}, phase=Phase.ACTIVE) for slug in ("open", "done")},
    transitions={},
)


def _read(raw: Json, _field: Field, _at: FieldBinding) -> Value:
    return raw if isinstance(raw, (int, float)) else None


DIALECT = Dialect(
    codecs={
        "choice": choice_codec(lambda raw: raw, lambda raw: raw),
        "number": Codec(_read, lambda value, _f, _a: value),  # type: ignore[arg-type,return-value]
        "*": text_codec,
    },
    digest="1",
)


def mapper() -> BoundMapper:
    return BoundMapper(
        Binding(connection=ConnectionName("p"), digest="d", collections={"t": COLLECTION}, fields=FIELDS, statuses=STATUSES),
        DIALECT,
    )


def record(**fields: Json) -> RemoteRecord:
    return RemoteRecord(ref=Ref("t", "1"), fields=fields, corr=None, updated_at=None, version=None, updated_by=None, label="1")


@pytest.mark.practice("A9")
@pytest.mark.parametrize(
    ("fields", "values", "unknown"),
    [
        ({"c": "CC-0001"}, {"code": "CC-0001"}, {}),
        ({"c": " CC-0001\n"}, {"code": "CC-0001"}, {}),  # as two platforms agree on it, then held against the pattern
        ({"c": "cc-1"}, {}, {"code": "cc-1"}),  # kept as it came
        ({"c": ""}, {"code": None}, {}),  # empty is not wrong
        ({"n": 100}, {"amount": 100}, {}),
        ({"n": 100.5}, {}, {"amount": 100.5}),
        ({"n": float("nan")}, {}, {"amount": pytest.approx(float("nan"), nan_ok=True)}),
        ({"x": "ab"}, {}, {"note": "ab"}),
        ({"x": "abcdef"}, {"note": "abcd"}, {}),  # shortened to what the platform holds, and still long enough
    ],
)
def test_reading(fields: dict[str, Json], values: dict[str, Any], unknown: dict[str, Any]) -> None:
    view = mapper().read(record(**fields))
    assert (dict(view.values), dict(view.unknown)) == (values, unknown)


def test_history_of_such_a_value_is_bridged() -> None:
    def line(old: Json, new: Json) -> RemoteChange:
        at = datetime(2026, 11, 22, tzinfo=UTC)
        return RemoteChange(change_id="1", ref=Ref("t", "1"), field="c", old=old, new=new, at=at, order=0, by=None)

    assert mapper().read_change(line("CC-0001", "wrong")) is None
    change = mapper().read_change(line("wrong", "CC-0002"))
    assert change is not None
    assert (change.old, change.new) == (None, "CC-0002")


def test_a_value_that_came_in_before_its_constraint_goes_nowhere() -> None:
    """The inquiry may hold what a newer practice no longer allows, and what no bound field can show."""
    document: dict[FieldId, Value] = {CODE: "old", AMOUNT: -1, NOTE: "a", TAGS: "gone", HIDDEN: "too long", STATUS: "done"}
    made = mapper()
    assert made.draft("t", document, corr="", key="").fields == {
        "s": "2", "code_too": "none", "hidden_too": "none", "tag_too": "none",
    }  # fmt: skip
    assert made.project("t", document).values.keys() == {STATUS}
    patch = made.patch(View(document), record(s="1", c="CC-0001", n=5, x="abc", g="A"), key="")
    assert (dict(patch.set), patch.covers) == ({"s": "2", "code_too": "none", "hidden_too": "none", "tag_too": "none"}, {STATUS})


def test_what_stands_there_wrongly_is_not_written_over() -> None:
    patch = mapper().patch(View({CODE: "CC-0002"}), record(c="by hand"), key="")
    assert not patch.set


raw = st.fixed_dictionaries(
    {},
    optional={
        "c": st.sampled_from(["CC-0001", "CC-1", "", "x"]) | st.text(max_size=8),
        "n": st.integers(-200, 200) | st.floats(),
        "g": st.sampled_from(["A", "B", "C", ""]),
        "x": st.text(max_size=8),
        "s": st.sampled_from(["1", "2", "3"]),
    },
)


@given(raw)
def test_nothing_is_lost_and_nothing_wrong_is_read(fields: dict[str, Json]) -> None:
    """Every readable field is either a value that meets its constraints or is kept as it came."""
    view = mapper().read(record(**fields))
    native = {at.native: name for name, at in COLLECTION.fields.items()}
    for name, value in fields.items():
        if name == "s":
            continue
        at = native[name]
        assert (at in view.values) != (at in view.unknown)
        if at in view.unknown:
            assert view.unknown[at] is value
        else:
            asks = constraint_of(FIELDS[at])
            assert asks is None or asks(view.values[at]) is None


@given(raw, raw)
def test_what_one_platform_has_wrongly_never_reaches_another(here: dict[str, Json], there: dict[str, Json]) -> None:
    made = mapper()
    document = dict(made.read(record(**here)).values)
    sent = {**made.draft("t", document, corr="", key="").fields, **made.patch(View(document), record(**there), key="").set}
    for name, at in COLLECTION.fields.items():
        asks = constraint_of(FIELDS[name])
        if asks is not None and sent.get(at.native) is not None:
            assert asks(sent[at.native]) is None  # type: ignore[arg-type]


def test_a_field_without_constraints_costs_nothing() -> None:
    free = {name: replace(field, pattern=None, max_length=None, constraints={}) for name, field in FIELDS.items()}
    assert all(constraint_of(field) is None for field in free.values())

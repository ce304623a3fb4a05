"""The one interpreter of bindings: lossy on purpose, never guessing, the same both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.connector import Ref, RemoteChange, RemoteRecord, View
from deskweave.mapping import BoundMapper, Dialect
from deskweave.mapping.codec import choice_codec, normalise_text, text_codec
from deskweave.model import (
    Binding,
    Choice,
    CollectionBinding,
    ConnectionName,
    Field,
    FieldBinding,
    FieldId,
    Json,
    Phase,
    Policy,
    Status,
    StatusBinding,
    StatusModel,
    Value,
)

TITLE, STEPS, CATEGORY, CITY, STATUS = map(FieldId, ("title", "steps", "category", "city", "status"))
FIELDS = {
    TITLE: Field(id=TITLE, label={"en": "Subject"}, type="text"),
    STEPS: Field(id=STEPS, label={"en": "Steps"}, type="long_text"),
    CATEGORY: Field(
        id=CATEGORY,
        label={"en": "Category"},
        type="choice",
        choices={slug: Choice(slug=slug, label={"en": slug}) for slug in ("hardware", "usage")},
    ),
    CITY: Field(id=CITY, label={"en": "City"}, type="text"),
}
STATUSES = StatusModel(
    id="inquiry",
    initial="new",
    statuses={
        slug: Status(slug=slug, label={"en": slug}, phase=Phase.ACTIVE)
        for slug in ("new", "working", "on_user", "on_vendor", "resolved", "closed")
    },
    transitions={},
)
COLLECTION = CollectionBinding(
    name="incident",
    holds=None,
    correlation="correlation_id",
    fields={
        TITLE: FieldBinding(at="short_description", native="short_description", max_length=12),
        STEPS: FieldBinding(at="u_steps", native="u_steps"),
        CATEGORY: FieldBinding(at="category", native="category", choices={"hardware": "hw", "usage": "7"}),
        CITY: FieldBinding(at="City", native="City", policy=Policy.SHARED, provisioned=False),
    },
    statuses={
        "new": StatusBinding(is_={"state": "1"}),
        "working": StatusBinding(is_={"state": "2"}),
        "on_user": StatusBinding(is_={"state": "3", "hold_reason": "1"}, reads=({"state": "3"},)),
        "on_vendor": StatusBinding(is_={"state": "3", "hold_reason": "4"}),
        "resolved": StatusBinding(
            is_={"state": "6"},
            sets={
                "close_notes": {"field": "steps", "default": "-"},
                "close_code": {"choice": "category", "choices": {"hardware": "Workaround"}, "default": "No resolution"},
                "close_by": "deskweave",
            },
        ),
        "closed": StatusBinding(is_={"state": "6"}, reads=({"state": "7"},)),
    },
    fixed={"company": "acme"},
)
DIALECT = Dialect(codecs={"choice": choice_codec(lambda raw: raw, lambda raw: raw), "*": text_codec}, digest="1", empty="")


def mapper(dialect: Dialect = DIALECT) -> BoundMapper:
    binding = Binding(
        connection=ConnectionName("snow"), digest="b", collections={"incident": COLLECTION}, fields=FIELDS, statuses=STATUSES
    )
    return BoundMapper(binding, dialect)


def record(**fields: Json) -> RemoteRecord:
    return RemoteRecord(
        ref=Ref("incident", "1"), fields=fields, corr=None, updated_at=None, version="3", updated_by=None, label="INC1"
    )


@pytest.mark.parametrize(
    ("fields", "values", "unknown"),
    [
        ({}, {}, {}),  # nothing was readable: nothing is said
        ({"short_description": ""}, {"title": None}, {}),  # empty is not unreadable
        ({"short_description": "  a\r\nb "}, {"title": "a b"}, {}),  # one line is one line
        ({"short_description": "0123456789abcdef"}, {"title": "0123456789ab"}, {}),  # longer than both can hold
        ({"short_description": ["hostile"]}, {}, {"title": ["hostile"]}),  # a wrong type is kept raw
        ({"category": 7}, {"category": "usage"}, {}),  # 7 and "7" are one raw value
        ({"category": "network"}, {}, {"category": "network"}),  # no word for it: never guessed
        ({"City": "Suzhou"}, {}, {}),  # not provisioned yet: neither read nor written
        ({"state": "3", "hold_reason": "4"}, {"status": "on_vendor"}, {}),  # the most exact spelling wins
        ({"state": "3", "hold_reason": "9"}, {"status": "on_user"}, {}),  # `reads` catches the rest
        ({"state": "3"}, {"status": "on_user"}, {}),  # hold_reason not readable
        ({"state": "6"}, {"status": "resolved"}, {}),  # two statuses are spelled alike: the first one stands for both
        ({"state": "9"}, {}, {"status": {"state": "9"}}),  # unknown status: raw
    ],
)
def test_reading(fields: Mapping[str, Json], values: Mapping[str, Value], unknown: Mapping[str, Json]) -> None:
    view = mapper().read(record(**fields))
    assert (dict(view.values), dict(view.unknown)) == (values, unknown)


def test_a_draft_carries_correlation_fixed_values_and_the_companions_of_its_status() -> None:
    draft = mapper().draft("incident", {TITLE: "Printer", STATUS: "resolved", CATEGORY: "hardware"}, corr="i:1", key="k")
    assert draft.fields == {
        "company": "acme",
        "short_description": "Printer",
        "category": "hw",
        "state": "6",
        "hold_reason": "",
        "close_notes": "-",
        "close_code": "Workaround",
        "close_by": "deskweave",
        "correlation_id": "i:1",
    }


def test_a_patch_states_only_what_reads_differently() -> None:
    seen = record(short_description="Printer ", u_steps="old", category="network", state="3", hold_reason="4")
    want = View({TITLE: "Printer", STEPS: None, CATEGORY: "usage", STATUS: "working"})
    patch = mapper().patch(want, seen, key="k")
    assert patch.set == {"u_steps": "", "state": "2", "hold_reason": ""}
    assert patch.clear == {"u_steps"}
    assert patch.covers == {STEPS, STATUS}  # a raw value without a word is never overwritten
    assert patch.if_version == "3"


def test_a_status_that_is_walked_to_stands_apart() -> None:
    walked = mapper(Dialect(codecs=DIALECT.codecs, digest="1", status_by="transition"))
    patch = walked.patch(View({STATUS: "resolved", STEPS: "did it"}), record(state="1", u_steps="did it"), key="k")
    assert patch.status == "6"
    assert patch.set == {"close_notes": "did it", "close_code": "No resolution", "close_by": "deskweave"}
    assert "state" not in walked.draft("incident", {STATUS: "resolved"}, corr="", key="").fields


@pytest.mark.parametrize(
    ("field", "old", "new", "expected"),
    [
        ("state", "1", "3", (STATUS, "new", "on_user")),  # history tells one key at a time
        ("state", "1", "9", None),  # no word for where it went
        ("hold_reason", "1", "4", None),  # a companion says nothing by itself
        ("category", "hw", "7", (CATEGORY, "hardware", "usage")),
        ("category", "hw", "network", None),
        ("assigned_to", "a", "b", None),  # not bound
    ],
)
def test_history_lines(field: str, old: Json, new: Json, expected: tuple[FieldId, Value, Value] | None) -> None:
    line = RemoteChange(
        change_id="1",
        ref=Ref("incident", "1"),
        field=field,
        old=old,
        new=new,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        order=0,
        by=None,
    )
    change = mapper().read_change(line)
    assert (change and (change.field, change.old, change.new)) == expected


documents = st.fixed_dictionaries(
    {},
    optional={
        TITLE: st.none() | st.text(max_size=30),
        STEPS: st.none() | st.text(max_size=60),
        CATEGORY: st.sampled_from([None, "hardware", "usage"]),
        CITY: st.none() | st.text(max_size=5),
        STATUS: st.sampled_from(list(STATUSES.statuses)),
    },
)


@given(documents)
def test_reading_what_was_drafted_is_the_projection(document: Mapping[FieldId, Value]) -> None:
    drafted = mapper().draft("incident", document, corr="c", key="k")
    raw = {"short_description": "", "u_steps": "", "category": "", **drafted.fields}
    projected = dict(mapper().project("incident", document).values)
    assert dict(mapper().read(record(**raw)).values) == projected


@given(documents, documents)
def test_a_patch_brings_any_record_to_what_is_wanted_and_then_there_is_nothing_left(
    have: Mapping[FieldId, Value], want: Mapping[FieldId, Value]
) -> None:
    raw = {"short_description": "", "u_steps": "", "category": "", **mapper().draft("incident", have, corr="c", key="k").fields}
    wanted = mapper().project("incident", want)
    patch = mapper().patch(wanted, record(**raw), key="k")
    after = record(**{**raw, **patch.set})
    seen = mapper().read(after).values
    assert all(seen[name] == value for name, value in wanted.values.items())
    again = mapper().patch(wanted, after, key="k")
    assert (again.set, again.status, again.covers) == ({}, None, frozenset())


@given(st.text(max_size=80), st.booleans(), st.none() | st.integers(1, 40))
def test_text_settles_in_one_step(text: str, lines: bool, limit: int | None) -> None:
    """Two platforms that normalise each other's text must come to rest."""
    once = normalise_text(text, lines=lines, limit=limit)
    assert once is None or normalise_text(once, lines=lines, limit=limit) == once


def test_another_dialect_or_binding_is_another_digest() -> None:
    assert mapper().digest != mapper(Dialect(codecs=DIALECT.codecs, digest="2")).digest

"""The search for an inquiry, held against trying every inquiry there can be."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.model import Choice, Field, FieldId, Json, Value
from deskweave.model.practice import FieldType
from deskweave.model.predicate import holds
from deskweave.practice.lint import Cases, satisfiable, uncovered


def field(name: str, kind: FieldType, *choices: str) -> Field:
    return Field(id=FieldId(name), label={}, type=kind, choices={one: Choice(slug=one, label={}) for one in choices})


FIELDS: Mapping[FieldId, Field] = {
    one.id: one
    for one in (
        field("stream", "choice", "incident", "request", "problem"),
        field("urgent", "boolean"),
        field("tags", "choices", "first", "second"),
        field("status", "status"),
        field("count", "integer"),
        field("share", "number"),
        field("city", "text"),
    )
}
WORDS = {"status": ("open", "done")}
#: every value a predicate of PREDICATES can tell apart
DOMAINS: Mapping[str, tuple[Value, ...]] = {
    "stream": ("incident", "request", "problem", None),
    "urgent": (True, False, None),
    "tags": ((), ("first",), ("second",), ("first", "second")),
    "status": ("open", "done"),
    "count": (-1, 0, 1, 2, 3, 4, None),
    "share": (-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0, None),
    "city": ("", "a", "b", "c", None),
}


def leaves_of(name: str, values: st.SearchStrategy[Any], ordered: bool) -> st.SearchStrategy[Json]:
    one = st.tuples(st.sampled_from(["eq", "ne", *(["lt", "lte", "gt", "gte"] if ordered else [])]), values)
    many = st.tuples(st.sampled_from(["in", "not_in"]), st.lists(values, max_size=3))
    there = st.tuples(st.just("present"), st.booleans())
    return st.one_of(one, many, there).map(lambda test: {name: {test[0]: test[1]}})


LEAVES = st.one_of(
    leaves_of("stream", st.sampled_from(["incident", "request", "problem", "gone"]), False),
    leaves_of("urgent", st.booleans(), False),
    leaves_of("tags", st.sampled_from(["first", "second", "gone"]), False),
    leaves_of("status", st.sampled_from(["open", "done"]), False),
    leaves_of("count", st.integers(0, 3), True),
    leaves_of("share", st.sampled_from([0.0, 0.5, 1.0]), True),
    leaves_of("city", st.sampled_from(["a", "b", ""]), False),
)
PREDICATES: st.SearchStrategy[Mapping[str, Json]] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


def inquiries(*predicates: Mapping[str, Json]) -> list[dict[FieldId, Value]]:
    text = repr(predicates)
    names = [name for name in DOMAINS if repr(name) in text]
    return [
        {FieldId(name): value for name, value in zip(names, row, strict=True)}
        for row in product(*(DOMAINS[name] for name in names))
    ]


@given(PREDICATES)
def test_an_inquiry_is_found_exactly_where_there_is_one(predicate: Mapping[str, Json]) -> None:
    found = satisfiable(predicate, FIELDS, WORDS)
    assert found.exact
    assert found.possible is any(holds(predicate, one) for one in inquiries(predicate))
    if found.possible:
        assert holds(predicate, _whole(found.values))


@given(st.lists(PREDICATES, max_size=3))
def test_what_several_leave_out(predicates: list[Mapping[str, Json]]) -> None:
    found = uncovered(predicates, FIELDS, WORDS)
    assert found.possible is any(not any(holds(one, case) for one in predicates) for case in inquiries(*predicates))
    if found.possible:
        assert not any(holds(one, _whole(found.values)) for one in predicates)


@given(st.lists(PREDICATES, min_size=2, max_size=3))
def test_inside_one_and_outside_others(predicates: list[Mapping[str, Json]]) -> None:
    first, *others = predicates
    found = Cases(predicates, FIELDS, WORDS).find(first, outside=others)
    wanted = [case for case in inquiries(*predicates) if holds(first, case) and not any(holds(one, case) for one in others)]
    assert found.possible is bool(wanted)


def _whole(values: Mapping[FieldId, Value]) -> Mapping[FieldId, Value]:
    """What no test looked at is filled in as any inquiry would have it."""
    return {FieldId("status"): "open", FieldId("tags"): (), **values}


@pytest.mark.parametrize(
    ("predicate", "possible", "exact"),
    [
        # a clock is no field: it may be met or missed, so nothing is claimed beyond what the words themselves show
        ({"first_response": {"met": True}}, True, False),
        ({"all": [{"first_response": {"met": True}}, {"not": {"first_response": {"met": True}}}]}, False, True),
        # an order of words is not looked into
        ({"city": {"gt": "m"}}, True, False),
        # a date is compared as text
        ({"all": [{"stream": {"eq": "incident"}}, {"stream": {"eq": "request"}}]}, False, True),
        ({"all": [{"count": {"gt": 2}}, {"count": {"lt": 3}}]}, False, True),  # no whole number lies between
        ({"all": [{"share": {"gt": 2}}, {"share": {"lt": 3}}]}, True, True),  # a number does
    ],
)
def test_what_is_certain(predicate: Mapping[str, Json], possible: bool, exact: bool) -> None:
    found = satisfiable(predicate, FIELDS, WORDS)
    assert (found.possible, found.exact) == (possible, exact)


def test_many_rules_over_many_words_are_told_in_few_steps() -> None:
    """Two hundred assignments over five hundred items, each item taken by exactly one: nothing is left, and without one, it is."""
    items = tuple(f"item_{number}" for number in range(500))
    fields = {FieldId("service_item"): field("service_item", "catalog_item")}
    rules: list[Mapping[str, Json]] = [{"service_item": {"in": list(items[start::200])}} for start in range(200)]
    rules.append({"service_item": {"present": False}})
    words = {"catalog_item": items}
    assert not uncovered(rules, fields, words).possible
    left = uncovered(rules[1:], fields, words)
    assert left.possible
    assert left.values["service_item"] in items[0::200]  # type: ignore[index]

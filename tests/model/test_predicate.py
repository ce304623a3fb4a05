"""The one conditional grammar, operator by operator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.documents import Document, check
from deskweave.model.predicate import OPERATORS, fields_of, holds
from deskweave_schemas import load

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("predicate", "values", "expected"),
    [
        # nothing asked is fulfilled
        (None, {}, True),
        ({"a": {"eq": "x"}}, {"a": "x"}, True),
        ({"a": {"eq": "x"}}, {}, False),
        ({"a": {"ne": "x"}}, {}, True),
        # a field that holds several values is asked whether it holds this one
        ({"a": {"eq": "x"}}, {"a": ("x", "y")}, True),
        ({"a": {"ne": "x"}}, {"a": ("x", "y")}, False),
        ({"a": {"in": ["x", "z"]}}, {"a": ("y", "z")}, True),
        ({"a": {"not_in": ["x", "z"]}}, {"a": "y"}, True),
        ({"a": {"not_in": ["x"]}}, {}, True),
        # what is empty is neither less nor more; what cannot be compared is not either
        ({"a": {"lt": 5}}, {"a": 4}, True),
        ({"a": {"lt": 5}}, {"a": 5}, False),
        ({"a": {"lte": 5}}, {"a": 5}, True),
        ({"a": {"gt": 5}}, {}, False),
        ({"a": {"gte": 5}}, {"a": "five"}, False),
        ({"a": {"gt": "2026-03-01T11:00:00+00:00"}}, {"a": NOON}, True),
        ({"a": {"gt": "2026-03-01T21:00:00+08:00"}}, {"a": NOON}, False),
        # empty text and empty lists are not present
        ({"a": {"present": True}}, {"a": ""}, False),
        ({"a": {"present": True}}, {"a": ()}, False),
        ({"a": {"present": False}}, {}, True),
        ({"a": {"present": True}}, {"a": False}, True),
        ({"a": {"present": True}}, {"a": 0}, True),
        # not measured is neither met nor missed
        ({"a": {"met": True}}, {"a": True}, True),
        ({"a": {"met": False}}, {"a": False}, True),
        ({"a": {"met": False}}, {}, False),
        # joints
        ({"all": [{"a": {"eq": 1}}, {"b": {"eq": 2}}]}, {"a": 1, "b": 2}, True),
        ({"all": [{"a": {"eq": 1}}, {"b": {"eq": 2}}]}, {"a": 1}, False),
        ({"any": [{"a": {"eq": 1}}, {"b": {"eq": 2}}]}, {"b": 2}, True),
        ({"any": [{"a": {"eq": 1}}]}, {}, False),
        ({"not": {"a": {"eq": 1}}}, {}, True),
    ],
)
def test_holds(predicate: Any, values: Any, expected: bool) -> None:
    assert holds(predicate, values) is expected


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        ({}, "exactly one key"),
        ({"a": {"eq": 1}, "b": {"eq": 2}}, "exactly one key"),
        ({"a": {"eq": 1, "ne": 2}}, "exactly one operator"),
        ({"a": {}}, "exactly one operator"),
        ({"a": {"like": "x"}}, "like is no operator"),
        ({"a": 1}, "takes a mapping"),
        ({"all": {"a": {"eq": 1}}}, "takes a list"),
        ({"not": [{"a": {"eq": 1}}]}, "takes a mapping"),
    ],
)
def test_what_is_not_of_the_grammar(predicate: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        holds(predicate, {"a": 1})
    metric = {"kind": "Metric", "id": "m", "where": predicate}
    assert check(Document(kind="Metric", id="m", body=metric, source="f")), "the schema refuses it as well"


def test_schema_and_evaluator_know_the_same_operators() -> None:
    assert set(load("predicate")["$defs"]["test"]["properties"]) == set(OPERATORS)


def test_fields_of() -> None:
    tree = {"all": [{"a": {"eq": 1}}, {"any": [{"b": {"eq": 1}}, {"not": {"c": {"present": True}}}]}]}
    assert fields_of(tree) == {"a", "b", "c"}
    assert fields_of(None) == frozenset()


SCALARS = st.one_of(st.integers(-3, 3), st.sampled_from(["x", "y"]), st.booleans())
TESTS = st.one_of(
    *(st.fixed_dictionaries({operator: SCALARS}) for operator in ("eq", "ne")),
    *(st.fixed_dictionaries({operator: st.lists(SCALARS, min_size=1, max_size=3)}) for operator in ("in", "not_in")),
    *(
        st.fixed_dictionaries({operator: st.one_of(st.integers(-3, 3), st.sampled_from(["x", "y"]))})
        for operator in ("lt", "lte", "gt", "gte")
    ),
    *(st.fixed_dictionaries({operator: st.booleans()}) for operator in ("present", "met")),
)
LEAVES = st.sampled_from(["a", "b"]).flatmap(lambda name: st.fixed_dictionaries({name: TESTS}))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        *(st.fixed_dictionaries({word: st.lists(inner, min_size=1, max_size=3)}) for word in ("all", "any")),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)
VALUES = st.dictionaries(st.sampled_from(["a", "b"]), st.one_of(SCALARS, st.none(), st.tuples(SCALARS)), max_size=2)


@given(TREES, VALUES)
def test_what_the_schema_accepts_is_evaluated(tree: Any, values: Any) -> None:
    assert check(Document(kind="Metric", id="m", body={"kind": "Metric", "id": "m", "where": tree}, source="f")) == []
    assert holds({"not": tree}, values) is not holds(tree, values)
    assert holds({"all": [tree, tree]}, values) is holds({"any": [tree]}, values) is holds(tree, values)
    assert fields_of(tree) <= {"a", "b"}

"""The quick yes or no and jsonschema, held to the same answer: the gate may never let through what jsonschema refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.documents import check_against
from deskweave.documents.check import _validator
from deskweave.documents.gate import gate, unique
from deskweave.findings import Place
from deskweave_schemas import KINDS, load

JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 100),
        st.sampled_from([0.5, 1.0, 2.0, float("1e20")]),
        st.sampled_from(
            ["", "closed", "PT5M", "P1D", "2026-01-01", "2026-02-30", "Asia/Shanghai", "Mars/Base", "[", "on", "中", "x" * 70]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["label", "en", "eq", "all", "not", "where", "on", "first_response", "X"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


def paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


SPOTS = [(kind, number, path) for kind in KINDS for number, one in enumerate(load(kind)["examples"]) for path in paths(one)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fragment", ["", "#/$defs/complete"])
def test_every_kind_has_a_gate(kind: str, fragment: str) -> None:
    """A keyword without a closure would not be wrong, only slow: nobody would notice."""
    assert gate(kind, fragment) is not None


@settings(max_examples=300)
@given(st.sampled_from(SPOTS), JSON, st.sampled_from(["put", "drop", "add"]), st.sampled_from(["", "#/$defs/complete"]))
def test_gate_and_jsonschema_agree(spot: tuple[str, int, tuple[str | int, ...]], value: Any, how: str, fragment: str) -> None:
    kind, number, path = spot
    body: Any = copy.deepcopy(load(kind)["examples"][number])
    here, last = body, path[-1] if path else None
    for part in path[:-1]:
        here = here[part]
    if last is None:
        body = value
    elif how == "drop":
        del here[last]
    elif how == "add" and isinstance(here, dict):
        here[f"{last}x"] = value
    else:
        here[last] = value
    judge = gate(kind, fragment)
    assert judge is not None
    assert judge(body) is _validator(kind, fragment).is_valid(body)


@given(st.lists(JSON, max_size=4))
def test_unique_agrees_with_jsonschema(items: list[Any]) -> None:
    from jsonschema import Draft202012Validator

    assert unique(items) is Draft202012Validator({"uniqueItems": True}).is_valid(items)


def test_ten_thousand_mappings_are_compared_at_once() -> None:
    """Each with each would be fifty million comparisons."""
    items: Any = [{"n": number} for number in range(10_000)]
    assert check_against({"uniqueItems": True}, items, lambda path, key: Place("f.yaml", "")) == []
    (finding,) = check_against({"uniqueItems": True}, [*items, {"n": 1}], lambda path, key: Place("f.yaml", ""))
    assert (finding.rule, finding.message) == ("out-of-bounds", "the same value stands twice")

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.configure import ElementKey, Lock, LockEntry
from deskweave.documents import read
from deskweave.model import Deletes, FieldId, Match, Visibility
from deskweave.model.predicate import holds
from deskweave.practice import builtin
from deskweave.workspace.binding import disjoint, join, overlaps, spelled_twice

TEXT = """apiVersion: deskweave/v1
kind: Binding
id: toy
practice: service_desk
collections:
  task:
    correlation: corr
    messages: {public: comments, internal: notes}
    fields:
      title: {at: name, policy: owner, max_length: 20}
      priority: {at: prio, choices: {p1: {id: "9"}}}
      service_item: {at: item}
    statuses:
      closed: {is: {state: "7"}, reads: [{state: "8"}], sets: {code: done}}
"""


def joined(lock: Lock | None = None, language: str = "zh", absent: frozenset[tuple[str, str]] = frozenset()) -> Any:
    (document,) = read(TEXT)
    lock = lock or Lock(connection="toy", environment="dev")
    return join(document, builtin(), lock, connection="toy", language=language, absent=absent)


def test_a_table_of_choices_is_complete() -> None:
    practice, fields = builtin(), joined().collections["task"].fields
    assert set(fields[FieldId("priority")].choices) == set(practice.fields[FieldId("priority")].choices)
    assert fields[FieldId("priority")].choices["p1"] == {"id": "9"}  # as written, not as text
    assert fields[FieldId("priority")].choices["p2"] == practice.fields[FieldId("priority")].choices["p2"].label["zh"]
    assert set(fields[FieldId("service_item")].choices) == set(practice.catalog)
    assert joined(language="en").collections["task"].fields[FieldId("priority")].choices["p2"] == "P2 high"


def test_ids_come_from_the_lock_file_and_what_is_not_there_is_not_touched() -> None:
    key = ElementKey("field", "fields/priority", "task")
    lock = Lock(connection="toy", environment="dev", elements={key: LockEntry(native="customfield_7", made=True)})
    fields = joined(lock, absent=frozenset({("task", "service_item")})).collections["task"].fields
    assert fields[FieldId("priority")].native == "customfield_7"
    assert fields[FieldId("title")].native == "name"
    assert fields[FieldId("title")].provisioned
    assert not fields[FieldId("service_item")].provisioned


def test_the_digest_follows_what_reading_depends_on() -> None:
    key = ElementKey("field", "fields/priority", "task")
    lock = Lock(connection="toy", environment="dev", elements={key: LockEntry(native="customfield_7", made=True)})
    assert joined().digest == joined().digest
    assert len({joined().digest, joined(lock).digest, joined(language="en").digest}) == 3


def test_what_is_done_with_records_is_stated_and_is_no_new_way_to_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = joined()
    stated = "    match: {find_by: [title, priority], on_none: leave}\n    deletes: {policy: delete, retention: P7D, made: all}\n"
    monkeypatch.setitem(globals(), "TEXT", TEXT.replace("    correlation: corr\n", f"    correlation: corr\n{stated}"))
    task = joined().collections["task"]
    assert task.match == Match(find_by=(FieldId("title"), FieldId("priority")), on_none="leave")
    assert task.deletes == Deletes(policy="delete", retention=timedelta(days=7), made="all")
    assert joined().digest == plain.digest
    assert (plain.collections["task"].match, plain.collections["task"].deletes) == (None, Deletes())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("match: {find_by: []}", "find_by"),
        ("match: {find_by: [title], on_many: create}", "on_many"),
        ("match: {on_none: leave}", "match"),
        ("deletes: purge", "deletes"),
        ("deletes: {policy: delete, retention: PT1H}", "deletes"),
    ],
)
def test_policies_of_another_shape_are_refused_with_their_place(wrong: str, says: str) -> None:
    from deskweave.documents import check

    (document,) = read(TEXT.replace("    correlation: corr\n", f"    correlation: corr\n    {wrong}\n"))
    (finding,) = check(document)
    assert finding.place.line == 8
    assert says in finding.place.path


def test_the_rest_of_a_collection() -> None:
    task = joined().collections["task"]
    assert task.messages == {Visibility.PUBLIC: "comments", Visibility.INTERNAL: "notes"}
    assert task.statuses["closed"].is_ == {"state": "7"}
    assert task.statuses["closed"].reads == ({"state": "8"},)
    assert task.fields[FieldId("title")].max_length == 20


STREAM = {"stream": {"eq": "incident"}}


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (STREAM, {"stream": {"ne": "incident"}}, True),
        (STREAM, {"not": STREAM}, True),
        (STREAM, {"stream": {"eq": "problem"}}, True),
        (STREAM, {"stream": {"in": ["problem", "praise"]}}, True),
        (STREAM, {"stream": {"in": ["problem", "incident"]}}, False),
        (STREAM, {"stream": {"not_in": ["incident", "problem"]}}, True),
        (STREAM, {"all": [{"priority": {"eq": "p1"}}, {"stream": {"eq": "problem"}}]}, True),
        (STREAM, {"any": [{"stream": {"eq": "problem"}}, {"stream": {"eq": "praise"}}]}, True),
        (STREAM, {"any": [{"stream": {"eq": "problem"}}, {"priority": {"eq": "p1"}}]}, False),
        (STREAM, {"priority": {"eq": "p1"}}, False),
        (STREAM, None, False),  # holds everything
        ({"stream": {"ne": "a"}}, {"stream": {"ne": "b"}}, False),
    ],
)
def test_disjoint(one: Any, other: Any, apart: bool) -> None:
    assert disjoint(one, other) is apart
    assert disjoint(other, one) is apart


VALUES = st.sampled_from(["a", "b", "c"])
LEAF = st.one_of(
    st.builds(lambda f, o, v: {f: {o: v}}, st.sampled_from(["x", "y"]), st.sampled_from(["eq", "ne"]), VALUES),
    st.builds(
        lambda f, o, v: {f: {o: v}},
        st.sampled_from(["x", "y"]),
        st.sampled_from(["in", "not_in"]),
        st.lists(VALUES, min_size=1, max_size=3),
    ),
)
TREE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda word, parts: {word: parts}, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@given(TREE, TREE)
def test_what_is_called_disjoint_never_holds_together(one: Any, other: Any) -> None:
    if disjoint(one, other):
        for x in (None, "a", "b", "c"):
            for y in (None, "a", "b", "c"):
                values: Any = {"x": x, "y": y}
                assert not (holds(one, values) and holds(other, values))


def test_overlap_is_a_warning_with_its_line() -> None:
    text = TEXT + "  change:\n    holds: {stream: {eq: incident}}\n  side: {role: copy}\n"
    (document,) = read(text, "bindings/toy.yaml")
    (finding,) = overlaps(document)
    assert (finding.rule, finding.place.line) == ("holds-overlap", 16)  # `side` has another role


def test_two_choices_spelled_the_same_on_the_platform_are_a_warning_with_its_line() -> None:
    practice = builtin()
    first = practice.fields[FieldId("priority")].choices["p1"].label["zh"]
    (document,) = read(TEXT.replace('p1: {id: "9"}', f"p2: {first}"), "bindings/toy.yaml")
    (finding,) = spelled_twice(document, practice, "zh")
    assert (finding.rule, finding.place.line, finding.found) == ("choice-spelled-twice", 11, first)
    (document,) = read(TEXT)
    assert not list(spelled_twice(document, practice, "zh"))

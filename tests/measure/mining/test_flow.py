"""Paths of inquiries, counted: what follows what, who gives work back, what is reopened."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from deskweave.documents import read
from deskweave.measure import EventLog
from deskweave.measure.mining import Codes, flow, ocel, traces
from deskweave.model import Event, FieldId, InquiryId
from deskweave.practice import compose

START = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
TOP = """apiVersion: deskweave/v1
kind: Practice
id: acme
version: '1'
label: {en: ACME, zh: 艾克米}
languages: [en, zh]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""
PRACTICE = compose(read(TOP, "practice.yaml"))
STATUSES = tuple(PRACTICE.statuses.statuses)


def log(*steps: tuple[str, str, str, int]) -> EventLog:
    """(inquiry, field, value, minutes) in the order in which they became known."""
    return EventLog(
        Event(
            seq=number,
            inquiry=InquiryId(inquiry),
            field=FieldId(field),
            old=None,
            new=value,
            at=START + timedelta(minutes=minutes),
            order=number,
            recorded_at=START,
            actor=None,
            source="log:x",
            origin_id=str(number),
            precise=True,
            refines=None,
            cause=None,
            practice="",
        )
        for number, (inquiry, field, value, minutes) in enumerate(steps, 1)
    )


def counted(events):
    return flow(PRACTICE, traces(PRACTICE, events, Codes("salt")))


def test_ping_pong_is_a_group_that_gets_it_straight_back():
    found = counted(
        log(
            ("a", "status", "in_progress", 0), ("a", "skill_group", "A", 0), ("a", "skill_group", "B", 1), ("a", "skill_group", "A", 2),
            ("a", "skill_group", "B", 3),  # A B A, B A B: twice
            ("b", "status", "in_progress", 0), ("b", "skill_group", "A", 0), ("b", "skill_group", "B", 1), ("b", "skill_group", "C", 2),
            ("b", "skill_group", "A", 3),  # round, and not straight back
        )
    )  # fmt: skip
    assert (found.ping_pong.times, found.ping_pong.inquiries) == (2, 1)
    assert counted(log(("a", "status", "in_progress", 0))).ping_pong is None  # nobody knows a group


def test_reopened_and_rejected_are_told_apart():
    found = counted(
        log(
            ("a", "status", "resolved", 0), ("a", "status", "in_progress", 1), ("a", "status", "closed", 2), ("a", "status", "in_progress", 3),
            ("a", "status", "closed", 4), ("a", "status", "cancelled", 5),  # a closed one that is cancelled is no work again
        )
    )  # fmt: skip
    assert (found.rejected.times, found.reopened.times) == (1, 1)


def test_an_inquiry_is_held_by_who_took_it_at_that_very_instant():
    (trace,) = traces(
        PRACTICE,
        log(("a", "status", "in_progress", 0), ("a", "agent_name", "Li", 0), ("a", "status", "closed", 1)),
        Codes("s", True),
    )
    assert [turn.agent for turn in trace.turns] == ["Li", "Li"]


def test_a_code_says_nothing_without_the_store():
    one, other = Codes("one"), Codes("other")
    assert one.of("Li Lei") == one.of("Li Lei") != other.of("Li Lei")
    assert "Li" not in one.of("Li Lei")
    assert one.of("") is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(STATUSES), st.integers(0, 500)), max_size=30))
def test_every_step_is_in_one_edge_and_one_variant(steps):
    """However a log runs: edges are the steps of all paths, variants hold every inquiry once, OCEL every change."""
    events = log(*((inquiry, "status", status, minutes) for inquiry, status, minutes in steps))
    paths = {}
    for inquiry, status, _ in sorted(steps, key=lambda step: step[2]):
        path = paths.setdefault(inquiry, [])
        if not path or path[-1] != status:
            path.append(status)
    found = counted(events)
    assert Counter({(one.source, one.target): one.count for one in found.edges}) == Counter(
        pair for path in paths.values() for pair in pairwise(path)
    )
    assert Counter({one.path: one.count for one in found.variants}) == Counter(map(tuple, paths.values()))
    assert found.changes == sum(map(len, paths.values()))
    assert len(ocel(PRACTICE, traces(PRACTICE, events, Codes("s")))["events"]) == found.changes
    assert all(one.median >= 0 for one in found.edges)

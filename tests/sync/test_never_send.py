"""What is never sent to a connection (practice A9) stands in no request to it: on a platform in memory, and on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave import workspace
from deskweave.connector import Draft, Outcome, Patch, Ref, RemoteRecord
from deskweave.demo.stage import build, wait
from deskweave.mapping import BoundMapper
from deskweave.model import Binding, ConnectionName, Field, FieldId, Inquiry, Route, StatusBinding, Value, Visibility
from deskweave.model.desk import Amend, PlannedWrite
from deskweave.plugins import load_plugins
from deskweave.store import Store
from deskweave.sync import Engine, Guard, Hooks, Side
from deskweave.testing.memory import FIELDS, STATUSES, MemoryConnection, MemoryHands, MemoryPlatform, small_binding, small_mapper
from deskweave.testing.memory.practice import DETAIL, PRIORITY, STATUS, SUBMITTED, TITLE

A, B = ConnectionName("a"), ConnectionName("b")
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NEEDLE = "zq7needle"
LOG = FieldId("message_log")
WITH_LOG = {**FIELDS, LOG: Field(id=LOG, label={"en": "Messages"}, type="messages")}


class Wire(MemoryConnection):
    """A connection that keeps every word it is asked to carry. A record of it is called by its title, as in some tables."""

    def __init__(self, platform: MemoryPlatform, mapper: Any, said: list[str]) -> None:
        super().__init__(platform, mapper)
        self.said = said

    def _remote(self, record: Any) -> RemoteRecord:
        found = super()._remote(record)
        return replace(found, label=str(record.fields.get("short") or found.label)[:12])

    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        self.said.append(repr(drafts))
        return super().create(drafts)

    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        self.said.append(repr(patches))
        return super().patch(patches)

    def speak(self, parent: Ref, visibility: Visibility, body: str, corr: str, key: str) -> Outcome:
        self.said.append(body)
        return super().speak(parent, visibility, body, corr, key)


class Pair:
    """Two platforms and what is said to each; `never` is the practice's word, `withhold` the route's."""

    def __init__(self, *, never: Sequence[FieldId] = (), withhold: Sequence[FieldId] = (), hooks: Hooks | None = None) -> None:
        self.at = START
        self.fields = never_sent(never)
        self.routes = [Route(id="all", when=None, among=(A, B), withhold={B: frozenset(withhold)})]
        self.store = Store.open(":memory:", now=lambda: self.at, entropy=Random(7).randbytes)
        names = ("a", "b")
        self.platforms = {name: MemoryPlatform(name=name, now=lambda: self.at, seed=n) for n, name in enumerate(names)}
        self.bindings = {name: binding(name) for name in names}
        self.said: dict[str, list[str]] = {name: [] for name in names}
        self.hooks = hooks

    def sync(self, seconds: int = 60) -> None:
        self.at += timedelta(seconds=seconds)
        sides = {}
        for name, platform in self.platforms.items():
            bound = replace(self.bindings[name], fields=self.fields)
            sides[ConnectionName(name)] = Side(
                name=ConnectionName(name),
                connection=Wire(platform, small_mapper, self.said[name]),
                binding=bound,
                mapper=small_mapper(bound),
                access="write",
            )
        more = {} if self.hooks is None else {"hooks": self.hooks}
        Engine(
            store=self.store, sides=sides, routes=self.routes, fields=self.fields, statuses=STATUSES, practice_digest="p1",
            since=START - timedelta(days=1), guard=Guard(update_records=10_000, max_notices=10_000), now=lambda: self.at, **more,
        ).run()  # fmt: skip

    def hands(self, name: str) -> MemoryHands:
        return MemoryHands(self.platforms[name], small_mapper(self.bindings[name]))

    def heard(self, name: str) -> str:
        return "\n".join(self.said[name])


def never_sent(names: Sequence[FieldId]) -> Mapping[FieldId, Field]:
    return {name: replace(field, never_send=("b",) if name in names else ()) for name, field in WITH_LOG.items()}


def binding(name: str) -> Binding:
    """Every way a value can travel: bound, shortened, as a companion of a status (bound or not), spelled by a choice's own word."""
    made = small_binding(name, title_length=40, cross_reference="links")
    collection = made.collections["ticket"]
    fields = {
        **collection.fields,
        PRIORITY: replace(collection.fields[PRIORITY], choices={"low": "3", "medium": "2", "high": f"{NEEDLE}-high"}),
    }
    statuses = {
        **collection.statuses,
        "closed": StatusBinding(
            is_={"state": "9"},
            sets={
                "close_notes": {"field": "detail", "default": "-"},
                "close_word": {"field": "title", "default": "-"},
                "close_code": {"choice": "priority", "choices": {"high": f"{NEEDLE}-code"}, "default": "none"},
            },
        ),
        "working": StatusBinding(is_={"state": f"{NEEDLE}-state" if name == "b" else "2"}),
    }
    return replace(made, collections={"ticket": replace(collection, fields=fields, statuses=statuses)})


MARKED: dict[FieldId, Value] = {
    TITLE: f"{NEEDLE} cannot log in",
    DETAIL: f"what I did\nthen {NEEDLE} and so on",
    PRIORITY: "high",
    STATUS: "working",
}
PLAIN: dict[FieldId, Value] = {TITLE: "printer", DETAIL: "paper", PRIORITY: "low", STATUS: "waiting"}

deeds = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.sampled_from(["a", "b"])),
        st.tuples(st.just("plain"), st.sampled_from(["a", "b"])),
        st.tuples(st.just("close"), st.sampled_from(["a", "b"])),
        st.tuples(st.just("sync"), st.sampled_from([1, 60, 4000])),
        st.tuples(st.just("fault"), st.sampled_from(["lost_request", "late_request", "lost_answer"])),
    ),
    max_size=8,
)


@pytest.mark.practice("A9")
@settings(max_examples=12, deadline=None)
@given(name=st.sampled_from(list(MARKED)), way=st.sampled_from(["never_send", "withhold"]), begins=st.booleans(), script=deeds)
def test_a_marked_value_stands_in_no_request_to_that_connection(
    name: FieldId, way: str, begins: bool, script: list[tuple[str, Any]]
) -> None:
    pair = Pair(never=[name] if way == "never_send" else (), withhold=[name] if way == "withhold" else ())
    marked = {**PLAIN, name: MARKED[name]}
    if name == STATUS:  # its needle is the word the other platform has for it
        marked[STATUS] = "working"
    first = pair.hands("a").create("ticket", marked if begins else PLAIN, "li")
    pair.sync()
    for deed, what in script:
        if deed == "sync":
            pair.sync(what)
        elif deed == "fault":
            pair.platforms["b"].faults.append(what)
        elif deed == "mark":
            pair.hands("a").edit(first, {name: MARKED[name]}, "li")
        elif deed == "plain":
            pair.hands("a").edit(first, {name: PLAIN[name]}, "li")
        elif deed == "close" and name != STATUS:
            pair.hands("a").edit(first, {STATUS: "closed"}, "li")
        pair.hands("a").write(first, Visibility.PUBLIC, "hello", "li")
    for _ in range(4):
        pair.sync(4000)
    assert NEEDLE not in pair.heard("b")


@pytest.mark.parametrize("name", list(MARKED))
def test_without_the_word_it_is_sent(name: FieldId) -> None:
    """The test above looks where the value would be."""
    pair = Pair()
    pair.hands("a").create("ticket", {**PLAIN, name: MARKED[name]}, "li")
    pair.sync()
    assert NEEDLE in pair.heard("b")


def test_messages_are_withheld_by_their_field() -> None:
    pair = Pair(never=[LOG])
    ref = pair.hands("a").create("ticket", PLAIN, "li")
    pair.hands("a").write(ref, Visibility.PUBLIC, f"my {NEEDLE}", "li")
    pair.sync()
    pair.sync()
    assert pair.heard("b")
    assert NEEDLE not in pair.heard("b")


def test_a_draft_that_was_under_way_is_sent_again_without_what_has_been_withheld_since() -> None:
    """The create's answer is lost; before it is tried again the practice learns that the title never goes there."""
    pair = Pair()
    pair.hands("a").create("ticket", {**PLAIN, **{TITLE: MARKED[TITLE], STATUS: "closed"}}, "li")
    pair.platforms["b"].faults = ["lost_request"]
    pair.sync()
    assert NEEDLE in pair.heard("b")
    pair.said["b"].clear()
    pair.fields = never_sent([TITLE])
    for _ in range(4):
        pair.sync(4000)
    assert len(pair.platforms["b"].records) == 1
    assert "printer" not in pair.heard("b")
    assert NEEDLE not in pair.heard("b")


def test_a_plugin_cannot_bring_it_in_by_its_own_name() -> None:
    """A gate may amend what is about to be written, not add to it."""

    def outgoing(inquiry: Inquiry, _write: PlannedWrite) -> list[Amend]:
        return [Amend({TITLE: str(inquiry.values.get(TITLE))}, "a plugin's mistake")]

    pair = Pair(never=[TITLE], hooks=Hooks(outgoing=outgoing))
    ref = pair.hands("a").create("ticket", {**PLAIN, TITLE: MARKED[TITLE]}, "li")
    pair.sync()
    pair.hands("a").edit(ref, {DETAIL: "more"}, "li")
    pair.sync()
    assert "more" in pair.heard("b")
    assert NEEDLE not in pair.heard("b")


def test_what_stands_there_is_read_all_the_same() -> None:
    pair = Pair(never=[DETAIL])
    pair.hands("a").create("ticket", {**PLAIN, DETAIL: None}, "li")
    pair.sync()
    (there,) = [Ref(*key) for key in pair.platforms["b"].records]
    pair.hands("b").edit(there, {DETAIL: "typed there"}, "chen")
    pair.sync()
    (here,) = [Ref(*key) for key in pair.platforms["a"].records]
    assert pair.hands("a").shows(here)[DETAIL] == "typed there"


def test_the_small_practice_has_every_way_a_value_travels() -> None:
    assert set(MARKED) | {SUBMITTED, LOG} == set(WITH_LOG)
    assert isinstance(small_mapper(binding("b")), BoundMapper)


# ------------------------------------------------------------------------------------------------------------- on the wire
PERSONAL: dict[str, Any] = {
    "title": f"{NEEDLE} title",
    "symptom": f"a long story\nof {NEEDLE}",
    "email": f"{NEEDLE}@example.com",
    "city": f"{NEEDLE} city",
    "contact_phone": f"{NEEDLE}-010-5555",
    "solution": f"{NEEDLE} solved",
    "remarks": f"{NEEDLE} remark",
    "cost_centre": f"{NEEDLE} 4711",
    "user": f"{NEEDLE} Wang",
}


def overlay(names: Sequence[str], connection: str) -> str:
    lines = ["apiVersion: deskweave/v1", "kind: Fields", "id: inquiry", "fields:"]
    for name in names:
        more = "label: {en: Cost centre, zh: 成本中心}, type: text, maxLength: 40, " if name == "cost_centre" else ""
        more = more.replace("maxLength: 40", "constraints: {maxLength: 40}")
        lines.append(f"  {name}: {{{more}never_send: [{connection}]}}")
    return "\n".join(lines) + "\n"


@pytest.fixture(params=[("feishu", "servicenow"), ("servicenow", "feishu")], ids=["to-servicenow", "to-feishu"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, str, str]]:
    origin, shielded = request.param
    plugins = load_plugins()
    made = build(
        tmp_path / "desk", [origin, shielded], plugins, opens=datetime(2026, 11, 16, 1, 0, tzinfo=UTC),
        language="en", zone="Asia/Shanghai", seed=3,
    )  # fmt: skip
    try:
        made.space.close()
        (made.folder / "practice" / "never.yaml").write_text(overlay(list(PERSONAL), shielded), encoding="utf-8")
        for name, at in (("feishu", "成本中心"), ("servicenow", "u_cost_centre")):
            file = made.folder / "bindings" / f"{name}.yaml"
            text = file.read_text(encoding="utf-8")
            head, key, rest = text.partition("      title: {")
            file.write_text(f"{head}      cost_centre: {{at: {at}}}\n{key}{rest}", encoding="utf-8")
        made.space = workspace.open(
            made.folder, now=made.clock, plugins=plugins, environ={}, wait=lambda until: wait(made.clock, until)
        )
        yield made, origin, shielded
    finally:
        made.close()


@pytest.mark.practice("A9")
def test_a_marked_value_stands_in_no_request_on_the_wire(stage: tuple[Any, str, str]) -> None:
    made, origin, shielded = stage
    plan, failures = made.space.plan()
    assert not failures
    made.space.apply(plan)
    made.clock.advance(timedelta(hours=1))
    connection = made.space.connect(origin).connection
    bound = made.space.binding(origin)
    hands = made.running[origin].hands(connection.mapper(bound))
    collection = "ledger" if origin == "feishu" else "incident"
    values = {FieldId(name): value for name, value in PERSONAL.items()}
    ref = hands.create(
        collection,
        {**values, FieldId("stream"): "incident", FieldId("status"): "awaiting_acceptance", FieldId("urgency"): "high"},
        "li.wei",
    )
    engine, works, failures = made.space.engine()
    assert not failures
    for values in ({}, {"status": "in_progress"}, {"symptom": f"{NEEDLE} again"}, {"status": "resolved"}, {"urgency": "low"}):
        if values:
            hands.edit(ref, {FieldId(name): value for name, value in values.items()}, "li.wei")
        for _ in range(3):
            made.clock.advance(timedelta(minutes=30))
            report = engine.run(works)
            assert not report.parked
    traffic = list(made.running[shielded].platform.traffic)
    written = [one for one in traffic if one.writes]
    assert any("low" in str(one.body) or "'3'" in str(one.body) or "低" in str(one.body) for one in written)  # it was written to
    leaks = [one for one in traffic if NEEDLE in f"{one.path} {one.query} {one.headers} {one.body}"]
    assert not leaks
    assert NEEDLE in str([one.answer for one in made.running[origin].platform.traffic])  # where it was typed it is read

"""A site on loopback with a turned clock, connections of its accounts, and a binding to work with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from deskweave.connector import Draft, Element, ElementChange, ElementId, Outcome, Ref, RemoteRecord, View
from deskweave.emulation import TurnedTime
from deskweave.http import ConnectionKit, MemoryBudget, open_session
from deskweave.model import (
    Binding,
    Choice,
    CollectionBinding,
    ConnectionName,
    Field,
    FieldBinding,
    FieldId,
    Phase,
    Policy,
    Status,
    StatusBinding,
    StatusModel,
    Transition,
    Value,
    Visibility,
)
from deskweave_jira_sm.client import RATES
from deskweave_jira_sm.connection import JiraConnection
from deskweave_jira_sm.connector import JiraConnector
from deskweave_jira_sm.emulator import RunningJira
from deskweave_jira_sm.emulator.hands import JiraHands

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class NoVault:
    def read(self, name: str) -> str:
        raise KeyError(name)

    def rotate(self, name: str, old: str, new: str) -> bool:
        return False


def term(id_: str, type_: str, **choices: str) -> Field:
    chosen = {slug: Choice(slug=slug, label={"en": text}) for slug, text in choices.items()}
    return Field(id=FieldId(id_), label={"en": id_}, type=type_, choices=chosen)  # type: ignore[arg-type]


CATEGORIES = {"hardware": "Hardware", "software": "Software"}
FIELDS = {
    FieldId(one.id): one
    for one in (
        term("title", "text"),
        term("symptom", "long_text"),
        term("priority", "choice", p1="P1", p2="P2", p3="P3"),
        term("tags", "choices", first_line="First", second_line="Second"),
        term("user", "person"),
        term("email", "email"),
        term("agent_name", "person"),
        term("problem_category", "choice", **CATEGORIES),
        term("service_item", "catalog_item"),
        term("is_repeat", "boolean"),
        term("occurred_at", "datetime"),
        term("contact_duration", "duration"),
        term("solution", "long_text"),
        term("status", "status"),
    )
}
STATUSES = {
    "awaiting_acceptance": "Waiting for support",
    "in_progress": "In progress",
    "waiting_on_user": "Waiting for customer",
    "waiting_on_third_party": "Pending",
    "resolved": "Resolved",
    "closed": "Closed",
    "cancelled": "Canceled",
}


def model() -> StatusModel:
    """The statuses of these tests with the transitions a desk would draw; Jira's workflow lacks some and has others."""
    phases = dict.fromkeys(STATUSES, Phase.ACTIVE) | {
        "awaiting_acceptance": Phase.NEW,
        "closed": Phase.CLOSED,
        "cancelled": Phase.CANCELLED,
    }
    drawn = {
        "accept": (["awaiting_acceptance"], "in_progress"),
        "ask_user": (["in_progress"], "waiting_on_user"),
        "user_answers": (["waiting_on_user"], "in_progress"),
        "hand_over": (["in_progress"], "waiting_on_third_party"),
        "handed_back": (["waiting_on_third_party"], "in_progress"),
        "resolve": (["in_progress", "waiting_on_user", "waiting_on_third_party"], "resolved"),
        "close": (["in_progress", "resolved"], "closed"),
        "reopen": (["closed"], "in_progress"),
        "cancel": (["awaiting_acceptance", "in_progress"], "cancelled"),
    }
    return StatusModel(
        id="inquiry",
        initial="awaiting_acceptance",
        statuses={slug: Status(slug=slug, label={"en": slug}, phase=phase) for slug, phase in phases.items()},
        transitions={
            slug: Transition(slug=slug, label={"en": slug}, sources=tuple(sources), target=target, by=("agent",))
            for slug, (sources, target) in drawn.items()
        },
    )


def binding(**natives: str) -> Binding:
    """The binding of these tests; `natives` are ids of the custom fields that exist already."""

    def at(name: str, native: str = "", **more: object) -> FieldBinding:
        return FieldBinding(at=name, native=native or natives.get(name, name), **more)  # type: ignore[arg-type]

    fields = {
        "title": at("summary", max_length=255),
        "symptom": at("description"),
        "priority": at("priority", choices={"p1": "Highest", "p2": "High", "p3": "Medium"}),
        "tags": at("labels", choices={"first_line": "first_line", "second_line": "second_line"}),
        "user": at("reporter", policy=Policy.READ_ONLY),
        "email": at("reporter.email", policy=Policy.READ_ONLY),
        "agent_name": at("assignee"),
        "problem_category": at("Problem category", choices=CATEGORIES),
        "is_repeat": at("Repeated problem"),
        "occurred_at": at("Occurred at"),
        "contact_duration": at("Duration of the contact"),
        "solution": at("Solution"),
    }
    resolved = {"resolution": "Done"}
    statuses = {
        slug: StatusBinding(
            is_={"status": name},
            reads=({"status": "Escalated"},) if slug == "in_progress" else (),
            sets=resolved if slug in ("resolved", "closed", "cancelled") else {},
        )
        for slug, name in STATUSES.items()
    }
    request = CollectionBinding(
        name="request",
        holds=None,
        messages={Visibility.PUBLIC: "comment", Visibility.INTERNAL: "comment"},
        cross_reference="Counterparts",
        fields={FieldId(slug): one for slug, one in fields.items()},
        statuses=statuses,
    )
    return Binding(
        connection=ConnectionName("jsm"), digest="test", collections={"request": request}, fields=FIELDS, statuses=model()
    )


#: What `apply` makes before the tests: path, name, type, choices.
MADE = (
    ("problem_category", "Problem category", "choice", tuple(CATEGORIES.items())),
    ("is_repeat", "Repeated problem", "boolean", ()),
    ("occurred_at", "Occurred at", "datetime", ()),
    ("contact_duration", "Duration of the contact", "duration", ()),
    ("solution", "Solution", "long_text", ()),
    ("counterparts", "Counterparts", "text", ()),
)


def field_change(slug: str, name: str, type_: str) -> ElementChange:
    attributes = {"name": name, "type": type_, "collection": "request", "label": {"en": name}}
    after = Element(id=ElementId("field", f"fields/{slug}"), native=None, attributes=attributes)
    return ElementChange(verb="create", before=None, after=after)


def choice_change(slug: str, field_name: str, choice: str, text: str) -> ElementChange:
    after = Element(
        id=ElementId("choice", f"fields/{slug}/choices/{choice}"),
        native=None,
        attributes={"name": text, "field": field_name, "collection": "request", "order": 1},
        needs=(ElementId("field", f"fields/{slug}"),),
    )
    return ElementChange(verb="create", before=None, after=after)


def provision(connection: JiraConnection) -> None:
    for slug, name, type_, choices in MADE:
        done = connection.target.apply(field_change(slug, name, type_), key=f"k-{slug}")
        assert done.error is None, done.error
        for choice, text in choices:
            done = connection.target.apply(choice_change(slug, name, choice, text), key=f"k-{slug}-{choice}")
            assert done.error is None, done.error


@dataclass
class Bench:
    """One site and everything a test does to it."""

    now: TurnedTime
    site: RunningJira
    close: list[Callable[[], None]] = field(default_factory=list)

    def connect(self, account: str = "agent", *, bound: bool = True, **settings: object) -> JiraConnection:
        session = open_session()
        self.close.append(session.close)
        kit = ConnectionKit(
            connection="jsm",
            install="test-install",
            now=self.now,
            http=session,
            budget=MemoryBudget(RATES, now=self.now),
            vault=NoVault(),
        )
        made = JiraConnector().connect({**self.site.settings(account), **settings}, kit)  # type: ignore[dict-item]
        if bound:
            made.mapper(binding())
        return made

    def hands(self) -> JiraHands:
        from deskweave_jira_sm.mapping import mapper_for

        return self.site.hands(mapper_for(binding()))

    def later(self, **by: float) -> None:
        self.now.advance(timedelta(**by))

    binding = staticmethod(binding)
    field_change = staticmethod(field_change)
    choice_change = staticmethod(choice_change)

    def draft(self, connection: JiraConnection, corr: str, **values: Value) -> Draft:
        """A draft with a title and `values`, by the connection's mapper."""
        document = {FieldId(name): value for name, value in {"title": f"made for {corr}", **values}.items()}
        return connection.mapper(binding()).draft("request", document, corr=corr, key=f"k-{corr}")

    def create(self, connection: JiraConnection, corr: str = "c-1", **values: Value) -> Outcome:
        (outcome,) = connection.sink.create([self.draft(connection, corr, **values)])
        return outcome

    def patch(self, connection: JiraConnection, ref: Ref, **values: Value) -> Outcome:
        """What is different between the request as it is and `values`, written."""
        (record,) = connection.records.fetch([ref])
        assert isinstance(record, RemoteRecord)
        want = View({FieldId(name): value for name, value in values.items()})
        (outcome,) = connection.sink.patch([connection.mapper(binding()).patch(want, record, key="k")])
        return outcome

    @property
    def state(self):
        return self.site.platform.state


def open_bench() -> Bench:
    now = TurnedTime(START)
    site = JiraConnector().emulator.start(port=0, seed=7, now=now)
    return Bench(now, site)  # type: ignore[arg-type]


def close_bench(bench: Bench) -> None:
    for close in bench.close:
        close()
    bench.site.stop()


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A new site as it is delivered."""
    made = open_bench()
    yield made
    close_bench(made)


_APPLIED = ("fields", "screens", "next_field", "next_option", "next_context")


@pytest.fixture(scope="session")
def applied() -> Mapping[str, object]:
    """What the administrator's apply leaves on a site; done once, over the wire."""
    made = open_bench()
    provision(made.connect("admin"))
    left = {name: getattr(made.state, name) for name in _APPLIED}
    close_bench(made)
    return left


@pytest.fixture
def desk(bench: Bench, applied: Mapping[str, object]) -> Bench:
    """The bench with the practice's fields applied."""
    for name, value in copy.deepcopy(dict(applied)).items():
        setattr(bench.state, name, value)
    bench.later(minutes=1)
    return bench

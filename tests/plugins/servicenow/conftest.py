"""An emulated instance, connections to it by both accounts, and a binding small enough to read at a glance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from deskweave.connector import Connection
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
    StatusBinding,
    Visibility,
)
from deskweave_servicenow import ServiceNow
from deskweave_servicenow.emulator import RunningServiceNow

START = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)
TYPES = {
    "title": "text",
    "symptom": "long_text",
    "user": "person",
    "agent_name": "person",
    "email": "email",
    "skill_group": "text",
    "impact": "choice",
    "urgency": "choice",
    "solution": "long_text",
    "cost_center": "text",
    "tags": "choices",
    "occurred_at": "datetime",
    "is_repeat": "boolean",
}
CHOICES = {"impact": ("high", "medium", "low"), "urgency": ("high", "medium", "low"), "tags": ("first_line", "second_line")}


class NoVault:
    def read(self, name: str) -> str:
        raise KeyError(name)

    def rotate(self, name: str, old: str, new: str) -> bool:
        return False


def make_binding() -> Binding:
    fields = {
        FieldId(name): Field(
            id=FieldId(name),
            label={"en": name},
            type=kind,  # type: ignore[arg-type]
            choices={slug: Choice(slug=slug, label={"en": slug}) for slug in CHOICES.get(name, ())},
        )
        for name, kind in TYPES.items()
    }

    def at(native: str, **more: Any) -> FieldBinding:
        return FieldBinding(at=native, native=native, **more)

    three = {"high": "1", "medium": "2", "low": "3"}
    closing = {"close_code": "Solution provided", "close_notes": {"field": "solution", "default": "See the linked records."}}
    return Binding(
        connection=ConnectionName("snow"),
        digest="test",
        fields=fields,
        statuses=None,
        collections={
            "incident": CollectionBinding(
                name="incident",
                holds={"stream": {"eq": "incident"}},
                correlation="correlation_id",
                cross_reference="u_counterparts",
                messages={Visibility.PUBLIC: "comments", Visibility.INTERNAL: "work_notes"},
                fields={
                    FieldId("title"): at("short_description", max_length=160),
                    FieldId("symptom"): at("description", max_length=4000),
                    FieldId("user"): at("caller_id"),
                    FieldId("agent_name"): at("assigned_to"),
                    FieldId("email"): at("u_email", max_length=100),
                    FieldId("skill_group"): at("assignment_group"),
                    FieldId("impact"): at("impact", choices=three),
                    FieldId("urgency"): at("urgency", choices=three),
                    FieldId("solution"): at("close_notes", max_length=4000),
                    FieldId("cost_center"): at("u_cost_center", max_length=100),
                    FieldId("tags"): at("u_tags", choices={"first_line": "First line", "second_line": "Second line"}),
                    FieldId("occurred_at"): at("u_occurred_at"),
                    FieldId("is_repeat"): at("u_is_repeat"),
                },
                statuses={
                    "new": StatusBinding(is_={"state": "1"}),
                    "in_progress": StatusBinding(is_={"state": "2"}),
                    "waiting_on_user": StatusBinding(is_={"state": "3", "hold_reason": "1"}, reads=({"state": "3"},)),
                    "waiting_on_third_party": StatusBinding(is_={"state": "3", "hold_reason": "4"}),
                    "resolved": StatusBinding(is_={"state": "6"}, sets=closing),
                    "closed": StatusBinding(is_={"state": "7"}, sets=closing),
                },
            ),
            "interaction": CollectionBinding(
                name="interaction",
                holds={"stream": {"ne": "incident"}},
                correlation="u_correlation_id",
                messages={Visibility.INTERNAL: "work_notes"},
                fields={FieldId("title"): at("short_description", max_length=160), FieldId("user"): at("opened_for")},
                statuses={
                    "new": StatusBinding(is_={"state": "new"}, reads=({"state": "queued"},)),
                    "in_progress": StatusBinding(is_={"state": "work_in_progress"}),
                    "closed": StatusBinding(is_={"state": "closed_complete"}),
                },
            ),
        },
    )


@pytest.fixture
def now() -> TurnedTime:
    return TurnedTime(START)


@pytest.fixture
def emulator(now: TurnedTime) -> Iterator[RunningServiceNow]:
    running = ServiceNow().emulator.start(port=0, seed=7, now=now)
    yield running
    running.stop()


@pytest.fixture
def binding() -> Binding:
    return make_binding()


@pytest.fixture
def open_connection(emulator: RunningServiceNow, now: TurnedTime, binding: Binding) -> Iterator[Callable[..., Connection]]:
    """Opens a connection for an account, bound unless `bound` is False; `more` are settings on top."""
    sessions = []

    def open_(account: str = "agent", *, bound: bool = True, **more: Any) -> Connection:
        session = open_session(environment=False)
        sessions.append(session)
        kit = ConnectionKit(connection="snow", install="I", now=now, http=session, budget=MemoryBudget(now=now), vault=NoVault())
        connection = ServiceNow().connect({**emulator.settings(account), **more}, kit)  # type: ignore[arg-type]
        if bound:
            connection.mapper(binding)
        return connection

    yield open_
    for session in sessions:
        session.close()


@pytest.fixture
def agent(open_connection: Callable[..., Connection]) -> Connection:
    return open_connection("agent")


@pytest.fixture
def admin(open_connection: Callable[..., Connection]) -> Connection:
    return open_connection("admin")


@pytest.fixture
def mapper(agent: Connection, binding: Binding) -> Any:
    return agent.mapper(binding)


@pytest.fixture
def hands(emulator: RunningServiceNow, mapper: Any) -> Any:
    return emulator.hands(mapper)


@pytest.fixture
def everything() -> Callable[..., list[Any]]:
    """All items of a paged listing, from the first page to the last, and the pages themselves."""

    def read(listing: Callable[[str | None], Any]) -> tuple[list[Any], list[Any]]:
        items: list[Any] = []
        pages: list[Any] = []
        resume: str | None = None
        for _ in range(500):
            page = listing(resume)
            items += page.items
            pages.append(page)
            resume = page.resume
            if resume is None:
                return items, pages
        raise AssertionError("the listing does not end")

    return read

"""A running emulator, connections to it, and a binding small enough to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

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
)
from deskweave_feishu.connector import FeishuConnector
from deskweave_feishu.emulator import FeishuEmulator, RunningFeishu

NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
TYPES: Mapping[str, str] = {
    "title": "text",
    "symptom": "long_text",
    "user": "person",
    "email": "email",
    "submitted_at": "datetime",
    "priority": "choice",
    "tags": "choices",
    "is_repeat": "boolean",
    "effort": "integer",
    "due": "date",
    "status": "status",
    "user_satisfaction": "choice",
    "channel": "choice",
}
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "priority": {"p1": "P1 紧急", "p2": "P2 高"},
    "tags": {"first_line": "一线支持", "second_line": "二线支持"},
}
COLUMNS: Mapping[str, str] = {
    "title": "标题",
    "symptom": "问题描述",
    "user": "用户",
    "email": "邮箱",
    "submitted_at": "用户登记时间",
    "priority": "优先级",
    "tags": "标签",
    "is_repeat": "问题是否重复",
    "effort": "工时",
    "due": "期限",
    "status": "状态",
}
STATUSES = {"awaiting_acceptance": "待受理", "in_progress": "处理中", "closed": "已关闭"}


class NoVault:
    def read(self, name: str) -> str:
        raise KeyError(name)

    def rotate(self, name: str, old: str, new: str) -> bool:
        raise KeyError(name)


def field(name: str, type_: str) -> Field:
    choices = {slug: Choice(slug=slug, label={"zh": str(raw)}) for slug, raw in CHOICES.get(name, {}).items()}
    return Field(id=FieldId(name), label={"zh": name}, type=type_, choices=choices)  # type: ignore[arg-type]


def ledger_binding() -> CollectionBinding:
    return CollectionBinding(
        name="ledger",
        holds=None,
        correlation="关联标识",
        cross_reference="互查",
        fields={FieldId(name): FieldBinding(at=at, native=at, choices=CHOICES.get(name, {})) for name, at in COLUMNS.items()},
        statuses={slug: StatusBinding(is_={"状态": raw}) for slug, raw in STATUSES.items()},
    )


def ticket_binding() -> CollectionBinding:
    natives = {"title": "first_message", "submitted_at": "created_at", "user": "guest.name", "email": "guest.email"}
    fields = {FieldId(name): FieldBinding(at=at, native=at) for name, at in natives.items()}
    scores = {"satisfied": 3, "neutral": 2, "dissatisfied": 1}
    fields[FieldId("user_satisfaction")] = FieldBinding(at="score", native="score", choices=scores)
    fields[FieldId("channel")] = FieldBinding(at="channel", native="channel", choices={"share": 14, "search": 13})
    return CollectionBinding(
        name="ticket",
        holds=None,
        role="ticket",
        creates=False,
        fields=fields,
        statuses={
            "awaiting_acceptance": StatusBinding(is_={"status": 1}, reads=({"status": 3}, {"status": 2, "ticket_type": 1})),
            "in_progress": StatusBinding(is_={"status": 2, "ticket_type": 2}),
            "closed": StatusBinding(is_={"status": 51}, reads=({"status": 50}, {"status": 52})),
        },
    )


@pytest.fixture
def clock() -> TurnedTime:
    return TurnedTime(NOON)


@pytest.fixture(scope="session")
def binding() -> Binding:
    return Binding(
        connection=ConnectionName("feishu"),
        digest="d",
        collections={"ledger": ledger_binding(), "ticket": ticket_binding()},
        fields={FieldId(name): field(name, type_) for name, type_ in TYPES.items()},
        statuses=None,
        zone="Asia/Shanghai",
    )


@pytest.fixture(scope="session")
def closing() -> Iterator[Executor]:
    """Stops emulators while the next test runs: a server needs a moment to notice."""
    with ThreadPoolExecutor(max_workers=2) as executor:
        yield executor


@pytest.fixture
def running(clock: TurnedTime, closing: Executor) -> Iterator[RunningFeishu]:
    """A tenant whose ledger has only what a team made by hand."""
    emulator = FeishuEmulator().start(port=0, seed=7, now=clock)
    yield emulator
    closing.submit(emulator.stop)


@pytest.fixture
def ready(running: RunningFeishu, binding: Binding) -> RunningFeishu:
    """The same with every column of the binding."""
    running.prepare(binding)
    return running


Connect = Callable[..., Connection]


@pytest.fixture
def connect(running: RunningFeishu, clock: TurnedTime) -> Iterator[Connect]:
    """Open a connection: `connect("agent")`, `connect(app=..., base={"create_batch": 5}, helpdesk=None)`."""
    sessions = []

    def open_(account: str = "agent", *, app: Any = None, budget: MemoryBudget | None = None, **changes: Any) -> Connection:
        session = open_session(environment=False)
        sessions.append(session)
        entry = dict(running.settings(account) if app is None else running.settings_of(app))  # type: ignore[arg-type]
        for name, change in changes.items():
            if change is None:
                entry.pop(name)
            else:
                entry[name] = {**entry[name], **change}  # type: ignore[dict-item]
        kit = ConnectionKit(
            connection="feishu",
            install="install-1",
            now=clock,
            http=session,
            budget=budget or MemoryBudget(now=clock),
            vault=NoVault(),
        )
        return FeishuConnector().connect(entry, kit)

    yield open_
    for session in sessions:
        session.close()


@pytest.fixture
def with_ids(running: RunningFeishu) -> Callable[[Binding], Binding]:
    """The binding as a lock file completes it: column ids in place of names."""

    def complete(binding: Binding) -> Binding:
        table = running.platform.base.table_named("服务台账")
        bound = binding.collections["ledger"]
        fields = {name: replace(at, native=table.named(at.at).field_id) for name, at in bound.fields.items()}
        return replace(binding, collections={**binding.collections, "ledger": replace(bound, fields=fields)})

    return complete


class Rows:
    """Rows of the ledger: what is wanted in one, and what stands there."""

    DOCUMENT: ClassVar[Mapping[FieldId, Any]] = {
        FieldId("title"): "打印机不工作",
        FieldId("symptom"): "第一行\n第二行 https://wiki.example/a 见此",
        FieldId("user"): "张伟",
        FieldId("email"): "zhang.wei@acme.example",
        FieldId("submitted_at"): datetime(2026, 11, 16, 3, 59, 58, tzinfo=UTC),
        FieldId("priority"): "p1",
        FieldId("tags"): ("first_line", "second_line"),
        FieldId("is_repeat"): True,
        FieldId("effort"): 25,
        FieldId("due"): "2026-12-01",
        FieldId("status"): "in_progress",
    }

    @staticmethod
    def table(running):
        return running.platform.base.table_named("服务台账")

    @staticmethod
    def cell(running, rid, name):
        return Rows.table(running).rows[rid].cells.get(Rows.table(running).named(name).field_id)

    @staticmethod
    def draft(mapper, number=1, **values):
        document = {**Rows.DOCUMENT, **{FieldId(name): value for name, value in values.items()}}
        return mapper.draft("ledger", document, corr=f"i:L{number}", key=f"key-{number}")

    @staticmethod
    def everything(source, collection="ledger", since=None):
        items, resume = [], None
        while True:
            page = source.changes(collection, since, resume)
            items += page.items
            if page.resume is None:
                return items, page
            assert page.covers_until is None
            resume = page.resume

    @staticmethod
    def read(mapper, record):
        return dict(mapper.read(record).values)


@pytest.fixture
def rows() -> type[Rows]:
    return Rows

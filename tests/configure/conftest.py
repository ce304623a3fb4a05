"""A small platform with fields and options, in memory, and what is needed to configure it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deskweave.configure import Configurator, Mark, Side, Unanswered
from deskweave.configure.journal import unanswered
from deskweave.connector import (
    Capabilities,
    Element,
    ElementChange,
    ElementId,
    Expression,
    InstanceIdentity,
    Loss,
    Outcome,
    Page,
    Ref,
)
from deskweave.errors import Executed, PermissionMissing, Rejected, SafetyStop, TransientError
from deskweave.findings import Finding
from deskweave.model import Calendar, CatalogItem, Choice, Clock, Field, FieldId, Metric, Phase, Status, StatusModel, Transition

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass
class Terms:
    """A practice, as far as configuring looks at it."""

    fields: Mapping[FieldId, Field] = field(default_factory=dict)
    statuses: StatusModel | None = None
    catalog: Mapping[str, CatalogItem] = field(default_factory=dict)
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)


@dataclass
class Turned:
    """A clock that moves only when it is told to."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def wait(self, until: datetime) -> None:
        self.at = max(self.at, until)


class Platform:
    """Stateful: elements by id. Faults are told by name for the next calls of `apply`."""

    kinds = frozenset({"field", "choice"})

    def __init__(self, *, page: int = 3, instance: str = "acme-1") -> None:
        self.held: dict[str, tuple[str, dict[str, Any]]] = {}
        self.locked: dict[str, str] = {}
        self.counts: dict[str, int | None] = {}
        self.changed: dict[str, tuple[datetime, str]] = {}
        self.page, self.instance = page, instance
        self.faults: list[str] = []
        self.keys: list[str] = []
        self.writes: list[tuple[str, str]] = []
        self.asked: list[tuple[str, str]] = []
        self.unreadable = False
        self.spell: Callable[[str, Any], Any] = lambda name, value: value
        self.number = 0
        self.states_field = True

    # ---- as people use it
    def put(self, kind: str, **attributes: Any) -> str:
        self.number += 1
        native = f"n{self.number}"
        self.held[native] = (kind, attributes)
        return native

    # ---- ConfigurationSource
    def elements(self, kind: str, resume: str | None) -> Page[Element]:
        if self.unreadable:
            raise TransientError("the platform is away", executed=Executed.NO)
        natives = sorted((n for n, (k, _) in self.held.items() if k == kind), key=lambda n: int(n[1:]))
        start = int(resume or 0)
        items = []
        for native in natives[start : start + self.page]:
            at, by = self.changed.get(native, (None, None))
            items.append(
                Element(
                    id=None,
                    native=native,
                    attributes=dict(self.held[native][1]),
                    locked=self.locked.get(native),
                    changed_at=at,
                    changed_by=by,
                )
            )
        return Page(items=items, resume=str(start + self.page) if start + self.page < len(natives) else None)

    def usage(self, elements: Sequence[Element]) -> Sequence[int | None]:
        return [self.counts.get(element.native or "", 0) for element in elements]

    # ---- ConfigurationTarget
    def express(self, wanted: Sequence[Element], live: Sequence[Element]) -> Expression:
        elements, losses = [], []
        for element in wanted:
            assert element.id is not None
            kind = element.id.kind
            if kind in self.kinds:
                elements.append(element)
            elif kind == "status":
                losses.append(_loss(element, "by_hand", f"status {element.id.path} is made by hand", "Settings > Workflow"))
            elif kind == "transition":
                losses.append(_loss(element, "by_hand", "transitions are drawn by hand", "Settings > Workflow"))
            elif kind == "catalog_item":
                losses.append(_loss(element, "narrowed", "a catalog item is an option", None))
        return Expression(elements, losses)

    def preflight(self, changes: Sequence[ElementChange]) -> Sequence[Finding]:
        return ()

    def artifacts(self, changes: Sequence[ElementChange]) -> Sequence[Any]:
        return ()

    def apply(self, change: ElementChange, *, key: str) -> Outcome:
        element = change.after or change.before
        assert element is not None
        assert element.id is not None
        self.asked.append((change.verb, element.id.path))
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "forbidden":
            raise PermissionMissing("the account lacks the role personalize_dictionary, which may make fields")
        if fault == "refused":
            return Outcome(executed=Executed.NO, error=Rejected("name too long"))
        if fault == "busy":
            raise TransientError("429", executed=Executed.NO, retry_at=START + timedelta(seconds=30))
        if fault == "bug":
            raise ValueError("secret-looking text")
        if fault == "lost_request":
            raise TransientError("timeout", executed=Executed.MAYBE)
        if fault == "ignored":
            return Outcome(executed=Executed.YES)
        self.keys.append(key)
        native = self._carry_out(change, element)
        if fault == "crash":
            raise KeyboardInterrupt
        if fault == "lost_answer":
            raise TransientError("timeout", executed=Executed.MAYBE)
        return Outcome(executed=Executed.YES, ref=Ref("element", native) if fault != "silent" else None)

    def _carry_out(self, change: ElementChange, element: Element) -> str:
        assert element.id is not None
        self.writes.append((change.verb, element.id.path))
        if change.verb == "create":
            kept = {name: self.spell(name, value) for name, value in element.attributes.items()}
            if not self.states_field:
                kept.pop("field", None)
            return self.put(element.id.kind, **kept)
        assert change.before is not None
        native = change.before.native or ""
        if change.verb == "change":
            self.held[native][1].update({name: self.spell(name, value) for name, value in element.attributes.items()})
        elif change.verb == "remove":
            del self.held[native]
        else:
            self.held[native][1]["active"] = False
        return native

    # ---- Connection
    @property
    def identity(self) -> InstanceIdentity:
        return InstanceIdentity(f"https://{self.instance}.example", self.instance, None, None)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(collections={}, rates=(), max_parallel=1, lost=(), probed_at=START)

    @property
    def configuration(self) -> Platform:
        return self

    @property
    def target(self) -> Platform:
        return self


def _loss(element: Element, degree: Any, what: str, where: str | None) -> Loss:
    assert element.id is not None
    return Loss(element=element.id, degree=degree, what=what, steps={"en": "Do it", "zh": "手工设置"}, where=where, verify=False)


@dataclass
class Memory:
    """A journal in memory, as strict as the store's."""

    rows: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    runs: int = 0

    def begin(self, rows: Sequence[Any]) -> str:
        self.runs += 1
        for number, row in enumerate(rows):
            self.rows[f"r{self.runs}", number] = {
                "element": f"{row.connection} {row.key}",
                "change": dict(row.change),
                "state": row.state,
                "outcome": None,
            }
        return f"r{self.runs}"

    def mark(self, marks: Sequence[Any]) -> None:
        for one in marks:
            self.rows[one.run, one.number].update(state=one.state, outcome=dict(one.outcome))

    def unanswered(self) -> Sequence[Unanswered]:
        found = [
            unanswered(run, number, row["element"], row["change"], row["outcome"])
            for (run, number), row in sorted(self.rows.items())
            if row["state"] in ("sent", "unknown")
        ]
        return [one for one in found if one is not None]


def choice_field(slug: str, at_label: str, choices: Mapping[str, str], was: Mapping[str, tuple[str, ...]] | None = None) -> Field:
    return Field(
        id=FieldId(slug),
        label={"en": at_label, "zh": f"{at_label}字段"},
        type="choice",
        choices={
            name: Choice(slug=name, label={"en": label, "zh": f"{label}项"}, was=(was or {}).get(name, ()))
            for name, label in choices.items()
        },
    )


def text_field(slug: str, label: str, type_: Any = "text") -> Field:
    return Field(id=FieldId(slug), label={"en": label, "zh": f"{label}字段"}, type=type_)


def bound(fields: Mapping[str, Any], collection: str = "ledger") -> dict[str, Any]:
    return {
        "id": "here",
        "collections": {collection: {"fields": {slug: at if isinstance(at, dict) else {"at": at} for slug, at in fields.items()}}},
    }


def status_model() -> StatusModel:
    return StatusModel(
        id="inquiry",
        initial="open",
        statuses={
            "open": Status(slug="open", label={"en": "Open", "zh": "待受理"}, phase=Phase.NEW),
            "closed": Status(slug="closed", label={"en": "Closed", "zh": "已关闭"}, phase=Phase.CLOSED),
        },
        transitions={"close": Transition(slug="close", label={"en": "Close"}, sources=("open",), target="closed", by=("agent",))},
    )


@dataclass
class Bench:
    """One or more platforms, a practice and a folder, ready to configure."""

    root: Path
    platforms: dict[str, Platform]
    practice: Terms
    documents: dict[str, Any]
    journal: Any = field(default_factory=Memory)
    now: Turned = field(default_factory=Turned)
    removed: frozenset[str] = frozenset()
    access: str = "write"
    register: bool = True
    waits: bool = False
    events: list[Any] = field(default_factory=list)

    def lock_file(self, name: str = "here") -> Path:
        return self.root / "bindings" / f"{name}.test.lock.yaml"

    def configurator(self, **more: Any) -> Configurator:
        def may_write() -> None:
            if self.access != "write":
                raise SafetyStop("access is read (deskweave.yaml:9)")

        sides = [
            Side(
                name=name,  # type: ignore[arg-type]
                environment="test",
                connection=platform,  # type: ignore[arg-type]
                document=self.documents[name],
                lock_file=self.lock_file(name),
                may_write=may_write,
            )
            for name, platform in self.platforms.items()
        ]
        arguments: dict[str, Any] = {
            "folder": "acme",
            "environment": "test",
            "practice": self.practice,
            "digest": "d1",
            "sides": sides,
            "journal": self.journal,
            "now": self.now,
            "removed": self.removed,
            "register_file": self.root / "by-hand" / "test.yaml" if self.register else None,
            "wait": self.now.wait if self.waits else None,
            "progress": self.events.append,
        }
        return Configurator(**{**arguments, **more})

    def plan(self, **more: Any) -> Any:
        return self.configurator().plan(**more)

    def apply(self) -> Any:
        configurator = self.configurator()
        return configurator.apply(configurator.plan())

    def relabel(self, text: str) -> None:
        """The practice calls its cost centre otherwise."""
        self.practice.fields = {**self.practice.fields, FieldId("cost"): text_field("cost", text)}

    @staticmethod
    def marks(plan: Any) -> list[tuple[str, str]]:
        """What a plan would do, without what people do by hand."""
        return [(step.mark.value, step.key.path) for step in plan.steps if step.mark is not Mark.BY_HAND]


def bench(root: Path, practice: Terms, document: Any, platform: Platform | None = None, **more: Any) -> Bench:
    return Bench(root=root, platforms={"here": platform or Platform()}, practice=practice, documents={"here": document}, **more)


@pytest.fixture(scope="session")
def lab() -> SimpleNamespace:
    """Makers of platforms, practices and benches."""
    return SimpleNamespace(
        START=START,
        Bench=Bench,
        ElementId=ElementId,
        Memory=Memory,
        Platform=Platform,
        Terms=Terms,
        Turned=Turned,
        bench=bench,
        bound=bound,
        choice_field=choice_field,
        replace=replace,
        status_model=status_model,
        text_field=text_field,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Bench:
    """One text field and one field with two choices, on an empty platform."""
    choices = {"hardware": "Hardware", "usage": "Usage"}
    fields = {"cost": text_field("cost", "Cost centre"), "category": choice_field("category", "Category", choices)}
    return bench(tmp_path, Terms(fields=fields, statuses=status_model()), bound({"cost": "u_cost", "category": "u_category"}))

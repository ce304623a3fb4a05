"""What a platform in memory can be given: fields and their choices. Statuses and the rest are made by hand there.

One that has a workflow (`Switches.flow`) tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from deskweave.connector import Artifact, Element, ElementChange, Expression, Loss, Outcome, Page, Ref
from deskweave.errors import Executed, Rejected
from deskweave.findings import Finding
from deskweave.model import Json

if TYPE_CHECKING:
    from deskweave.testing.memory.connection import MemoryConnection

PAGE: Final = 20
MADE: Final = frozenset({"field", "choice"})


class MemoryConfiguration:
    """`connector.ConfigurationSource` and `connector.ConfigurationTarget`. A field's id is the name it was made with."""

    def __init__(self, home: MemoryConnection) -> None:
        self._home = home
        self._flow = home.platform.switches.flow
        self.kinds: frozenset[str] = MADE if self._flow is None else MADE | {"status", "transition"}

    @property
    def _held(self) -> dict[str, tuple[str, dict[str, Json]]]:
        held = self._home.platform.elements
        assert held is not None, "the connection has this facet only where its platform can be configured"
        return held

    # ------------------------------------------------------------------------------------------------------------ reading
    def elements(self, kind: str, resume: str | None) -> Page[Element]:
        if kind not in MADE:
            return Page(items=self._told(kind), resume=None)
        natives = sorted(native for native, (held, _) in self._held.items() if held == kind)
        rest = [native for native in natives if resume is None or native > resume]
        items = [Element(id=None, native=native, attributes=dict(self._held[native][1])) for native in rest[:PAGE]]
        return Page(items=items, resume=rest[PAGE - 1] if len(rest) > PAGE else None)

    def _told(self, kind: str) -> list[Element]:
        """The states, and for each the transition that leads there from others."""
        ways: dict[str, list[str]] = {state: [] for way in sorted(self._flow or ()) for state in way}
        for source, target in sorted(self._flow or ()):
            ways[target].append(source)
        locked = "the platform's own"
        if kind == "status":
            return [Element(id=None, native=state, attributes={"name": state}, locked=locked) for state in ways]
        told: list[Mapping[str, Json]] = [
            {"name": f"to {state}", "workflow": "memory", "from": list(sources), "to": state, "demands": []}
            for state, sources in ways.items()
            if sources
        ]
        return [Element(id=None, native=str(one["name"]), attributes=one, locked=locked) for one in told]

    def usage(self, elements: Sequence[Element]) -> Sequence[int | None]:
        records = self._home.platform.records.values()
        return [
            sum(record.fields.get(one.native or "") is not None for record in records) if self._kind(one) == "field" else None
            for one in elements
        ]

    def _kind(self, element: Element) -> str:
        return self._held.get(element.native or "", ("",))[0]

    # ------------------------------------------------------------------------------------------------------------ writing
    def express(self, wanted: Sequence[Element], live: Sequence[Element]) -> Expression:
        """Fields and choices as they are; the rest is a loss."""
        kept: list[Element] = []
        losses: list[Loss] = []
        for one in wanted:
            assert one.id is not None
            if one.id.kind in MADE:
                kept.append(one)
                continue
            what = f"a platform in memory has no {one.id.kind.replace('_', ' ')} of its own"
            steps = {"en": "Nothing needs doing.", "zh": "无需操作。"}
            losses.append(Loss(element=one.id, degree="by_hand", what=what, steps=steps, where=None, verify=False))
        return Expression(kept, losses)

    def preflight(self, changes: Sequence[ElementChange]) -> Sequence[Finding]:
        return ()

    def artifacts(self, changes: Sequence[ElementChange]) -> Sequence[Artifact]:
        return ()

    def apply(self, change: ElementChange, *, key: str) -> Outcome:
        return self._home.carry_out("target.apply", change, self._apply)

    def _apply(self, change: ElementChange) -> Outcome:
        before, after = change.before, change.after
        native = before.native if before is not None else None
        if change.verb == "create" and after is not None and after.id is not None:
            native = str(after.attributes["name"])
            if after.id.kind == "choice":
                native = f"{after.attributes['field']}={native}"
            self._held.setdefault(native, (after.id.kind, dict(after.attributes)))
        elif native is None or native not in self._held:
            return Outcome(executed=Executed.NO, error=Rejected("there is no such element"))
        elif change.verb == "change" and after is not None:
            self._held[native][1].update(after.attributes)
        elif change.verb == "remove":
            del self._held[native]
        return Outcome(executed=Executed.YES, ref=Ref("element", native))

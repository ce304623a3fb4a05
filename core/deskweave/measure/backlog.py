"""What a backlog cannot be asked: facts keep when an inquiry was open, and its values as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from deskweave.clock.timeline import SUBMITTED
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.measure.columns import Column, Columns
from deskweave.measure.plan import Condition, Count, Value, tested

MOMENTARY: Final = frozenset({"status", "phase"})
"""Of whoever was open then, it says nothing what these are today."""
_SAID: Final = "is known as it is now, not as it was when the period ended, so a backlog cannot be asked for it"
_REMEDY: Final = "ask for something that an inquiry keeps, such as its channel or its item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a backlog cannot be planned; `path`: below the metric."""

    rule: str
    path: str
    found: str
    said: str  #: of it, as the rest of a sentence
    remedy: str = ""


def faults(columns: Columns, where: Condition | None, value: Value | None, by: Sequence[Column | None]) -> Iterator[Fault]:
    """Everything that keeps a backlog from being planned."""
    if columns.grain != "inquiry":
        said = "has no backlog: only inquiries are opened and ended"
        yield Fault(rule="backlog-grain", path="value/backlog", found=columns.grain, said=said)
    elif SUBMITTED not in columns.all:
        said = "is no field here, so nothing says since when an inquiry is open"
        yield Fault(rule="backlog-grain", path="value/backlog", found=SUBMITTED, said=said)
    inner = value.where if isinstance(value, Count) else None
    asked = [
        (path, column)
        for condition, path in ((where, "where"), (inner, "value/backlog/where"))
        for column in (tested(condition) if condition is not None else ())
    ]
    asked += [(f"by/{number}", column) for number, column in enumerate(by) if column is not None]
    for path, name in dict.fromkeys((path, column.name) for path, column in asked):
        if name in MOMENTARY:
            yield Fault(rule="backlog-status", path=path, found=name, said=_SAID, remedy=_REMEDY)


def refuse(names: Iterable[str]) -> None:
    """Refuse to narrow a backlog by what facts know as it is now.

    Raises:
        DocumentError: one of `names` is that.
    """
    wrong = [name for name in names if name in MOMENTARY]
    if wrong:
        raise DocumentError(
            [
                Finding(
                    rule="backlog-status",
                    severity=Severity.ERROR,
                    place=Place("practice", f"by/{name}"),
                    found=name,
                    message=f"{name!r} {_SAID}",
                    remedy=_REMEDY,
                )
                for name in wrong
            ]
        )

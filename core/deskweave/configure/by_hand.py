"""What people do by hand, numbered and kept: `by-hand/<environment>.yaml`, committed.

A number, once given, stays with what it names: it is kept in the register when `apply` writes it, and a number is never used for
something else. Without a register the numbers follow from the losses alone, in the order of connections and elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from deskweave.configure.machine_file import emit, parse, write_whole
from deskweave.configure.plan import HandStep
from deskweave.connector import Loss
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.model import Json

HEAD: Final = "# What no API can do. Edit this file when a step is done: `done: {by: NAME, on: DATE, note: TEXT}`. Commit it.\n"
RULE: Final = "by-hand-file"
_NUMBER: Final = re.compile(r"J-([1-9][0-9]{0,6})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandEntry:
    """One number of the register. `done_for` are the elements it was done for: one that came later opens it again."""

    connection: str
    kind: str
    elements: tuple[str, ...]
    what: str
    done_by: str | None = None
    done_on: str | None = None  #: ISO date
    note: str | None = None
    done_for: tuple[str, ...] = ()

    def is_done(self, elements: Sequence[str]) -> bool:
        return self.done_by is not None and set(elements) <= set(self.done_for)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """All numbers ever given in one environment, also of steps that are needed no longer."""

    environment: str
    entries: Mapping[int, HandEntry] = field(default_factory=dict)

    def tick(self, number: str, *, by: str, on: str, note: str | None = None) -> Register:
        """The register with a step done.

        Args:
            number: "J-4".
            by: who did it.
            on: ISO date in the folder's zone.
            note: anything a successor should know.

        Raises:
            KeyError: nobody has given that number; plan or apply first.
        """
        found = self._find(number)
        entry = replace(self.entries[found], done_by=by, done_on=on, note=note, done_for=self.entries[found].elements)
        return replace(self, entries={**self.entries, found: entry})

    def reopen(self, number: str) -> Register:
        """The register with a step open again: measuring has shown that it is not done.

        Raises:
            KeyError: nobody has given that number.
        """
        found = self._find(number)
        entry = replace(self.entries[found], done_by=None, done_on=None, note=None, done_for=())
        return replace(self, entries={**self.entries, found: entry})

    def promised(self, hand_steps: Iterable[HandStep]) -> Register:
        """The register with the numbers a plan has shown to people, where they are still free: what was said is kept."""
        entries = dict(self.entries)
        for step in hand_steps:
            match = _NUMBER.match(step.number)
            if match is not None and int(match[1]) not in entries:
                entries[int(match[1])] = HandEntry(
                    connection=step.connection, kind=step.kind, elements=step.elements, what=step.what
                )
        return replace(self, entries=entries)

    def number(self, connection: str, losses: Sequence[Loss]) -> tuple[tuple[HandStep, ...], Register]:
        """Losses of one connection as hand steps, and the register that knows their numbers.

        Losses that say word for word the same of several elements are one step. Only what is to be done by hand has a number.
        Order: numbered ones by number, then the others as the connector gave them.
        """
        entries = dict(self.entries)
        free = max(entries, default=0) + 1
        taken: set[int] = set()
        steps: list[tuple[int, HandStep]] = []
        for group in _grouped(losses):
            first = group[0]
            elements = tuple(dict.fromkeys(loss.element.path for loss in group))
            found: int | None = None
            if first.degree == "by_hand":
                found = self._known(connection, first, elements, taken)
                if found is None:
                    found, free = free, free + 1
                taken.add(found)
                known = entries.get(found, HandEntry(connection=connection, kind=first.element.kind, elements=(), what=""))
                entries[found] = replace(known, elements=elements, what=first.what)
            entry = entries[found] if found is not None else None
            done = entry is not None and entry.is_done(elements)
            step = HandStep(
                number=f"J-{found}" if found is not None else "",
                connection=connection,
                kind=first.element.kind,
                elements=elements,
                degree=first.degree,
                what=first.what,
                steps=dict(first.steps),
                where=first.where,
                verify=first.verify,
                done=done,
                done_by=entry.done_by if entry and done else None,
                done_on=entry.done_on if entry and done else None,
                note=entry.note if entry and done else None,
            )
            steps.append((found if found is not None else 10**9, step))
        steps.sort(key=lambda pair: pair[0])
        return tuple(step for _, step in steps), replace(self, entries=entries)

    def _known(self, connection: str, loss: Loss, elements: tuple[str, ...], taken: set[int]) -> int | None:
        own = [
            number
            for number, entry in sorted(self.entries.items())
            if number not in taken and entry.connection == connection and entry.kind == loss.element.kind
        ]
        same_words = [number for number in own if self.entries[number].what == loss.what]
        for number in same_words:
            if set(self.entries[number].elements) & set(elements):
                return number
        if same_words:
            return same_words[0]
        # reworded by a newer connector: the number stays with the elements, where that is beyond doubt
        same_elements = [number for number in own if self.entries[number].elements == elements]
        return same_elements[0] if len(same_elements) == 1 else None

    def _find(self, number: str) -> int:
        match = _NUMBER.match(number.strip().upper())
        if match is None or int(match[1]) not in self.entries:
            raise KeyError(number)
        return int(match[1])


def register_path(folder: Path, environment: str) -> Path:
    """Where the register of an environment stands in the user's folder."""
    return folder / "by-hand" / f"{environment}.yaml"


def read_register(path: Path, environment: str) -> Register:
    """The register, or an empty one where there is no file.

    Raises:
        DocumentError: it cannot be read as one, with file and line of every problem.
    """
    if not path.is_file():
        return Register(environment=environment)
    file = parse(path, RULE)
    document = file.value if isinstance(file.value, Mapping) else {}
    findings: list[Finding] = []
    if document.get("kind") != "ByHand":
        findings.append(file.finding(RULE, ("kind",), document.get("kind"), "kind of this file must be ByHand", ("ByHand",)))
    listed = document.get("steps")
    entries: dict[int, HandEntry] = {}
    for text, body in listed.items() if isinstance(listed, Mapping) else ():
        number, words = _NUMBER.match(text), body if isinstance(body, Mapping) else {}
        connection, kind, what = words.get("connection"), words.get("kind"), words.get("what")
        if number is None:
            findings.append(file.finding(RULE, ("steps", text), text, "a step is called J- and a number"))
        elif not (isinstance(connection, str) and isinstance(kind, str) and isinstance(what, str)):
            findings.append(file.finding(RULE, ("steps", text), text, "a step has connection, kind and what, all text"))
        else:
            done = words.get("done")
            tick = done if isinstance(done, Mapping) else {}
            if done is not None and not isinstance(tick.get("by"), str):
                findings.append(file.finding(RULE, ("steps", text, "done"), text, "done says by whom: {by: NAME, on: DATE}"))
            elements = _texts(words.get("elements"))
            entries[int(number[1])] = HandEntry(
                connection=connection,
                kind=kind,
                elements=elements,
                what=what,
                done_by=_text(tick.get("by")),
                done_on=_text(tick.get("on")),
                note=_text(tick.get("note")),
                done_for=_texts(tick["for"]) if "for" in tick else elements if tick else (),
            )
    if findings:
        raise DocumentError(findings)
    return Register(environment=environment, entries=entries)


def write_register(path: Path, register: Register) -> bool:
    """Write the register, whole or not at all. False: it already said so, and no byte was touched."""
    steps: dict[str, Json] = {}
    for number, entry in register.entries.items():
        body: dict[str, Json] = {
            "connection": entry.connection,
            "kind": entry.kind,
            "elements": list(entry.elements),
            "what": entry.what,
        }
        if entry.done_by is not None:
            done: dict[str, Json] = {"by": entry.done_by, "on": entry.done_on, "note": entry.note}
            if entry.done_for != entry.elements:
                done["for"] = list(entry.done_for)
            body["done"] = {name: value for name, value in done.items() if value is not None}
        steps[f"J-{number}"] = body
    if not steps and not path.exists():
        return False
    document: dict[str, Json] = {
        "apiVersion": "deskweave/v1",
        "kind": "ByHand",
        "environment": register.environment,
        "steps": steps,
    }
    return write_whole(path, emit(document, HEAD).encode("utf-8"))


def _grouped(losses: Sequence[Loss]) -> list[list[Loss]]:
    groups: dict[object, list[Loss]] = {}
    for loss in losses:
        words = (loss.element.kind, loss.degree, loss.what, loss.where, loss.verify, tuple(sorted(loss.steps.items())))
        groups.setdefault(words, []).append(loss)
    return list(groups.values())


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(part) for part in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()

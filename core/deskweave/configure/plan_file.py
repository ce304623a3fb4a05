"""Plans as JSON and as plan files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from deskweave.configure.key import ElementKey, element_from_json
from deskweave.configure.lock import LockEntry
from deskweave.configure.machine_file import write_whole
from deskweave.configure.plan import (
    ConnectionPlan,
    Degree,
    Difference,
    HandStep,
    Mark,
    Plan,
    Step,
    Verb,
    entry_json,
    hand_marks,
    step_words,
)
from deskweave.connector import InstanceIdentity
from deskweave.errors import DocumentError, SafetyStop
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json

FORMAT: Final = 1
VERBS: Final[Mapping[str, Verb]] = {"create": "create", "change": "change", "retire": "retire", "remove": "remove"}
DEGREES: Final[Mapping[str, Degree]] = {"narrowed": "narrowed", "by_hand": "by_hand", "impossible": "impossible"}


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan file. It holds names, ids and labels of the practice; no secret and no record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(plan_json(plan), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8"))


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        DocumentError: it is not one, or not of this version.
        SafetyStop: its content is not what was written: somebody edited it.
    """
    try:
        found = json.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise DocumentError([_broken(path, f"the file cannot be read: {error.strerror or type(error).__name__}")]) from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        line = getattr(error, "lineno", 1)
        raise DocumentError([_broken(path, "not a plan file: it is not JSON", line)]) from None
    if not isinstance(found, dict) or found.get("deskweave_plan") != FORMAT:
        raise DocumentError([_broken(path, f"not a plan file of format {FORMAT}; plan again with -o")])
    try:
        plan = plan_from_json(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DocumentError([_broken(path, f"not a whole plan file: {type(error).__name__}: {str(error)[:60]}")]) from None
    if found.get("digest") != plan.digest:
        message = f"{path}: its content is not what was written; a plan file is made by `plan -o`, not by hand. Plan again"
        raise SafetyStop(message)
    return plan


def plan_json(plan: Plan) -> dict[str, Json]:
    """A plan as JSON, with its digest."""
    return {
        "deskweave_plan": FORMAT,
        "digest": plan.digest,
        "folder": plan.folder,
        "environment": plan.environment,
        "practice": plan.practice,
        "made_at": plan.made_at.isoformat() if plan.made_at else None,
        "made_by": plan.made_by,
        "ours": list(plan.ours),
        "connections": [_connection_json(connection) for connection in plan.connections],
    }


def plan_from_json(value: Mapping[str, Json]) -> Plan:
    """The plan that `plan_json` wrote. Findings are not kept: a fresh plan states them.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is not one.
    """
    made_at, made_by = value["made_at"], value["made_by"]
    return Plan(
        folder=str(value["folder"]),
        environment=str(value["environment"]),
        practice=str(value["practice"]),
        connections=tuple(_connection_from_json(_map(part)) for part in _list(value["connections"])),
        made_at=None if made_at is None else datetime.fromisoformat(str(made_at)),
        made_by=None if made_by is None else str(made_by),
        ours=tuple(str(part) for part in _list(value["ours"])),
    )


def step_json(step: Step) -> dict[str, Json]:
    """A step as JSON: for `--json` and plan files."""
    found = step_words(step)
    found["digest"] = step.digest
    found["changed_at"] = step.changed_at.isoformat() if step.changed_at else None
    found["changed_by"] = step.changed_by
    found["origin"] = [step.origin.source, step.origin.path, step.origin.line, step.origin.column] if step.origin else None
    return found


def step_from_json(value: Mapping[str, Json]) -> Step:
    """The step that `step_json` wrote, but for its hand step.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is not one.
    """
    verb, usage, before, after = value["verb"], value["usage"], value["before"], value["after"]
    if not (verb is None or verb in VERBS) or not (usage is None or isinstance(usage, int)):
        message = "no such verb, or a count that is none"
        raise ValueError(message)
    at, by, origin = value.get("changed_at"), value.get("changed_by"), value.get("origin")
    place = _list(origin) if origin is not None else None
    return Step(
        connection=str(value["connection"]),
        mark=Mark(str(value["mark"])),
        key=ElementKey.parse(str(value["element"])),
        verb=VERBS[str(verb)] if verb is not None else None,
        before=element_from_json(_map(before)) if before is not None else None,
        after=element_from_json(_map(after)) if after is not None else None,
        differences=tuple(
            Difference(attribute=str(part["attribute"]), last=part["last"], file=part["file"], live=part["live"])
            for part in map(_map, _list(value["differences"]))
        ),
        needs=tuple(ElementKey.parse(str(part)) for part in _list(value["needs"])),
        carries=tuple(ElementKey.parse(str(part)) for part in _list(value["carries"])),
        reason=str(value["reason"]),
        remedy=str(value["remedy"]),
        usage=usage,
        changed_at=datetime.fromisoformat(str(at)) if at is not None else None,
        changed_by=None if by is None else str(by),
        origin=Place(str(place[0]), str(place[1]), _number(place[2]), _number(place[3])) if place else None,
        against=str(value["against"]),
    )


def _connection_json(connection: ConnectionPlan) -> Json:
    identity = connection.identity
    return {
        "connection": connection.connection,
        "identity": [identity.address, identity.instance, identity.planted, identity.epoch] if identity else None,
        "steps": [step_json(step) for step in connection.steps if step.mark is not Mark.BY_HAND],
        "edits": {str(key): entry_json(entry) for key, entry in sorted(connection.edits.items())},
        "hand": [_hand_json(hand) for hand in connection.hand_steps],
        "read": connection.read,
        "ours": connection.ours,
        "left_alone": connection.left_alone,
    }


def _connection_from_json(value: Mapping[str, Json]) -> ConnectionPlan:
    said = value["identity"]
    parts = [None if part is None else str(part) for part in _list(said)] if said is not None else None
    edits: dict[ElementKey, LockEntry | None] = {}
    for text, entry in _map(value["edits"]).items():
        words = _map(entry) if entry is not None else None
        edits[ElementKey.parse(text)] = None if words is None else _entry(words)
    name = str(value["connection"])
    hand_steps = tuple(_hand(name, _map(part)) for part in _list(value["hand"]))
    return ConnectionPlan(
        connection=name,
        identity=InstanceIdentity(parts[0] or "", parts[1] or "", parts[2], parts[3]) if parts else None,
        steps=(*(step_from_json(_map(part)) for part in _list(value["steps"])), *hand_marks(hand_steps)),
        hand_steps=hand_steps,
        edits=edits,
        read=_number(value["read"]) or 0,
        ours=_number(value["ours"]) or 0,
        left_alone=_number(value["left_alone"]) or 0,
    )


def _hand_json(hand: HandStep) -> Json:
    return {
        "number": hand.number,
        "kind": hand.kind,
        "elements": list(hand.elements),
        "degree": hand.degree,
        "what": hand.what,
        "steps": dict(hand.steps),
        "where": hand.where,
        "verify": hand.verify,
        "done": [hand.done_by, hand.done_on, hand.note] if hand.done else None,
    }


def _hand(connection: str, words: Mapping[str, Json]) -> HandStep:
    where, done = words["where"], words["done"]
    tick = [None if part is None else str(part) for part in _list(done)] if done is not None else [None, None, None]
    return HandStep(
        number=str(words["number"]),
        connection=connection,
        kind=str(words["kind"]),
        elements=tuple(str(part) for part in _list(words["elements"])),
        degree=DEGREES[str(words["degree"])],
        what=str(words["what"]),
        steps={name: str(text) for name, text in _map(words["steps"]).items()},
        where=None if where is None else str(where),
        verify=words["verify"] is True,
        done=done is not None,
        done_by=tick[0],
        done_on=tick[1],
        note=tick[2],
    )


def _entry(words: Mapping[str, Json]) -> LockEntry:
    return LockEntry(
        native=str(words["native"]),
        made=words["made"] is True,
        attributes=_map(words["attributes"]),
        shown=_map(words["shown"]),
        retired=words["retired"] is True,
        unseen=words["unseen"] is True,
    )


def _map(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        message = "a mapping was expected"
        raise TypeError(message)
    return value


def _list(value: Json) -> Sequence[Json]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        message = "a list was expected"
        raise TypeError(message)
    return value


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _broken(path: Path, message: str, line: int = 1) -> Finding:
    return Finding(
        rule="plan-file",
        severity=Severity.ERROR,
        place=Place(source=str(path), path="", line=line),
        found="",
        message=message,
        remedy="plan again: deskweave plan -o FILE",
    )

"""One connection looked at: what it should have, what it holds, what it cannot hold, and what would be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from deskweave.configure.elements import CHOICE, FIELD, Wanted
from deskweave.configure.key import ElementKey
from deskweave.configure.live import Live, read_live
from deskweave.configure.lock import Lock
from deskweave.configure.match import Matching, match
from deskweave.configure.patience import WaitUntil, patiently
from deskweave.configure.plan import ConnectionPlan, Mark
from deskweave.configure.planner import Terms, draft
from deskweave.configure.side import Side
from deskweave.connector import ConfigurationTarget, Element, Loss
from deskweave.errors import DeskweaveError, PluginError
from deskweave.findings import Finding, Place, Severity

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found out about one connection. `part` carries no hand steps yet: they are numbered over all connections."""

    side: Side
    lock: Lock
    live: Live
    wanted: Wanted
    matching: Matching
    expressed: frozenset[ElementKey]  #: what the platform can hold
    losses: tuple[Loss, ...]
    part: ConnectionPlan


def survey(
    side: Side,
    wanted: Wanted,
    lock: Lock,
    terms: Terms,
    *,
    live: Live | None = None,
    preflight: bool = True,
    wait: WaitUntil | None = None,
) -> Survey:
    """Read a connection (or take `live` as just read) and plan it.

    Raises:
        RemoteError: the connection cannot be read.
        PluginError: the connector raised something that is not ours.
    """
    connection, source = side.connection, side.connection.configuration
    if live is None:
        live = Live() if source is None else guarded(side, "elements", lambda: read_live(source, wait=wait))
    matching = match(wanted, live, lock)
    expressed, losses = _express(side, wanted, live, lock, matching)
    drafted = draft(wanted, expressed, live, lock, matching, terms)
    going = [step for step in drafted.steps if step.mark is Mark.REMOVE]
    if going and source is not None:
        usage = _usage(side, matching, live, [key for step in going for key in (step.key, *step.carries)], wait)
        drafted = draft(wanted, expressed, live, lock, matching, replace(terms, usage=usage))
    claimed = matching.claimed
    part = ConnectionPlan(
        connection=side.name,
        identity=guarded(side, "identity", lambda: patiently(lambda: connection.identity, wait)),
        steps=drafted.steps,
        edits=drafted.edits,
        read=len(live),
        ours=len(claimed),
        left_alone=len(live) - len(claimed),
        findings=drafted.findings,
    )
    if preflight and part.changes and connection.target is not None:
        part = replace(part, findings=(*part.findings, *_preflight(side, connection.target, part, wait)))
    return Survey(
        side=side,
        lock=lock,
        live=live,
        wanted=wanted,
        matching=matching,
        expressed=frozenset(ElementKey.of(element) for element in expressed),
        losses=losses,
        part=part,
    )


def failed_part(side: Side, error: DeskweaveError) -> ConnectionPlan:
    """The plan of a connection that could not be read: nothing is planned for it, and the others go on."""
    finding = Finding(
        rule="connection-not-read",
        severity=Severity.ERROR,
        place=Place(f"connection:{side.name}", "configuration"),
        found="",
        message=str(error),
        remedy=f"deskweave check {side.name}",
    )
    return ConnectionPlan(connection=side.name, identity=None, findings=(finding,), failed=str(error))


def _express(
    side: Side, wanted: Wanted, live: Live, lock: Lock, matching: Matching
) -> tuple[tuple[Element, ...], tuple[Loss, ...]]:
    target = side.connection.target
    if target is None:
        return (), tuple(_unsaid(side, [ElementKey.of(element) for element in wanted.elements]))
    asked: list[Element] = []
    for element in wanted.elements:
        found = matching.wanted[ElementKey.of(element)]
        asked.append(replace(element, native=live.elements[found.live].native) if found.live is not None else element)
    shown = list(live.elements)
    for key, found in matching.wanted.items():
        if found.live is not None:
            shown[found.live] = replace(shown[found.live], id=key.id)
    expression = guarded(side, "express", lambda: target.express(asked, shown))
    expressed = _restored(expression.elements, wanted)
    losses = tuple(expression.losses)
    said = {loss.element for loss in losses}
    keys = {ElementKey.of(element) for element in expressed}
    silent = [
        key
        for key, element in ((ElementKey.of(element), element) for element in wanted.elements)
        if key not in keys and key.id not in said and (key.kind != CHOICE or _field_of(key, element) in keys)
    ]
    return expressed, (*losses, *_unsaid(side, silent))


def _restored(expressed: Sequence[Element], wanted: Wanted) -> tuple[Element, ...]:
    """Expressed elements under the keys they were asked by: a connector may leave out collection and needs."""
    by_key = {ElementKey.of(element): element for element in wanted.elements}
    found: dict[ElementKey, Element] = {}
    for element in expressed:
        if element.id is None:
            continue
        key = ElementKey.of(element)
        if key not in by_key:
            others = [other for other in by_key if other.id == element.id and other not in found]
            if not others:
                continue
            key = others[0]
            element = replace(element, attributes={**element.attributes, "collection": key.collection})
        found[key] = element if element.needs else replace(element, needs=by_key[key].needs)
    return tuple(found[key] for key in by_key if key in found)


def _field_of(key: ElementKey, element: Element) -> ElementKey | None:
    need = next((need for need in element.needs if need.kind == FIELD), None)
    return ElementKey(need.kind, need.path, key.collection) if need is not None else None


def _unsaid(side: Side, keys: Sequence[ElementKey]) -> list[Loss]:
    """Losses for what a connector neither holds nor names: nothing may vanish without a word."""
    by_kind: dict[str, list[ElementKey]] = {}
    for key in keys:
        by_kind.setdefault(key.kind, []).append(key)
    return [
        Loss(
            element=key.id,
            degree="impossible",
            what=f"{side.name} says nothing about the kind {kind}: apply does not make it there",
            steps={},
            where=None,
            verify=False,
        )
        for kind, found in sorted(by_kind.items())
        for key in found
    ]


def _usage(
    side: Side, matching: Matching, live: Live, keys: Sequence[ElementKey], wait: WaitUntil | None
) -> Mapping[ElementKey, int | None]:
    source = side.connection.configuration
    numbers = [(key, number) for key in keys if (number := matching.left.get(key)) is not None]
    if source is None or not numbers:
        return {}
    elements = [replace(live.elements[number], id=key.id) for key, number in numbers]
    counts = guarded(side, "usage", lambda: patiently(lambda: source.usage(elements), wait))
    return {key: count for (key, _), count in zip(numbers, counts, strict=False)}


def _preflight(side: Side, target: ConfigurationTarget, part: ConnectionPlan, wait: WaitUntil | None) -> tuple[Finding, ...]:
    try:
        return tuple(guarded(side, "preflight", lambda: patiently(lambda: target.preflight(part.changes), wait)))
    except DeskweaveError as error:
        return (
            Finding(
                rule="preflight",
                severity=Severity.ERROR,
                place=Place(f"connection:{side.name}", "configuration"),
                found=type(error).__name__,
                message=str(error),
                remedy=f"deskweave check {side.name}",
            ),
        )


def guarded(side: Side, what: str, call: Callable[[], T]) -> T:
    """A connector is a stranger's code: what it raises beside our errors is named and kept from the others."""
    try:
        return call()
    except DeskweaveError:
        raise
    except Exception as error:
        raise PluginError(side.name, what, type(error).__name__) from error

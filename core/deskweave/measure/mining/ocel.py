"""OCEL 2.0: events of several objects at once, as JSON (inquiries, agents, service items, related changes).

Written from the public description of the format. Personal values are in it only where names were asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from deskweave.measure.mining.traces import CHANGE, ITEM, Trace
from deskweave.measure.sources import Rulebook
from deskweave.model import Field, FieldId

INQUIRY: Final = "inquiry"
AGENT: Final = "agent"
SERVICE_ITEM: Final = "service_item"
RELATED_CHANGE: Final = "related_change"
#: Fields of an inquiry that are its attributes, where the practice has them and nobody is described by them.
_ATTRIBUTES: Final = ("priority", "impact", "urgency", "channel", "stream", "classification", "user_satisfaction")


def ocel(practice: Rulebook, traces: Iterable[Trace]) -> dict[str, Any]:
    """The log as plain data of OCEL 2.0 JSON: `objectTypes`, `eventTypes`, `objects`, `events`."""
    shown = [field for name in _ATTRIBUTES if (field := practice.fields.get(FieldId(name))) is not None and _harmless(field)]
    objects: dict[str, dict[str, Any]] = {}
    events: list[dict[str, Any]] = []
    types: dict[str, None] = {}
    for trace in traces:
        if not trace.turns:
            continue
        identifier = f"{INQUIRY}:{trace.inquiry}"
        begun = _instant(trace.turns[0].at)
        attributes = [
            {"name": field.id, "time": begun, "value": value}
            for field in shown
            if isinstance(value := trace.values.get(field.id), str)
        ]
        related = _related(practice, trace, objects)
        objects[identifier] = {
            "id": identifier,
            "type": INQUIRY,
            "attributes": [{"name": "number", "time": begun, "value": trace.case}, *attributes],
            "relationships": related,
        }
        for number, turn in enumerate(trace.turns):
            types[turn.status] = None
            links = [{"objectId": identifier, "qualifier": "of"}]
            if turn.agent is not None:
                agent = f"{AGENT}:{turn.agent}"
                objects.setdefault(agent, _object(agent, AGENT, turn.agent))
                links.append({"objectId": agent, "qualifier": "held by"})
            links += [{"objectId": one["objectId"], "qualifier": one["qualifier"]} for one in related]
            events.append(
                {
                    "id": f"{trace.inquiry}/{number}",
                    "type": turn.status,
                    "time": _instant(turn.at),
                    "attributes": [] if turn.group is None else [{"name": "group", "value": turn.group}],
                    "relationships": links,
                }
            )
    events.sort(key=lambda event: event["time"])  # stable: of one instant, an inquiry's own stay in order
    return {
        "objectTypes": [
            {"name": INQUIRY, "attributes": [{"name": name, "type": "string"} for name in ("number", *(one.id for one in shown))]},
            *({"name": name, "attributes": [{"name": "name", "type": "string"}]} for name in (AGENT, SERVICE_ITEM, RELATED_CHANGE)),
        ],
        "eventTypes": [{"name": name, "attributes": [{"name": "group", "type": "string"}]} for name in sorted(types)],
        "objects": [objects[name] for name in sorted(objects)],
        "events": events,
    }


def _related(practice: Rulebook, trace: Trace, objects: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    links = []
    for name, type_, qualifier in ((ITEM, SERVICE_ITEM, "about"), (CHANGE, RELATED_CHANGE, "related to")):
        value = trace.values.get(name)
        field = practice.fields.get(name)
        if not isinstance(value, str) or field is None or not _harmless(field):
            continue
        identifier = f"{type_}:{value}"
        item = practice.catalog.get(value) if name == ITEM else None
        label: Mapping[str, str] = item.label if item is not None else {}
        objects.setdefault(identifier, _object(identifier, type_, label.get("en") or value))
        links.append({"objectId": identifier, "qualifier": qualifier})
    return links


def _object(identifier: str, type_: str, name: str) -> dict[str, Any]:
    since = "1970-01-01T00:00:00.000Z"  # the format's own word for an attribute that was always so
    return {"id": identifier, "type": type_, "attributes": [{"name": "name", "time": since, "value": name}], "relationships": []}


def _harmless(field: Field) -> bool:
    return field.personal is None


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

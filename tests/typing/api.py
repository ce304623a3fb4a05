"""Never run: type-checked only. What a plugin author writes must satisfy mypy --strict without a cast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deskweave import hookimpl
from deskweave.connector import API_VERSION, Connection, Connector, Emulator, Kit
from deskweave.findings import Finding, Place, Severity
from deskweave.model import FieldId, Inquiry, Json
from deskweave.model.desk import Amend, Hold, ObservedChange
from deskweave.practice import Overlay, Practice

deskweave_api = 1


class Wecom:
    """A connector as a stranger writes it: no base class, the protocol is enough."""

    name = "wecom"
    api = API_VERSION
    emulator: Emulator | None = None

    def settings_schema(self) -> Mapping[str, Json]:
        return {"type": "object", "properties": {"secret": {"type": "string", "writeOnly": True}}}

    def binding_template(self) -> str:
        return "apiVersion: deskweave/v1\nkind: Binding\nid: wecom\n"

    def connect(self, settings: Mapping[str, Json], kit: Kit) -> Connection:
        raise ConnectionError(settings["address"], kit.connection)


@hookimpl
def deskweave_connectors() -> Sequence[Connector]:
    return [Wecom()]


@hookimpl
def deskweave_inquiry_schema(practice: Practice) -> Overlay | None:
    if FieldId("cost_center") in practice.fields:
        return None
    return Overlay(documents=[{"kind": "Fields", "id": "inquiry", "fields": {"cost_center": {"type": "text"}}}])


@hookimpl
def deskweave_incoming(inquiry: Inquiry | None, change: ObservedChange) -> Amend | Hold | None:
    if inquiry is None and change.values.get(FieldId("stream")) == "praise":
        return Hold("praise is read by the manager first")
    return Amend({FieldId("city"): "Suzhou"}, reason="one office")


@hookimpl
def deskweave_lint(practice: Practice) -> Sequence[Finding]:
    place = Place(source="plugin:wecom", path="/")
    return [Finding(rule="wecom-rule", severity=Severity.NOTE, place=place, found=practice.id, message="seen")]

"""The lock file of one connection in one environment: which instance it is, and what there is ours.

`bindings/<connection>.<environment>.lock.yaml` is written by the machine and committed: a colleague's clone and the build server
plan against the same ids and the same last-applied values. It is sorted and holds no times, so that writing what it already says
changes no byte. The three-way comparison of `plan` takes "last applied" from here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from deskweave.configure.key import ElementKey, plain
from deskweave.configure.machine_file import MachineFile, emit, parse, write_whole
from deskweave.connector import InstanceIdentity
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.model import Json

HEAD: Final = "# Written by deskweave: identity, ids, last applied. Commit it; do not edit it.\n"
RULE: Final = "lock-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockEntry:
    """One element as it was left by the last apply."""

    native: str  #: the instance's id for it
    made: bool  #: True: created by us. False: it was there, we only know it; it is never changed or removed
    attributes: Mapping[str, Json] = field(default_factory=dict)  #: as last applied; for what we did not make, as first seen
    #: leaf -> what the platform showed right after, where it spells it its own way
    shown: Mapping[str, Json] = field(default_factory=dict)
    retired: bool = False  #: taken out of use instead of removed: records still hold it
    unseen: bool = False  #: written and not read back yet (a crash came between): the next look learns how it is spelled there


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock file's content. `identity` None: no contact yet."""

    connection: str
    environment: str
    identity: InstanceIdentity | None = None
    elements: Mapping[ElementKey, LockEntry] = field(default_factory=dict)

    def native(self, kind: str, path: str, collection: str = "") -> str | None:
        """The instance's id of an element: what a typed Binding needs for `FieldBinding.native`. None: not there yet."""
        entry = self.elements.get(ElementKey(kind, path, collection))
        return None if entry is None or entry.retired else entry.native

    def field_native(self, collection: str, field_id: str) -> str | None:
        return self.native("field", f"fields/{field_id}", collection)

    def choice_natives(self, collection: str, field_id: str) -> dict[str, str]:
        """Slug of a choice -> the instance's id for it."""
        start = f"fields/{field_id}/choices/"
        return {
            key.path[len(start) :]: entry.native
            for key, entry in sorted(self.elements.items())
            if key.kind == "choice" and key.collection == collection and key.path.startswith(start) and not entry.retired
        }

    def having(self, edits: Mapping[ElementKey, LockEntry | None]) -> Lock:
        """This lock with some entries set, or dropped where None."""
        elements = dict(self.elements)
        for key, entry in edits.items():
            if entry is None:
                elements.pop(key, None)
            else:
                elements[key] = entry
        return replace(self, elements=elements)


def lock_path(folder: Path, connection: str, environment: str) -> Path:
    """Where the lock file of a connection stands in the user's folder."""
    return folder / "bindings" / f"{connection}.{environment}.lock.yaml"


def lock_text(lock: Lock) -> str:
    """The file's text: sorted, UTF-8, line feeds, one spelling per content."""
    document: dict[str, Json] = {
        "apiVersion": "deskweave/v1",
        "kind": "Lock",
        "connection": lock.connection,
        "environment": lock.environment,
        "elements": {str(key): _entry_json(entry) for key, entry in sorted(lock.elements.items())},
    }
    if lock.identity is not None:
        stated = {
            "address": lock.identity.address,
            "instance": lock.identity.instance,
            "planted": lock.identity.planted,
            "epoch": lock.identity.epoch,
        }
        document["identity"] = {name: value for name, value in stated.items() if value is not None}
    return emit(document, HEAD)


def write_lock(path: Path, lock: Lock) -> bool:
    """Write the lock file, whole or not at all. False: it already said so, and no byte was touched."""
    return write_whole(path, lock_text(lock).encode("utf-8"))


def read_lock(path: Path, connection: str, environment: str) -> Lock:
    """The lock file, or an empty lock where there is none.

    Raises:
        DocumentError: it cannot be read as one, belongs to another connection or environment, or an entry is malformed; every
            problem with file and line. A lock is never repaired by guessing: what is ours could then be mistaken for foreign.
    """
    if not path.is_file():
        return Lock(connection=connection, environment=environment)
    file = parse(path, RULE)
    document = file.value if isinstance(file.value, Mapping) else {}
    findings: list[Finding] = []
    for name, wanted in (("kind", "Lock"), ("connection", connection), ("environment", environment)):
        if document.get(name) != wanted:
            findings.append(
                file.finding(RULE, (name,), document.get(name), f"{name} of this lock file must be {wanted}", (wanted,))
            )
    identity = _identity(file, document.get("identity"), findings)
    elements = _elements(file, document.get("elements"), findings)
    if findings:
        raise DocumentError(findings)
    return Lock(connection=connection, environment=environment, identity=identity, elements=elements)


def _entry_json(entry: LockEntry) -> Json:
    stated: dict[str, Json] = {"native": entry.native, "made": entry.made, "attributes": plain(entry.attributes)}
    if entry.shown:
        stated["shown"] = plain(entry.shown)
    if entry.retired:
        stated["retired"] = True
    if entry.unseen:
        stated["unseen"] = True
    return stated


def _identity(file: MachineFile, value: Json, findings: list[Finding]) -> InstanceIdentity | None:
    if value is None:
        return None
    words = value if isinstance(value, Mapping) else {}
    address, instance, planted, epoch = (words.get(name) for name in ("address", "instance", "planted", "epoch"))
    if not isinstance(address, str) or not isinstance(instance, str):
        findings.append(file.finding(RULE, ("identity",), "", "identity needs address and instance, both text"))
        return None
    return InstanceIdentity(
        address=address,
        instance=instance,
        planted=None if planted is None else str(planted),
        epoch=None if epoch is None else str(epoch),
    )


def _elements(file: MachineFile, value: Json, findings: list[Finding]) -> dict[ElementKey, LockEntry]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        findings.append(file.finding(RULE, ("elements",), "", "elements is a mapping of kind/path to native, made, attributes"))
        return {}
    elements: dict[ElementKey, LockEntry] = {}
    for text, entry in value.items():
        at = ("elements", text)
        try:
            key = ElementKey.parse(text)
        except ValueError as error:
            findings.append(file.finding(RULE, at, text, str(error)))
            continue
        words = entry if isinstance(entry, Mapping) else {}
        native, made = words.get("native"), words.get("made")
        attributes, shown = words.get("attributes", {}), words.get("shown", {})
        if not isinstance(native, str) or not isinstance(made, bool):
            findings.append(file.finding(RULE, at, text, "an element needs native (text) and made (true or false)"))
        elif not isinstance(attributes, Mapping) or not isinstance(shown, Mapping):
            findings.append(file.finding(RULE, at, text, "attributes and shown are mappings"))
        else:
            elements[key] = LockEntry(
                native=native,
                made=made,
                attributes=attributes,
                shown=shown,
                retired=words.get("retired") is True,
                unseen=words.get("unseen") is True,
            )
    return elements

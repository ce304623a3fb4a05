"""The practice's file format as JSON Schema 2020-12: plain data that any tool can read. Imports nothing of Deskweave.

Every kind of document has one schema, `v1/<name>.schema.json`, whose `$id` is `urn:deskweave:schema:v1:<name>`. Its root describes
one file's share of a document (a layer states only what differs); `$defs/complete` adds what must be there once they are composed.
`common` and `predicate` hold what several kinds share and are reached by `$ref`. Editors follow no URN: `bundle` answers a schema
with everything it refers to inside it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

KINDS: Final = {
    "Practice": "practice",
    "Fields": "fields",
    "Catalog": "catalog",
    "Channels": "channels",
    "Routing": "routing",
    "StatusModel": "status_model",
    "Feedback": "feedback",
    "Calendar": "calendar",
    "Holidays": "holidays",
    "Clock": "clock",
    "PriorityMatrix": "priority_matrix",
    "ServiceLevel": "service_level",
    "Metric": "metric",
    "Desk": "desk",
    "Template": "template",
    "Process": "process",
    "Binding": "binding",
    "Log": "log",
    "Workspace": "workspace",
}
"""`kind:` of a document to the name of its schema."""

DOCUMENT: Final = "document"
"""Name of the bundle that knows every kind, for files that hold documents of several."""

VERSIONS: Final = ("v1",)
_URN: Final = "urn:deskweave:schema:"


def names(version: str = "v1") -> tuple[str, ...]:
    """Every schema of a version, sorted; those of the kinds and those they share.

    Raises:
        LookupError: there is no such version.
    """
    if version not in VERSIONS:
        message = f"no schemas of version {version!r}; there are: {', '.join(VERSIONS)}"
        raise LookupError(message)
    folder = files(__name__) / version
    return tuple(
        sorted(entry.name.removesuffix(".schema.json") for entry in folder.iterdir() if entry.name.endswith(".schema.json"))
    )


@cache
def text(name: str, version: str = "v1") -> str:
    """The schema's file as it stands.

    Raises:
        LookupError: there is no schema of that name or version.
    """
    if version not in VERSIONS or not name.isidentifier():
        message = f"no schema {name!r} of version {version!r}"
        raise LookupError(message)
    try:
        return (files(__name__) / version / f"{name}.schema.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"no schema {name!r} of version {version!r}; there are: {', '.join(names(version))}"
        raise LookupError(message) from None


def load(name: str, version: str = "v1") -> dict[str, Any]:
    """A schema as a fresh dictionary, `load("fields")`; a kind's name serves too, `load("Fields")`.

    Raises:
        LookupError: there is no schema of that name or version.
    """
    schema: dict[str, Any] = json.loads(text(KINDS.get(name, name), version))
    return schema


def bundle(name: str, version: str = "v1") -> dict[str, Any]:
    """A schema that needs no other file: what it refers to stands in its own `$defs`. `document` is any kind's, chosen by `kind`.

    Raises:
        LookupError: there is no schema of that name or version.
    """
    if name == DOCUMENT:
        kinds = {kind: schema for kind, schema in KINDS.items() if kind not in ("Binding", "Log", "Workspace")}
        root: dict[str, Any] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Practice document / 实践文档",
            "description": "Any document of a practice; `kind` says which.",
            "type": "object",
            "properties": {
                "apiVersion": {"const": f"deskweave/{version}"},
                "kind": {"enum": list(kinds)},
                "id": {"type": "string"},
            },
            "required": ["kind", "id"],
            "allOf": [
                {
                    "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                    "then": {"$ref": f"{_URN}{version}:{schema}"},
                }
                for kind, schema in kinds.items()
            ],
        }
    else:
        root = load(name, version)
        root.pop("$id")
    held: dict[str, Any] = {}
    _localise(root, "", held, version)
    root.setdefault("$defs", {}).update(held)
    return root


def _localise(value: Any, within: str, held: dict[str, Any], version: str) -> None:
    """Turn references by URN, and those within the schema called `within`, into references to the bundle's `$defs`."""
    if isinstance(value, list):
        for item in value:
            _localise(item, within, held, version)
    if not isinstance(value, dict):
        return
    target = value.get("$ref")
    if isinstance(target, str):
        urn, _, path = target.partition("#")
        name = urn.removeprefix(f"{_URN}{version}:") if urn else within
        value["$ref"] = f"#/$defs/{name}{path}" if name else target
        if name and name not in held:
            held[name] = load(name, version)
            held[name].pop("$id")
            held[name].pop("$schema", None)
            _localise(held[name], name, held, version)
    for key, item in value.items():
        if key in ("properties", "$defs") and isinstance(item, dict):  # here keys are names: `examples` may be one
            for schema in item.values():
                _localise(schema, within, held, version)
        elif key not in ("examples", "const", "enum", "default"):
            _localise(item, within, held, version)

"""The practice's file format as JSON Schema 2020-12: plain data that any tool can read. Imports nothing of Deskweave.

Every kind of document has one schema, `v1/<name>.schema.json`, whose `$id` is `urn:deskweave:schema:v1:<name>`. Its root describes
one file's share of a document (a layer states only what differs); `$defs/complete` adds what must be there once they are composed.
`common` and `predicate` hold what several kinds share and are reached by `$ref`.
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
    "Workspace": "workspace",
}
"""`kind:` of a document to the name of its schema."""

VERSIONS: Final = ("v1",)


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
    """The schema's file as it stands, for `.deskweave/schema/` and editors.

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

"""YAML documents: read with marks, checked against their schemas, written back with comments.

`read` and `read_all` answer `Document`s or raise `DocumentError` with every finding at once. `check` says what is wrong with a
document's shape. `check_settings`, `references` and `expand` deal with a connection's settings and secrets. `amend` writes back.
Nothing heavy is imported until it is used.
"""

from deskweave.documents.amend import amend
from deskweave.documents.check import check, check_against, check_complete
from deskweave.documents.composer import MAX_ALIASES, MAX_DEPTH
from deskweave.documents.document import (
    API_VERSION,
    KINDS,
    Document,
    Spot,
    as_list,
    as_map,
    in_order,
    is_map,
    nearest,
    pointer,
    problem,
    shown,
    split,
)
from deskweave.documents.read import MAX_BYTES, read, read_all, read_value
from deskweave.documents.secret import HOST_KEYS, Reference, check_settings, expand, is_reference, references

__all__ = [
    "API_VERSION",
    "HOST_KEYS",
    "KINDS",
    "MAX_ALIASES",
    "MAX_BYTES",
    "MAX_DEPTH",
    "Document",
    "Reference",
    "Spot",
    "amend",
    "as_list",
    "as_map",
    "check",
    "check_against",
    "check_complete",
    "check_settings",
    "expand",
    "in_order",
    "is_map",
    "is_reference",
    "nearest",
    "pointer",
    "problem",
    "read",
    "read_all",
    "read_value",
    "references",
    "shown",
    "split",
]

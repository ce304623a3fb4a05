"""Everything wrong or doubtful about a folder's files, of every stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deskweave.documents import Document, in_order
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.workspace.loading import lint, shapes

if TYPE_CHECKING:
    from deskweave.workspace.workspace import Workspace


def findings_of(space: Workspace, *, deep: bool) -> list[Finding]:
    """See `Workspace.lint`."""
    findings: list[Finding] = []
    for name in space.folder.connections:
        try:
            findings += space.check_settings(name)
        except DocumentError as error:
            findings += error.findings
    try:
        practice = space.practice
    except DocumentError as error:
        # no practice to hold bindings against; what each file shows by itself is told all the same
        return in_order([*findings, *error.findings, *shapes(space.folder)])
    bound: Mapping[str, Document] = {}
    try:
        bound = space.binding_documents
    except DocumentError as error:
        findings += error.findings
    if deep and (space.folder.root / "logs").is_dir():
        from deskweave.workspace.log_mapping import mapping_findings

        findings += mapping_findings(space)
    if deep:  # sync reads it again; nothing else goes by it
        from deskweave.workspace.spreadsheets import listed_people

        try:
            listed_people(space.folder, practice, space.language)
        except DocumentError as error:
            findings += error.findings
    return [*findings, *lint(space.folder, practice, bound.values(), space.plugins if deep else None)]

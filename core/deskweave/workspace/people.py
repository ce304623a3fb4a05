"""Who an account is, as the folder says it: the rules of `people:`, and people.csv over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deskweave.documents import as_map
from deskweave.people import Directory, Matched, MatchPolicy
from deskweave.workspace.folder import Folder
from deskweave.workspace.spreadsheets import listed_people

if TYPE_CHECKING:
    from deskweave.workspace.workspace import Workspace


def match_policies(folder: Folder) -> tuple[MatchPolicy, dict[str, MatchPolicy]]:
    """The rules for all connections, and those of connections that say some of their own."""
    said = as_map(folder.document.body.get("people"))
    own = as_map(said.get("connections"))
    return _policy(said), {name: _policy({**said, **as_map(body)}) for name, body in own.items()}


def _policy(said: Mapping[str, Any]) -> MatchPolicy:
    plain = MatchPolicy()
    return MatchPolicy(
        find_by=tuple(said["find_by"]) if "find_by" in said else plain.find_by,
        on_none=said.get("on_none", plain.on_none),
        on_many=said.get("on_many", plain.on_many),
    )


def directory(space: Workspace) -> Directory:
    """The directory of this environment.

    Raises:
        DocumentError: people.csv is wrong: every finding at once.
    """
    policy, own = match_policies(space.folder)
    listed = listed_people(space.folder, space.practice, space.language)
    return Directory(space.store, policy, policies=own, listed=listed)


def matched_people(space: Workspace) -> Matched:
    """Whose every account is that sync has met, by the rules and people.csv as they are now. Nothing is asked, nothing is written.

    Raises:
        DocumentError: people.csv is wrong.
    """
    who = directory(space)
    with space.store.read() as tx:
        return who.matched(tx)

"""The logs imported into an environment, as they were last read: a small file of each under `.deskweave/<environment>/logs/`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deskweave.findings import Finding
from deskweave.measure.logs import Trouble
from deskweave.model import Grain

if TYPE_CHECKING:
    from deskweave.workspace.workspace import Workspace


FOLDER: Final = "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One imported log of this environment, as it was last read. Of contacts and answers `inquiries` counts those, and there are no
    events.
    """

    name: str
    file: str
    inquiries: int
    events: int
    since: datetime | None
    until: datetime | None
    imported_at: datetime
    troubles: tuple[Trouble, ...]
    mapping: str  #: digest of the mapping it was read by
    grain: Grain = "inquiry"
    says: tuple[str, ...] | None = None  #: of contacts and answers: the fields it has a word for; None: it was not noted yet


def imported_logs(space: Workspace) -> list[Known]:
    """The logs imported into this environment, by name."""
    found = []
    for path in sorted((space.folder.state_folder / FOLDER).glob("*.json")):
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            said["troubles"] = tuple(Trouble(**{**one, "lines": tuple(one["lines"])}) for one in said["troubles"])
            for moment in ("since", "until", "imported_at"):
                said[moment] = datetime.fromisoformat(said[moment]) if said[moment] else None
            if said.get("says") is not None:
                said["says"] = tuple(said["says"])
            found.append(Known(**said))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # written by another version: the log is read anew, and nothing else is lost
    return found


def log_findings(space: Workspace) -> list[Finding]:
    """What is doubtful about the rows of imported logs, as problems of data are shown everywhere."""
    return [trouble.finding(one.file) for one in imported_logs(space) for trouble in one.troubles]


def state_file(space: Workspace, name: str) -> Path:
    """Where it is kept what an import found."""
    return space.folder.state_folder / FOLDER / f"{name}.json"


def remember(space: Workspace, known: Known) -> None:
    """Keep what an import found, whole or not at all."""
    path = state_file(space, known.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    said = asdict(known)
    for moment in ("since", "until", "imported_at"):
        said[moment] = said[moment].isoformat() if said[moment] else None
    part = path.with_suffix(".part")
    part.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(part, path)

"""What version control knows of a folder: which version it is, whether files differ from it, and the versions before.

Git is asked only about the folder's own files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from deskweave.workspace.folder import FILE
from deskweave.workspace.git import GitRefused, NoGit, git

_FIELD, _RECORD = "\x1f", "\x1e"
#: What a handbook is made of; state, reports and the handbook itself are not.
_MADE_OF: Final = (FILE, "practice.lock", "people.csv", "bindings", "by-hand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tagged version: who tagged it and when; of a plain tag, who made the commit."""

    name: str
    date: datetime
    author: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """Attributes:
    version: `v2.3.0`, `v2.3.0-4-gabc1234`, or a commit where nothing is tagged.
    commit: whole.
    changed: files of the folder differ from the commit.
    author: of the last commit.
    tags: that lead here, newest first.
    """

    version: str
    commit: str
    changed: bool
    author: str
    tags: tuple[Tag, ...]


def revisions(root: Path, *, practice: str = "practice") -> Revisions | None:
    """What git knows of the folder `root`.

    Args:
        root: the folder that holds deskweave.yaml.
        practice: its practice folder, relative to it.

    Returns:
        None: git is not installed, the folder is in no repository, or its deskweave.yaml is not under version control: a demo
        inside somebody else's repository has no version of its own.
    """
    if _git(root, "ls-files", "--error-unmatch", "--", FILE) is None:
        return None
    last = _git(root, "log", "-1", f"--format=%H{_FIELD}%an")
    if last is None:
        return None
    commit, _, author = last.strip("\n").partition(_FIELD)
    if not commit:
        return None
    described = _git(root, "describe", "--tags", "--always") or commit[:12]
    status = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *_MADE_OF, practice)
    return Revisions(
        version=described.strip(),
        commit=commit,
        changed=bool(status is None or status.strip()),
        author=author,
        tags=tuple(_tags(root)),
    )


def _tags(root: Path) -> Sequence[Tag]:
    parts = ("%(refname:strip=2)", "%(creatordate:iso-strict)", "%(taggername)", "%(authorname)", "%(contents:subject)")
    answer = _git(root, "for-each-ref", "refs/tags", "--merged", "HEAD", f"--format={_FIELD.join(parts)}{_RECORD}")
    found = []
    for record in (answer or "").split(_RECORD):
        fields = record.strip("\n").split(_FIELD)
        if len(fields) != len(parts) or not fields[0]:
            continue
        name, at, tagger, author, subject = fields
        try:
            date = datetime.fromisoformat(at)
        except ValueError:  # a tag of something that has no date, such as a file
            continue
        found.append(Tag(name=name, date=date, author=tagger or author, subject=subject))
    return sorted(found, key=lambda tag: (tag.date, tag.name), reverse=True)


def _git(root: Path, *arguments: str) -> str | None:
    """What git answers; None where it cannot."""
    try:
        return git(root, *arguments).decode("utf-8", "replace")
    except (NoGit, GitRefused):
        return None

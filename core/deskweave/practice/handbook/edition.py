"""What surrounds a practice when it is handed over: for whom, which version, and what its platforms cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version that was handed over before: a tag."""

    version: str
    date: datetime
    author: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one platform cannot hold of the practice.

    Attributes:
        degree: `by_hand` has a number, and somebody does it; `narrowed` is kept in a simpler form; `impossible` is not kept.
        what: in the connector's words.
        elements: paths it concerns.
        steps: language -> what a person does.
        where: menu path or address.
        done_by: who has done it; None: open.
        done_on: ISO date.
    """

    degree: Literal["by_hand", "narrowed", "impossible"]
    what: str
    number: str = ""
    elements: tuple[str, ...] = ()
    steps: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    done_by: str | None = None
    done_on: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One connection. `limits` None: nobody has planned against it yet, so that nothing is known of what it cannot hold."""

    connection: str
    address: str = ""
    limits: tuple[Limit, ...] | None = None
    whole: bool = False  #: `limits` is all there is; else only the numbered steps are known
    failed: str = ""  #: why it could not be read when it was planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One rendering of a practice. All instants are aware; they are said in the practice's zone.

    Attributes:
        now: the date of the document.
        client: whose desk.
        environment: of the folder; None: there is no folder.
        version: as version control describes it; None: it does not know this practice.
        changed: files differ from what version control knows.
        author: who made the last change.
        revisions: newest first; None: there is no version control.
        platforms: connections; None: there is no folder, so the chapter is left out.
    """

    now: datetime
    client: str = ""
    environment: str | None = None
    version: str | None = None
    changed: bool = False
    author: str = ""
    revisions: tuple[Revision, ...] | None = None
    platforms: tuple[Platform, ...] | None = None

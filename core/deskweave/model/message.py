"""What people say to each other on an inquiry. Visibility is a type: nothing that writes to the public takes an internal one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deskweave.model.value import PersonId


class Visibility(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMessage:
    body: str  #: Markdown
    author: PersonId | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalMessage:
    body: str
    author: PersonId | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFile:
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalFile:
    name: str
    media_type: str
    size: int
    sha256: str

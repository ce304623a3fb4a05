"""A document of a file, with the place of every key and value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, TypeGuard

from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json

API_VERSION: Final = "deskweave/v1"

KINDS: Final = (
    "Practice",
    "Fields",
    "Catalog",
    "Channels",
    "Routing",
    "StatusModel",
    "Feedback",
    "Calendar",
    "Holidays",
    "Clock",
    "PriorityMatrix",
    "ServiceLevel",
    "Metric",
    "Desk",
    "Template",
    "Process",
    "Binding",
    "Log",
    "Workspace",
)

_USERINFO: Final = re.compile(r"//[^/@\s]+@")
_SECRET_KEY: Final = re.compile(
    r"secret|password|passwd|passphrase|token|credential|private_key|api_?key|authorization", re.IGNORECASE
)


COLUMNS: Final = 1 << 23
"""More columns than a file may have bytes: a place is one number, `line * COLUMNS + column`."""


def packed(line: int, column: int) -> int:
    """A place as one number."""
    return line * COLUMNS + column


class Spot:
    """Where a value stands (line and column from 1), and where its parts do.

    A large file has a quarter of a million places. Each is one number until somebody asks, so that reading makes an object for a
    mapping or a list only; a scalar among the parts is its number.
    """

    __slots__ = ("at", "inner", "marks")

    def __init__(
        self,
        line: int,
        column: int,
        keys: Mapping[str, tuple[int, int]] | None = None,
        parts: Mapping[str, Spot] | None = None,
    ) -> None:
        self.at = packed(line, column)
        self.marks: dict[str, int] = {name: packed(*place) for name, place in (keys or {}).items()}
        self.inner: dict[str, int | Spot] | list[int | Spot] = dict(parts or {})

    @classmethod
    def of(cls, at: int, marks: dict[str, int], inner: dict[str, int | Spot] | list[int | Spot]) -> Spot:
        """A spot of places that are numbers already."""
        spot = cls.__new__(cls)
        spot.at, spot.marks, spot.inner = at, marks, inner
        return spot

    @property
    def line(self) -> int:
        return self.at // COLUMNS

    @property
    def column(self) -> int:
        return self.at % COLUMNS

    @property
    def keys(self) -> dict[str, tuple[int, int]]:
        """Places of the keys."""
        return {name: divmod(at, COLUMNS) for name, at in self.marks.items()}

    @property
    def parts(self) -> dict[str, Spot]:
        """Spots of the values by key, or by number in a list."""
        pairs = self.inner.items() if isinstance(self.inner, dict) else ((str(n), one) for n, one in enumerate(self.inner))
        return {name: _spot(one) for name, one in pairs}

    def part(self, name: str) -> Spot | None:
        """The spot of one part."""
        if isinstance(self.inner, dict):
            found = self.inner.get(name)
        else:
            found = self.inner[int(name)] if name.isdecimal() and int(name) < len(self.inner) else None
        return None if found is None else _spot(found)


def _spot(one: int | Spot) -> Spot:
    return one if isinstance(one, Spot) else Spot.of(one, {}, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document: `body` holds everything but `apiVersion`, `kind` and `id` included.

    Dates, instants and durations stay the text of the file (YAML 1.2 core knows no others); whoever wants one parses it.
    """

    kind: str
    id: str
    body: Mapping[str, Json]
    source: str  #: file name as the person knows it, or "plugin:<name>"
    spot: Spot | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.id}"

    def place(self, path: str | Iterable[str | int] = "", *, key: bool = False) -> Place:
        """The spot of a JSON Pointer (a missing leading slash is forgiven), or of the nearest parent that stands in the file.

        Args:
            path: a JSON Pointer, or its parts.
            key: the place of the key instead of its value.
        """
        parts = split(path) if isinstance(path, str) else tuple(str(part) for part in path)
        here = self.spot
        if here is None:
            return Place(self.source, pointer((self.kind, self.id, *parts)))
        at = here.at
        for number, part in enumerate(parts):
            inner = here.part(part)
            if inner is None:
                break
            at = here.marks.get(part, inner.at) if key and number == len(parts) - 1 else inner.at
            here = inner
        return Place(self.source, pointer(parts), *divmod(at, COLUMNS))


def split(path: str) -> tuple[str, ...]:
    """The parts of a JSON Pointer; `fields/title` is read as `/fields/title`."""
    path = path.removeprefix("/")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in path.split("/")) if path else ()


_PLAIN: Final = frozenset((str, type(None), list, tuple, bool, int, float))


def is_map(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value is a mapping; its type answers nearly always, and ten times as fast as asking what it can do."""
    kind = type(value)
    return kind is dict or (kind not in _PLAIN and isinstance(value, Mapping))


def as_map(value: Any) -> Mapping[str, Any]:
    """A mapping, or an empty one: what is misshapen has been told already."""
    return value if is_map(value) else {}


def as_list(value: Any) -> list[Any]:
    """A list, or an empty one."""
    return list(value) if isinstance(value, (list, tuple)) else []


def pointer(parts: Iterable[str | int]) -> str:
    """Parts as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def nearest(word: object, allowed: Iterable[str]) -> str | None:
    """The allowed word a person most likely meant."""
    candidates = {candidate.lower(): candidate for candidate in allowed}
    found = get_close_matches(str(word).lower(), list(candidates), n=1, cutoff=0.6)
    return candidates[found[0]] if found else None


def shown(value: object, path: Iterable[str | int] = ()) -> str:
    """A value as a finding may show it: at most 80 characters, and nothing of what stands under a key that names a secret."""
    if any(isinstance(part, str) and _SECRET_KEY.search(part) for part in path):
        return "***"
    text = value if isinstance(value, str) else json.dumps(_masked(value), ensure_ascii=False, default=str)
    text = _USERINFO.sub("//***@", " ".join(text.split()))
    return text if len(text) <= 80 else text[:77] + "..."


def _masked(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): "***" if _SECRET_KEY.search(str(key)) else _masked(item) for key, item in list(value.items())[:20]}
    if isinstance(value, (list, tuple)):
        return [_masked(item) for item in value[:20]]
    return value


def problem(
    rule: str,
    place: Place,
    found: str,
    message: str,
    *,
    allowed: Iterable[object] = (),
    remedy: str = "",
    word: object = None,
    values: Mapping[str, str] | None = None,
) -> Finding:
    """An error about a document; `word` asks for the nearest of `allowed`, `values` are what its sentence speaks of."""
    words = tuple(one for one in allowed if isinstance(one, str))  # what a file lists may itself be misshapen
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        place=place,
        found=found,
        message=message,
        allowed=words,
        nearest=None if word is None else nearest(word, words),
        remedy=remedy,
        values=values or {},
    )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings once each, by file and place."""
    seen = dict.fromkeys(findings)
    return sorted(seen, key=lambda f: (f.place.source, f.place.line or 0, f.place.column or 0, f.place.path, f.rule))

"""What every rule of sense is handed: the practice, and a way to say a thing with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from deskweave.documents import shown
from deskweave.findings import Finding, Severity
from deskweave.model import Json
from deskweave.practice.lint.cases import Cases
from deskweave.practice.practice import Practice, part_of

Path = tuple[str | int, ...]


class Sense:
    def __init__(self, practice: Practice) -> None:
        self.practice = practice

    def warn(
        self, rule: str, path: Path, found: object, message: str, remedy: str, *, key: bool = True,
        severity: Severity = Severity.WARNING, **values: object,
    ) -> Finding:  # fmt: skip
        """A finding about the value at a path of the practice (`key`: about its key); `values` are what the sentence speaks of."""
        return Finding(
            rule=rule,
            severity=severity,
            place=self.practice.origin(path, key=key),
            found=shown(found),
            message=message,
            remedy=remedy,
            values={name: shown(value) for name, value in values.items()} | part_of(path),
        )

    def cases(self, predicates: Iterable[Mapping[str, Json] | None]) -> Cases:
        """The inquiries a set of predicates tells apart."""
        return Cases(predicates, self.practice.fields, self.words)

    @cached_property
    def words(self) -> Mapping[str, Sequence[str]]:
        """What fields hold that take their words from elsewhere."""
        return {"status": tuple(self.practice.statuses.statuses), "catalog_item": tuple(self.practice.catalog)}

    def at(self, kind: str, *keys: str) -> Mapping[str, Path]:
        """The path of every entry under a key, whichever document of the kind it stands in."""
        found: dict[str, Path] = {}
        for (of, name), body in self.practice.documents.items():
            if of != kind:
                continue
            inner: object = body
            for key in keys:
                inner = inner.get(key) if isinstance(inner, Mapping) else None
            if isinstance(inner, Mapping):
                found |= {str(slug): (kind, name, *keys, str(slug)) for slug in inner}
        return found


def quoted(words: Iterable[object], most: int = 5) -> str:
    """A few words as a sentence lists them, then how many more there are."""
    listed = [str(word) for word in words]
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")

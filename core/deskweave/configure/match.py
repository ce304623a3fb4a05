"""Which live element is which wanted one: by the lock file's id first, by name on first contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from deskweave.configure.elements import CHOICE, FIELD, Wanted
from deskweave.configure.key import ElementKey, text_of
from deskweave.configure.live import Live
from deskweave.configure.lock import Lock
from deskweave.connector import Element

How = Literal["lock", "former", "id", "name", "none", "several"]


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for one wanted element. `former` is the lock entry it was known under before it was renamed."""

    live: int | None = None  #: position in the live listing
    how: How = "none"
    former: ElementKey | None = None


@dataclass(slots=True)
class Matching:
    """Wanted and live elements of one connection, joined. `left` are lock entries that nothing wants any more."""

    wanted: dict[ElementKey, Match] = field(default_factory=dict)
    left: dict[ElementKey, int | None] = field(default_factory=dict)

    @property
    def claimed(self) -> set[int]:
        """Live elements that are somebody's: wanted, or in the lock file."""
        return {match.live for match in self.wanted.values() if match.live is not None} | {
            live for live in self.left.values() if live is not None
        }


def match(wanted: Wanted, live: Live, lock: Lock) -> Matching:
    """Join wanted and live elements. Pure; each live element goes to one wanted element at most.

    By native id where the lock file knows the element, under its key or under a former one (`was:`). Else by the id the connector
    states, else by name within kind, collection and, for a choice, field: a name that fits several is nobody's ("several").
    A live element that the lock file knows under a key nobody wants any more, and whose name fits, is a rename.
    """
    return _Matcher(wanted, live, lock).run()


class _Matcher:
    def __init__(self, wanted: Wanted, live: Live, lock: Lock) -> None:
        self.wanted, self.live, self.lock = wanted, live.elements, lock
        self.elements = {ElementKey.of(element): element for element in wanted.elements}
        self.natives: dict[tuple[str, str], list[int]] = {}
        self.names: dict[tuple[str, str], list[int]] = {}
        self.ids: dict[tuple[str, str], list[int]] = {}
        for number, (element, kind) in enumerate(zip(live.elements, live.kinds, strict=True)):
            if element.native is not None:
                self.natives.setdefault((kind, element.native), []).append(number)
            for name in names_of(element):
                self.names.setdefault((kind, name), []).append(number)
            if element.id is not None:
                self.ids.setdefault((element.id.kind, element.id.path), []).append(number)
        self.result = Matching()
        self.taken: dict[int, ElementKey] = {}

    def run(self) -> Matching:
        keys = sorted(self.elements, key=lambda key: key.kind != FIELD)  # stable: fields first, choices look at their field
        used: set[ElementKey] = set()
        for key in keys:
            self._by_lock(key, key, "lock")
        for key in keys:
            if key in self.lock.elements:
                continue
            for former in self.wanted.was.get(key, ()):
                if former in self.lock.elements and former not in self.elements and former not in used:
                    used.add(former)
                    self._by_lock(key, former, "former")
                    self.result.wanted.setdefault(key, Match(None, "none", former))
                    break
        soft: dict[int, ElementKey] = {}
        for key in sorted(self.lock.elements):
            if key not in self.elements and key not in used:
                number = self._native(key)
                self.result.left[key] = number
                if number is not None:
                    soft[number] = key
        for key in keys:
            known = self.result.wanted.get(key)
            if known is None or known.live is None:
                self._by_name(key, known, soft)
        return self.result

    def _by_lock(self, key: ElementKey, entry: ElementKey, how: How) -> None:
        number = self._native(entry) if entry in self.lock.elements else None
        if number is not None and number not in self.taken:
            self.taken[number] = key
            self.result.wanted[key] = Match(number, how, entry if entry != key else None)

    def _native(self, key: ElementKey) -> int | None:
        found = self.natives.get((key.kind, self.lock.elements[key].native), [])
        found = [
            number
            for number in found
            if number not in self.taken and _same(key.collection, text_of(self.live[number], "collection"))
        ]
        if len(found) > 1:
            at = self.lock.elements[key].attributes.get("field")
            found = [
                number for number in found if not text_of(self.live[number], "field") or text_of(self.live[number], "field") == at
            ]
        return found[0] if len(found) == 1 else None

    def _by_name(self, key: ElementKey, known: Match | None, soft: Mapping[int, ElementKey]) -> None:
        element = self.elements[key]
        former = known.former if known else None
        for how, candidates in (("id", self.ids.get((key.kind, key.path), ())), ("name", self._named(element))):
            found = [
                number for number in dict.fromkeys(candidates) if number not in self.taken and self._fits(key, element, number)
            ]
            if len(found) > 1:
                self.result.wanted[key] = Match(None, "several", former)
                return
            if found:
                number = found[0]
                self.taken[number] = key
                renamed = soft.get(number)
                if renamed is not None:
                    self.result.left.pop(renamed, None)
                    self.result.wanted[key] = Match(number, "former", renamed)
                else:
                    self.result.wanted[key] = Match(number, "id" if how == "id" else "name", former)
                return
        self.result.wanted[key] = Match(None, "none", former)

    def _named(self, element: Element) -> Iterable[int]:
        kind, name = ElementKey.of(element).kind, text_of(element, "name")
        if name:
            yield from self.names.get((kind, name), ())
            yield from self.natives.get((kind, name), ())

    def _fits(self, key: ElementKey, element: Element, number: int) -> bool:
        candidate = self.live[number]
        if not _same(key.collection, text_of(candidate, "collection")):
            return False
        if key.kind != CHOICE:
            return True
        parents = self._parent_names(key, element)
        stated = text_of(candidate, "field")
        if stated:
            return stated in parents
        inside = self._inside(candidate)
        return not inside or not inside.isdisjoint(parents)

    def _inside(self, candidate: Element) -> set[str]:
        """Fields a choice lies in by its id, where the platform builds it as `<field id>/<option id>`."""
        parts = (candidate.native or "").split("/")
        return {head for length in range(1, len(parts)) if (FIELD, head := "/".join(parts[:length])) in self.natives}

    def _parent_names(self, key: ElementKey, element: Element) -> set[str]:
        """Every word a platform may use for the field of a choice: the name bound, its own id and name, our slug."""
        names = {text_of(element, "field")}
        for need in element.needs:
            names |= {need.path, need.path.removeprefix("fields/")}
            found = self.result.wanted.get(ElementKey(need.kind, need.path, key.collection))
            if found is not None and found.live is not None:
                parent = self.live[found.live]
                names |= {*names_of(parent), parent.native or ""}
        return names - {""}


def names_of(element: Element) -> tuple[str, ...]:
    """What a person could call a live element: its name, and its value where the platform keeps both."""
    return tuple(dict.fromkeys(name for name in (text_of(element, "name"), text_of(element, "value")) if name))


def _same(ours: str, theirs: str) -> bool:
    return not ours or not theirs or ours == theirs

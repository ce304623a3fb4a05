"""Terms that go on under another slug: `was: [old]` in a layer carries what the layers below say of `old` over to the new slug.

The term is renamed where it stands: its keys below those of the renaming layer, its place among its neighbours, its origin. What
the layers below say of it by its old slug is said of the new one from then on: whoever builds on a pack cannot edit it. In the
renaming layer and above, a reference by the old slug is reported, with the new one and who gave it. `remove` goes first: removing
the old term and stating the new one begins it afresh.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from deskweave.documents import Document, Spot, is_map, problem, shown
from deskweave.findings import Finding, Place
from deskweave.practice.practice import DocumentKey

Path = tuple[str, ...]
Bodies = Mapping[DocumentKey, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rename:
    """`old` beside `new` under `parent` (kind, id, path), as a document says it."""

    parent: Path
    old: str
    new: str
    document: Document

    @property
    def place(self) -> Place:
        return self.document.place((*self.parent[2:], self.new, "was"))


class Renames:
    """All renames of a composition, and what they leave to be said."""

    def __init__(self) -> None:
        self.done: list[_Rename] = []

    def carry(self, documents: Iterable[tuple[Document, DocumentKey]], bodies: Bodies, origins: dict[Path, Document]) -> None:
        """Rename terms of the layers below as the documents of one layer say, outer terms first.

        A slug that is taken stays, and so does the old one: `kept` reports the pair.
        """
        stated: dict[Path, list[_Rename]] = {}
        for document, key in documents:
            for one in _stated(document, key):
                stated.setdefault(one.parent, []).append(one)
        for parent in sorted(stated, key=lambda path: (len(path), path)):
            terms = _at(bodies, parent)
            if terms is None:
                continue
            moves: dict[str, _Rename] = {}
            for one in sorted(stated[parent], key=lambda one: (one.old, one.new)):
                if one.old in terms and one.old not in moves and isinstance(terms[one.old], dict):
                    moves[one.old] = one
            moves = _free(moves, terms)
            if not moves:
                continue
            renamed = {(moves[slug].new if slug in moves else slug): term for slug, term in terms.items()}
            terms.clear()
            terms.update(renamed)
            _carry_origins(origins, parent, {old: one.new for old, one in moves.items()})
            self.done += moves.values()

    def follow(
        self, findings: Iterable[Finding], path_of: Callable[[Place], Path], bodies: Bodies, origins: dict[Path, Document],
        below: Callable[[str, str], bool],
    ) -> bool:  # fmt: skip
        """Let what the layers below say by an old slug say the new one. The checks of references know what is one.

        Args:
            findings: of the references, as composed.
            path_of: the path a finding is about.
            bodies: composed; changed here, and nothing of the documents they came from.
            origins: which document set what; changed with them.
            below: whether the first of two files belongs to a lower layer than the second.

        Returns:
            Whether anything was changed: references may then be right that were not.
        """
        changed = self._retell(bodies, origins, below)
        for finding in findings:
            one = self._behind(finding)
            path = path_of(finding.place)
            if one is not None and len(path) > 2 and below(finding.place.source, one.document.source):
                changed = _respell(bodies, origins, path, one) or changed
        return changed

    def _retell(self, bodies: Bodies, origins: dict[Path, Document], below: Callable[[str, str], bool]) -> bool:
        """Placeholders of messages for renamed fields: no check complains of one that has words of `without`."""
        changed = False
        for one in self.done:
            if one.parent[0] != "Fields" or one.parent[2:] != ("fields",):
                continue
            for key, body in bodies.items():
                texts = [(*key, part, each) for part in ("subject", "body") for each in _terms(body, part)]
                for path in [*texts, (*key, "without", one.old)] if key[0] == "Template" else ():
                    setter = next((origins[path[:n]] for n in range(len(path), 1, -1) if path[:n] in origins), None)
                    if setter is not None and below(setter.source, one.document.source):
                        changed = _respell(bodies, origins, path, one) or changed
        return changed

    def _behind(self, finding: Finding) -> _Rename | None:
        """The rename because of which a word is not there any more."""
        return next((one for one in reversed(self.done) if one.old == finding.found and one.new in finding.allowed), None)

    def kept(self, bodies: Bodies, place: Callable[..., Place]) -> Iterator[Finding]:
        """What renaming cannot do.

        renamed-and-kept: a term says it was another one, and that one is still there. renamed-twice: two say they were the same.
        """
        for (kind, name), body in bodies.items():
            yield from _kept(body, (kind, name), place)

    def explained(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Findings about words that are not there; of a word that was renamed they say to what and by whom."""
        for finding in findings:
            one = self._behind(finding)
            if one is None:
                yield finding
                continue
            place = one.place
            spot = f"{place.source}:{place.line}" if place.line else place.source
            message = f"{finding.message}: it was renamed to {one.new!r} by {spot}"
            yield replace(
                finding, nearest=one.new, message=message, values={**finding.values, "renamed_to": one.new, "renamed_by": spot}
            )


def _terms(body: Mapping[str, Any], part: str) -> list[str]:
    terms = body.get(part)
    return list(terms) if isinstance(terms, Mapping) else []


def _respell(bodies: Bodies, origins: dict[Path, Document], path: Path, one: _Rename) -> bool:
    """The old slug at a path, as a value, a key or a placeholder of a text, becomes the new one."""
    body = bodies[path[0], path[1]]
    if path[2] in body:
        body[path[2]] = deepcopy(body[path[2]])  # lists are the documents' own
    here: Any = body
    for part in path[2:-1]:
        here = here[int(part)] if isinstance(here, list) else here.get(part) if isinstance(here, dict) else None
    last: Any = int(path[-1]) if isinstance(here, list) else path[-1]
    held = here[last] if isinstance(here, (list, dict)) and (isinstance(here, list) or last in here) else None
    if held == one.old:
        here[last] = one.new
    elif isinstance(held, str) and (text := re.sub(rf"\{{{one.old}(?=[|}}])", "{" + one.new, held)) != held:
        here[last] = text
    elif isinstance(here, dict) and last == one.old and one.old in here and one.new not in here:
        terms = {(one.new if key == one.old else key): value for key, value in here.items()}
        here.clear()
        here.update(terms)
        _carry_origins(origins, path[:-1], {one.old: one.new})
    else:
        return False
    return True


def _stated(document: Document, key: DocumentKey) -> Iterator[_Rename]:
    fresh: list[tuple[Path, Mapping[str, Any]]] = [(key, document.body)]
    while fresh:
        parent, terms = fresh.pop()
        for slug, term in terms.items():
            if not is_map(term):
                continue
            fresh.append(((*parent, slug), term))
            was = term.get("was")
            for old in was if isinstance(was, (list, tuple)) else ():
                if isinstance(old, str) and old != slug:
                    yield _Rename(parent=parent, old=old, new=slug, document=document)


def _at(bodies: Bodies, parent: Path) -> dict[str, Any] | None:
    here: Any = bodies.get((parent[0], parent[1]))
    for part in parent[2:]:
        here = here.get(part) if isinstance(here, dict) else None
    return here if isinstance(here, dict) and len(parent) > 2 else None


def _free(moves: dict[str, _Rename], terms: Mapping[str, Any]) -> dict[str, _Rename]:
    """The moves that lead to a free slug; one that a neighbour moves away from is free."""
    while True:
        targets = [one.new for one in moves.values()]
        taken = {old for old, one in moves.items() if targets.count(one.new) > 1 or (one.new in terms and one.new not in moves)}
        if not taken:
            return moves
        moves = {old: one for old, one in moves.items() if old not in taken}


def _carry_origins(origins: dict[Path, Document], parent: Path, moves: Mapping[str, str]) -> None:
    depth = len(parent)
    moved: dict[Path, Document] = {}
    seen: dict[tuple[int, str], Document] = {}
    for path in [path for path in origins if len(path) > depth and path[:depth] == parent and path[depth] in moves]:
        document, old = origins.pop(path), path[depth]
        known = (id(document), old)
        if known not in seen:
            seen[known] = _respotted(document, parent[2:], old, moves[old])
        moved[(*parent, moves[old], *path[depth + 1 :])] = seen[known]
    origins.update(moved)


def _respotted(document: Document, parent: Path, old: str, new: str) -> Document:
    """The document with the places of `old` under `new`, so that what was carried over is found in the file that says it."""
    return document if document.spot is None else replace(document, spot=_renamed(document.spot, parent, old, new))


def _renamed(spot: Spot, parent: Path, old: str, new: str) -> Spot:
    if not isinstance(spot.inner, dict):
        return spot
    marks, inner = dict(spot.marks), dict(spot.inner)
    if parent:
        below = spot.part(parent[0])
        if below is not None:
            inner[parent[0]] = _renamed(below, parent[1:], old, new)
    elif old in inner:
        inner[new] = inner[old]
        if old in marks:
            marks[new] = marks[old]
    return Spot.of(spot.at, marks, inner)


def _kept(terms: Mapping[str, Any], path: Path, place: Callable[..., Place]) -> Iterator[Finding]:
    claimed: dict[str, str] = {}
    for slug, term in terms.items():
        if not is_map(term):
            continue
        was = term.get("was")
        for number, old in enumerate(was if isinstance(was, (list, tuple)) else ()):
            if not isinstance(old, str) or old == slug:
                continue
            where, other = place(*path, slug, "was", number), terms.get(old)
            if isinstance(other, Mapping) and not other.get("was"):
                message = f"{slug!r} says it was {old!r}, and {old!r} is still there"
                remedy = f"remove {'/'.join((*path[2:], old))}, or leave {old} out of `was`"
                yield problem("renamed-and-kept", where, shown(old), message, remedy=remedy)
            elif old in claimed:
                message = f"{claimed[old]!r} and {slug!r} both say they were {old!r}, and it can have become one only"
                yield problem("renamed-twice", where, shown(old), message, remedy="leave it out of one `was`")
            claimed.setdefault(old, slug)
        yield from _kept(term, (*path, slug), place)


def forget(origins: dict[Path, Document], path: Path) -> None:
    """Drop what is known of a path and everything under it."""
    length = len(path)
    for known in [known for known in origins if known[:length] == path]:
        del origins[known]

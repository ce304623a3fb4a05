"""Words in cells: references by label or slug, yes and no, slugs back to words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from deskweave.documents import nearest, problem, shown
from deskweave.findings import Finding, Place
from deskweave.model import Label
from deskweave.practice.practice import Practice
from deskweave.practice.tables.columns import normal
from deskweave.practice.tables.table import several

WAYS: Final[Mapping[str, Label]] = {"remote": {"en": "Remote", "zh": "远程"}, "on_site": {"en": "On site", "zh": "现场"}}
_WAYS_TOO: Final = {"remote": ("远程支持", "远程服务", "线上"), "on_site": ("现场支持", "现场服务", "上门", "on-site", "onsite")}
_YES: Final = frozenset(map(normal, ("是", "有", "对", "yes", "y", "true", "1", "x", "√", "✓", "✔", "●")))
_NO: Final = frozenset(map(normal, ("否", "无", "不", "no", "n", "false", "0", "×", "-")))
JOINT: Final = {"zh": "、"}


class Words:
    """The terms a practice has, by what people call them."""

    def __init__(self, practice: Practice, reader: str) -> None:
        self.reader = reader
        streams = practice.fields["stream"].choices if "stream" in practice.fields else {}  # type: ignore[index]
        self.terms: dict[str, dict[str, Label]] = {
            "role": {slug: role.label for slug, role in practice.roles.items()},
            "classification": {slug: one.label for slug, one in practice.classifications.items()},
            "channel": {slug: one.label for slug, one in practice.channels.items()},
            "calendar": {slug: one.label for slug, one in practice.calendars.items()},
            "value stream": {slug: one.label for slug, one in streams.items()},
            "service level": {slug: one.label for slug, one in practice.service_levels.items()},
            "field": {str(slug): one.label for slug, one in practice.fields.items()},
            "group": {slug: one.label for slug, one in practice.routing.groups.items()},
            "skill": {slug: one.label for slug, one in practice.routing.skills.items()},
            "way": dict(WAYS),
        }
        self._known: dict[str, dict[str, str | None]] = {}

    def slug(self, what: str, text: str) -> str | None:
        """The term a text names, by slug or label; None: nothing, or more than one."""
        if what not in self._known:
            self._known[what] = dict(self._spelled(what))
        terms = self.terms[what]
        return text if text in terms else self._known[what].get(normal(text))

    def _spelled(self, what: str) -> Iterator[tuple[str, str | None]]:
        seen: dict[str, str | None] = {}
        for slug, label in self.terms[what].items():
            for word in {normal(word) for word in (*label.values(), *(_WAYS_TOO.get(slug, ()) if what == "way" else ()))}:
                seen[word] = slug if word not in seen or seen[word] == slug else None
        for slug in self.terms[what]:
            seen[normal(slug)] = slug
        return iter(seen.items())

    def word(self, what: str, slug: str) -> str:
        """What a cell says of a term: its label where that leads back, else its slug."""
        label = self.terms[what].get(slug, {})
        text = label.get(self.reader, "")
        leads_back = text and several(text) == [text] and self.slug(what, text) == slug and text not in self.terms[what]
        return text if leads_back else slug

    def joined(self, what: str, slugs: Iterable[str]) -> str:
        words = [self.word(what, slug) for slug in slugs]
        return ("/" if what == "way" else JOINT.get(self.reader, ", ")).join(words)

    def one(self, what: str, text: str, place: Place, findings: list[Finding]) -> str | None:
        """The term a cell names; one nobody knows is told with the nearest."""
        found = self.slug(what, text)
        if found is None:
            findings.append(self._unknown(what, text, place))
        return found

    def many(self, what: str, text: str, place: Place, findings: list[Finding]) -> list[str]:
        """The terms a cell names, in its order, each once."""
        whole = self.slug(what, text)
        slugs: list[str] = [] if whole is None else [whole]
        text = re.sub(r"[+＋&和或及]", "/", text) if what == "way" else text
        for part in several(text) if whole is None else ():
            found = self.one(what, part, place, findings)
            if found is not None and found not in slugs:
                slugs.append(found)
        return slugs

    def _unknown(self, what: str, text: str, place: Place) -> Finding:
        words = {normal(word): word for slug, label in self.terms[what].items() for word in (slug, *label.values())}
        close = nearest(normal(text), words)
        if close is None and not text.isascii():  # of two Chinese characters one wrong is half of the word
            close = next(iter(get_close_matches(normal(text), words, n=1, cutoff=0.5)), None)
        allowed = tuple(dict.fromkeys(self.word(what, slug) for slug in self.terms[what]))
        if what == "way":
            message = f"{shown(text)!r} is not allowed here"
            return problem("not-allowed", place, shown(text), message, allowed=allowed)
        found = problem(
            f"unknown-{what.replace(' ', '-')}",
            place,
            shown(text),
            f"{shown(text)!r} is not a {what} of this practice",
            allowed=allowed,
        )
        if close is None:
            return found
        slug = self.slug(what, words[close])
        return replace(found, nearest=self.word(what, slug) if slug is not None else words[close])


def truth(text: str, place: Place, findings: list[Finding]) -> bool | None:
    """Yes or no, in the ways people tick a cell."""
    if normal(text) in _YES:
        return True
    if normal(text) in _NO:
        return False
    message = f"{shown(text)!r} is neither yes nor no"
    findings.append(problem("wrong-form", place, shown(text), message, remedy="write yes or no (是, 否)"))
    return None


def tree(text: str, place: Place, findings: list[Finding]) -> Any:
    """A condition, written as JSON in its cell."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        findings.append(
            problem("wrong-form", place, shown(text), "a condition is written as JSON here", remedy='{"user": {"present": true}}')
        )
        return None

"""Speaks of one practice in one language: labels for slugs, sentences in the reader's language, descriptions where there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from deskweave.model import OCCASIONS, Json, Label, say_label
from deskweave.practice.handbook.tree import Cell, cell
from deskweave.practice.practice import Practice
from deskweave.practice.wording import say_date, say_duration, say_field, say_list, say_predicate, say_value

_PERIOD = re.compile(r"P(\d+)([DWMY])\Z")


class Voice:
    def __init__(self, practice: Practice, language: str) -> None:
        self.practice = practice
        self.language = "zh" if language == "zh" else "en"

    def __call__(self, en: str, zh: str, /, **values: object) -> str:
        """One sentence in the reader's language; both stand side by side, so that neither is forgotten."""
        text = zh if self.language == "zh" else en
        return text.format(**values) if values else text

    # ---------------------------------------------------------------------------------------------------------- words
    def word(self, words: Mapping[str, tuple[str, str]], key: str) -> str:
        """A closed word of the format as people say it; one this handbook does not know yet stands as it is written."""
        return self(*words[key]) if key in words else key

    def label(self, label: Label | None, slug: str) -> str:
        return say_label(label, slug, self.language)

    def text(self, label: Label | None) -> str:
        """Words in this language, else in another; empty where there are none."""
        return say_label(label, "", self.language)

    def list(self, words: Iterable[str], last: Literal["and", "or"] | None = None) -> str:
        return say_list(words, self.language, last=last)

    def sentences(self, *said: str) -> str:
        """Sentences one after the other; Chinese has no blank between them."""
        return ("" if self.language == "zh" else " ").join(one for one in said if one)

    def colon(self, what: str, said: str) -> str:
        return f"{what}：{said}" if self.language == "zh" else f"{what}: {said}"

    def aside(self, said: str, more: str) -> str:
        return f"{said}（{more}）" if self.language == "zh" else f"{said} ({more})"

    def yes(self, is_so: bool) -> str:
        return self("yes", "是") if is_so else self("no", "否")

    def when(self, tree: Mapping[str, Json] | None) -> str:
        """A condition as a sentence begins it."""
        said = say_predicate(tree, self.practice, self.language)
        return said[:1].upper() + said[1:]

    def value(self, field: str, value: object) -> str:
        return say_value(field, value, self.practice, self.language)

    def span(self, span: timedelta | float, *, days: bool = False) -> str:
        return say_duration(span, self.language, days=days)

    def day(self, day: date) -> str:
        return say_date(day, self.language)

    def moment(self, at: datetime) -> str:
        """The day in the practice's zone."""
        return self.day(at.astimezone(ZoneInfo(self.practice.zone)).date())

    def every(self, period: str) -> str:
        """`P1Y` as a person says it."""
        match = _PERIOD.match(period)
        if match is None:
            return period
        count, unit = int(match[1]), match[2]
        words = {"D": ("day", "天"), "W": ("week", "周"), "M": ("month", "个月"), "Y": ("year", "年")}[unit]
        if count == 1:
            return self(f"every {words[0]}", f"每{words[1].removeprefix('个')}")
        return self(f"every {count} {words[0]}s", f"每{count}{words[1]}")

    # ---------------------------------------------------------------------------------------------------------- terms
    def field(self, name: str) -> str:
        return say_field(name, self.practice, self.language)

    def role(self, slug: str) -> str:
        found = self.practice.roles.get(slug)
        if found is None and slug == "desk":
            return self("the desk", "服务台")
        return self.label(found.label if found else None, slug)

    def roles(self, slugs: Iterable[str]) -> str:
        return self.list(self.role(slug) for slug in slugs)

    def channel(self, slug: str) -> str:
        found = self.practice.channels.get(slug)
        return self.label(found.label if found else None, slug)

    def channels(self, slugs: Iterable[str]) -> str:
        return self.list(self.channel(slug) for slug in slugs)

    def status(self, slug: str) -> str:
        found = self.practice.statuses.statuses.get(slug)
        return self.label(found.label if found else None, slug)

    def calendar(self, slug: str) -> str:
        found = self.practice.calendars.get(slug)
        return self.label(found.label if found else None, slug)

    def clock(self, slug: str) -> str:
        found = self.practice.clocks.get(slug)
        return self.label(found.label if found else None, slug)

    def tier(self, slug: str) -> str:
        found = self.practice.routing.tiers.get(slug)
        return self.label(found.label if found else None, slug)

    def group(self, slug: str) -> str:
        found = self.practice.routing.groups.get(slug)
        return self.label(found.label if found else None, slug)

    def skill(self, slug: str) -> str:
        found = self.practice.routing.skills.get(slug)
        return self.label(found.label if found else None, slug)

    def template(self, slug: str) -> str:
        found = self.practice.templates.get(slug)
        return self.label(found.label if found else None, slug)

    def occasion(self, slug: str) -> str:
        found = OCCASIONS.get(slug)
        return self.label(found.label if found else None, slug)

    def transition(self, slug: str) -> str:
        found = self.practice.statuses.transitions.get(slug)
        return self.label(found.label if found else None, slug)

    # ---------------------------------------------------------------------------------------------- what files say besides
    def said(self, kind: str, id: str, *path: str) -> Mapping[str, Any]:
        """What the composed documents say at a path, for words the typed kinds do not carry; empty where they say nothing."""
        here: Any = self.practice.documents.get((kind, id), {})
        for part in path:
            here = here.get(part) if isinstance(here, Mapping) else None
        return here if isinstance(here, Mapping) else {}

    def about(self, kind: str, id: str, *path: str) -> str:
        """The description of a document or of a term in it."""
        found = self.said(kind, id, *path).get("description")
        return self.text(found) if isinstance(found, Mapping) else ""

    def term(self, label: Label | None, slug: str, said: Mapping[str, Any] | None = None) -> Cell:
        """A term with the slug files and platforms know it by; a star where it is this practice's own design."""
        star = " *" if said is not None and said.get("ours") is True else ""
        return cell(self.label(label, slug) + star, code=slug)

    def documents(self, kind: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """The composed documents of a kind."""
        return ((name, body) for (found, name), body in self.practice.documents.items() if found == kind)

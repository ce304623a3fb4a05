"""A change, and all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from deskweave.findings import Place
from deskweave.model import FieldId

Sort: TypeAlias = Literal["added", "removed", "renamed", "changed"]

Says: TypeAlias = Literal[
    "text",  # as it stands
    "texts",
    "number",
    "share",
    "shares",
    "flag",
    "word",  # of a closed list that the format itself names
    "words",
    "label",
    "labels",  # slug -> label
    "duration",  # working time
    "days",  # of the calendar
    "date",
    "dates",
    "made_up",  # make-up day -> weekday whose hours it works
    "week",
    "role",
    "roles",
    "field",
    "fields",
    "status",
    "statuses",
    "transition",
    "clock",
    "clocks",
    "calendar",
    "holidays",
    "channels",
    "classification",
    "stream",
    "tier",
    "group",
    "groups",
    "skills",
    "target_of",  # tier, group or role: where an escalation goes
    "site",
    "template",
    "templates",
    "service_level",
    "factor",
    "column",  # what a figure is counted or broken down by
    "columns",
    "priority",  # a choice of the field a priority matrix sets
    "condition",
    "edge",  # what starts or stops a clock
    "figure",  # how a metric's value is computed
    "target",  # of a metric
    "totals",  # lists of columns
    "thresholds",  # of a metric
    "constraints",
    "computed",
    "traits",
    "composite",
]
"""What kind of thing a value is, so that it can be said in words and its slugs can follow a rename."""


class Touches(StrEnum):
    """Whom a change concerns."""

    PEOPLE = "people"
    CLOCKS = "clocks"
    FIGURES = "figures"
    WORDS = "words"


class Effect(StrEnum):
    """What a change does to a desk that is running."""

    HARMLESS = "harmless"
    REJUDGES = "re_judges"  #: clocks or figures of the past come out otherwise once they are restated
    STRANDS = "strands"  #: values in use may lose their term


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is otherwise.

    Attributes:
        subject: what kind of thing: `field`, `status`, `clock`, `metric` ...
        slug: of the thing, as the new practice calls it; of a removed one its last.
        within: slugs of the things it belongs to, outermost first (the field of a choice, the process of a step).
        aspect: what about it; "" where the thing itself came, went or changed its name.
        sort: added, removed, renamed (its slug is another, by `was`), changed.
        path: `Kind/id/...` where it is said: in the new practice, or, removed, in the old one.
        old, new: what it was and is, typed as `says` tells. Of a removed thing `new` is the slug that takes its place, if any.
        place: the new practice's file and line, where one is known; of a removed thing the old one's.
        held: (field, value) by which inquiries hold what was renamed or removed, in the old practice's words. Value "": any.
    """

    subject: str
    slug: str
    sort: Sort
    touches: Touches
    effect: Effect
    path: tuple[str, ...]
    within: tuple[str, ...] = ()
    aspect: str = ""
    old: object = None
    new: object = None
    says: Says = "text"
    place: Place | None = field(default=None, compare=False)
    held: tuple[tuple[FieldId, str], ...] = ()

    @property
    def key(self) -> str:
        """`clock.goal`, `field`: what the sentence for it is called."""
        return f"{self.subject}.{self.aspect}" if self.aspect else self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that differs, in the order of the practice's chapters."""

    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def of(self, touches: Touches) -> tuple[Change, ...]:
        """The changes that concern these."""
        return tuple(one for one in self.changes if one.touches is touches)

    @property
    def sections(self) -> Mapping[Touches, tuple[Change, ...]]:
        """Changes by whom they touch, people first; sections without any are left out."""
        return {touches: found for touches in Touches if (found := self.of(touches))}

    @property
    def counts(self) -> Mapping[str, int]:
        """How many changes of each effect."""
        return _counts(one.effect.value for one in self.changes)


def _counts(words: Iterable[str]) -> Mapping[str, int]:
    found = Counter(words)
    return {effect.value: found[effect.value] for effect in Effect}

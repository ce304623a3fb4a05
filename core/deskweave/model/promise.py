"""What is promised, and how urgent a thing is (practice K, C2): the priority matrix and service levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from deskweave.model.label import Label
from deskweave.model.practice import Choice
from deskweave.model.value import FieldId, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityRise:
    """K2: when less than `left` of a clock's goal remains, the priority rises by `steps` of the field's choices.

    The choices of the field stand from the highest to the lowest; nothing rises over the first.
    """

    slug: str
    label: Label
    clock: str
    left: float  #: share of the goal, 0 to 1
    steps: int = 1
    when: Mapping[str, Json] | None = None
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityMatrix:
    """K1, K3: impact and urgency to priority. `matrix[impact][urgency]` is a choice of the field it sets."""

    id: str
    label: Label
    impact: FieldId
    urgency: FieldId
    sets: FieldId
    matrix: Mapping[str, Mapping[str, str]]
    rises: Mapping[str, PriorityRise] = field(default_factory=dict)
    weighs: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)  #: K4: what speaks for impact, urgency, optional
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One promise of a service level; goals of a clock are tried by `order`, the first whose `when` holds is the goal.

    Where the file states no goal, it is the clock's own: a figure stands once.
    """

    slug: str
    order: int
    goal: timedelta | None  #: working time; None: nothing is promised here
    when: Mapping[str, Json] | None = None
    label: Label = field(default_factory=dict)
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """Goals by clock (C2, K1). A catalog item names its level; the one marked `default` holds where none is named."""

    id: str
    label: Label
    goals: Mapping[str, tuple[Goal, ...]]  #: clock -> goals as they are tried
    default: bool = False
    at_risk: tuple[float, ...] = ()  #: shares of a goal at which people are told, ascending (J6)
    on_change: Literal["keep", "from_change", "retroactive"] = "keep"  #: what a new priority does to a running clock
    description: Label = field(default_factory=dict)

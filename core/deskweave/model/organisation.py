"""Who works at a desk (practice J): roles, tiers, skills, groups, how work finds its people, and how desks are laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from deskweave.model.label import Label
from deskweave.model.practice import Role
from deskweave.model.value import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A line of support (J2). The one of rank 1 tracks every inquiry to its end."""

    slug: str
    label: Label
    rank: int
    roles: tuple[str, ...] = ()
    time_limit: timedelta | None = None  #: working time after which it hands on to the next rank (F8)
    calendar: str | None = None  #: on which the time limit runs; None: the hours of the inquiry's service item
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    slug: str
    label: Label
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People who take the same work. Who is in it stands in the folder's people.csv: names are no part of a practice."""

    slug: str
    label: Label
    tier: str
    skills: tuple[str, ...] = ()
    manager: str | None = None  #: role
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRule:
    """Where an inquiry goes (J4, F4). Rules are tried by `order`, then slug; the first whose `when` holds decides.

    A person of the group is found by the steps of `choose`, one after the other: `skill` keeps those who have `skills`, `workload`
    takes the one with the least work.
    """

    slug: str
    order: int
    to: str  #: group
    when: Mapping[str, Json] | None = None  #: None: always
    choose: tuple[Literal["skill", "workload"], ...] = ()
    skills: tuple[str, ...] = ()  #: of the group; what the work asks for
    label: Label = field(default_factory=dict)
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRule:
    """When an inquiry goes up (J3, J6): to a more expert tier or group (functional), or to a role (hierarchical).

    Exactly one trigger: a share of a clock's goal used up, or working time without movement.
    """

    slug: str
    label: Label
    type: Literal["functional", "hierarchical"]
    to: str  #: tier or group; role when hierarchical
    when: Mapping[str, Json] | None = None
    clock: str | None = None
    used: float | None = None  #: share of the clock's goal, e.g. 0.8; 1.0 is the breach, 0 is at once
    idle: timedelta | None = None  #: working time without movement (C6)
    calendar: str | None = None  #: on which `idle` runs
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    roles: Mapping[str, Role] = field(default_factory=dict)
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    skills: Mapping[str, Skill] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    assignment: tuple[AssignmentRule, ...] = ()  #: as they are tried
    escalations: Mapping[str, EscalationRule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    slug: str
    label: Label
    zone: str
    groups: tuple[str, ...] = ()
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Hours in which groups of a site answer (J5). `calendar` is the shift's own working time."""

    slug: str
    label: Label
    calendar: str
    site: str | None = None  #: None: of the whole desk
    groups: tuple[str, ...] = ()  #: on duty; none named: all of the site or desk
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A service desk (J5, J8): a virtual one has several sites, one process and one responsible manager."""

    id: str
    label: Label
    structure: Literal["distributed", "centralised", "virtual"]
    manager: str  #: role
    groups: tuple[str, ...] = ()
    sites: Mapping[str, Site] = field(default_factory=dict)
    shifts: Mapping[str, Shift] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    shares: tuple[Literal["tool", "records", "process", "routing"], ...] = ()
    description: Label = field(default_factory=dict)

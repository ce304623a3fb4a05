"""What a desk does step by step (practice F, G, H, L, Q): processes 900, 901, 902."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from deskweave.model.label import Label
from deskweave.model.value import FieldId, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One named thing a process says in words: a rule, an input, a trigger of its review."""

    slug: str
    label: Label
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something a step makes sure of (F2); `when` says for which inquiries."""

    slug: str
    label: Label
    when: Mapping[str, Json] | None = None
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    slug: str
    number: str  #: "900.1"
    label: Label
    responsible: str  #: role (J1)
    automation: Literal["none", "partly", "mostly", "full"] = "none"
    automations: Mapping[str, Point] = field(default_factory=dict)  #: F4: what takes work off people here
    checks: Mapping[str, Check] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """L1, L2: closed inquiries that together suggest a problem or an article: `at_least` of the same `by` within a period."""

    slug: str
    label: Label
    when: Mapping[str, Json] | None
    by: tuple[FieldId, ...]
    at_least: int
    within: timedelta | None  #: calendar days; None: ever
    leads_to: Literal["problem", "knowledge"] = "problem"
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    id: str
    number: str  #: "900"
    label: Label
    steps: Mapping[str, Step]  #: by number
    inputs: Mapping[str, Point] = field(default_factory=dict)  #: Q1-Q3
    outputs: Mapping[str, Point] = field(default_factory=dict)
    hands_over: Mapping[str, Point] = field(default_factory=dict)  #: Q4, F3: value stream -> the practice that owns it
    elsewhere: Mapping[str, Point] = field(default_factory=dict)  #: Q4: other work near the desk -> the practice that owns it
    human_fallback: str | None = None  #: role that is always on offer (F5)
    rules: Mapping[str, Point] = field(default_factory=dict)  #: F6, F7, G7, G9: what holds for every step, in words
    reviews: Mapping[str, Point] = field(default_factory=dict)  #: H1: what starts it
    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    description: Label = field(default_factory=dict)

"""What is compared of each kind of thing: attribute, what its value is, whom it touches, what it does to a running desk.

A test holds this table against the typed model: an attribute that stands neither here nor in `NOT_COMPARED` fails it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deskweave.practice.difference.change import Effect, Says, Touches


@dataclass(frozen=True, slots=True)
class Aspect:
    """One attribute of a kind of thing. `keys` is where a file says it, where that is not the attribute's own name."""

    name: str
    says: Says
    touches: Touches
    effect: Effect = Effect.HARMLESS
    keys: tuple[str, ...] = ()


def _people(name: str, says: Says, *keys: str, effect: Effect = Effect.HARMLESS) -> Aspect:
    return Aspect(name, says, Touches.PEOPLE, effect, keys)


def _clocks(name: str, says: Says, *keys: str, effect: Effect = Effect.REJUDGES) -> Aspect:
    return Aspect(name, says, Touches.CLOCKS, effect, keys)


def _figures(name: str, says: Says, *keys: str, effect: Effect = Effect.REJUDGES) -> Aspect:
    return Aspect(name, says, Touches.FIGURES, effect, keys)


def _words(name: str = "label", says: Says = "label") -> Aspect:
    return Aspect(name, says, Touches.WORDS)


_CALLED: Final = (_words(), _words("description"))

ASPECTS: Final[Mapping[str, tuple[Aspect, ...]]] = {
    "practice": (_words(), _words("languages", "texts"), _clocks("zone", "text")),
    "field_group": (_words(),),
    "field": (
        *_CALLED,
        _words("source"),
        _words("group", "text"),
        _people("type", "word", effect=Effect.STRANDS),
        _people("entry", "word"),
        _people("writers", "roles"),
        _people("required_entering", "status", "required", "entering"),
        _people("pattern", "text"),
        _people("max_length", "number"),
        _people("constraints", "constraints"),
        _people("personal", "word"),
        _people("never_send", "texts"),
        _figures("computed", "computed"),
    ),
    "choice": (*_CALLED, _figures("code", "number")),
    "status": (
        *_CALLED,
        _clocks("phase", "word"),
        _clocks("waits_on", "word", effect=Effect.HARMLESS),
        _clocks("counts_as_waiting", "flag"),
    ),
    "transition": (*_CALLED, _people("sources", "statuses", "from"), _people("target", "status", "to"), _people("by", "roles")),
    "status_model": (_people("initial", "status"),),
    "confirmation": (
        _people("status", "status"),
        _people("transition", "transition"),
        _people("silence", "duration"),
        _people("calendar", "calendar"),
        _people("template", "template"),
    ),
    "stale": (
        _people("after", "duration"),
        _people("calendar", "calendar"),
        _people("tells", "roles"),
        _people("template", "template"),
    ),
    "category": _CALLED,
    "service": _CALLED,
    "item": (
        *_CALLED,
        _words("remarks"),
        _people("category", "text"),
        _people("service", "text"),
        _people("classification", "classification"),
        _people("served", "role"),
        _people("channels", "channels"),
        _people("delivery", "words"),
        _people("stream", "stream"),
        _people("entitled", "condition"),
        _people("stock", "flag"),
        _people("asks", "fields"),
        _clocks("hours", "calendar"),
        _clocks("service_level", "service_level"),
    ),
    "classification": (*_CALLED, _figures("code", "number")),
    "system": (*_CALLED, _figures("code", "number")),
    "rating": (*_CALLED, _figures("code", "number")),
    "survey": (
        *_CALLED,
        _people("audience", "roles"),
        _people("every", "text"),
        _people("by", "word"),
        _people("asks", "labels"),
        _people("template", "template"),
    ),
    "channel": (
        *_CALLED,
        _people("use", "word"),
        _people("served_by", "word"),
        _people("reliability", "word"),
        _figures("traits", "traits"),
        _words("rated_on", "date"),
        _words("challenges", "labels"),
    ),
    "delivery": (
        *_CALLED,
        _people("order", "number"),
        _people("channels", "channels"),
        _people("occasions", "words"),
        _people("audience", "roles"),
        _people("reliability", "word"),
    ),
    "template": (
        *_CALLED,
        _people("occasion", "word"),
        _people("audience", "roles"),
        _people("subject", "label"),
        _people("body", "label"),
        _people("without", "labels"),
        _people("channels", "channels"),
        _people("reliability", "word"),
        _people("answer", "word"),
        _people("unanswered_after", "duration"),
        _people("attempts", "number"),
        _people("approval", "role"),
    ),
    "role": _CALLED,
    "tier": (
        *_CALLED,
        _people("rank", "number"),
        _people("roles", "roles"),
        _people("time_limit", "duration"),
        _people("calendar", "calendar"),
    ),
    "skill": _CALLED,
    "group": (*_CALLED, _people("tier", "tier"), _people("skills", "skills"), _people("manager", "role")),
    "assignment": (
        *_CALLED,
        _people("order", "number"),
        _people("when", "condition"),
        _people("to", "group"),
        _people("choose", "words"),
        _people("skills", "skills"),
    ),
    "escalation": (
        *_CALLED,
        _people("type", "word"),
        _people("when", "condition"),
        _people("clock", "clock"),
        _people("used", "share"),
        _people("idle", "duration"),
        _people("calendar", "calendar"),
        _people("to", "target_of"),
    ),
    "desk": (
        *_CALLED,
        _people("structure", "word"),
        _people("manager", "role"),
        _people("groups", "groups"),
        _people("channels", "channels"),
        _people("shares", "words"),
    ),
    "site": (*_CALLED, _people("zone", "text"), _people("groups", "groups")),
    "shift": (*_CALLED, _people("calendar", "calendar"), _people("site", "site"), _people("groups", "groups")),
    "process": (
        *_CALLED,
        _words("number", "text"),
        _people("human_fallback", "role"),
        _people("inputs", "labels"),
        _people("outputs", "labels"),
        _people("hands_over", "labels"),
        _people("elsewhere", "labels"),
        _people("rules", "labels"),
        _people("reviews", "labels"),
    ),
    "step": (
        *_CALLED,
        _words("number", "text"),
        _people("responsible", "role"),
        _people("automation", "word"),
        _people("automations", "labels"),
        _people("templates", "templates"),
    ),
    "check": (*_CALLED, _people("when", "condition")),
    "candidate": (
        *_CALLED,
        _people("when", "condition"),
        _people("by", "fields"),
        _people("at_least", "number"),
        _people("within", "days"),
        _people("leads_to", "stream"),
    ),
    "matrix": (
        *_CALLED,
        _people("impact", "field"),
        _people("urgency", "field"),
        _people("sets", "field"),
        _words("weighs", "labels"),
    ),
    "rise": (
        *_CALLED,
        _people("clock", "clock"),
        _people("left", "share"),
        _people("steps", "number"),
        _people("when", "condition"),
    ),
    "calendar": (
        *_CALLED,
        _clocks("zone", "text"),
        _clocks("holidays", "holidays"),
        _clocks("from_inquiry", "flag"),
    ),
    "holidays": (
        _words("revision", "text"),
        _clocks("since", "date", "coverage", "from"),
        _clocks("until", "date", "coverage", "to"),
        _clocks("off", "dates", "years"),
        _clocks("working", "made_up", "years"),
    ),
    "clock": (
        *_CALLED,
        _clocks("goal", "duration"),
        _clocks("calendar", "calendar"),
        _clocks("start", "edge"),
        _clocks("stop", "edge"),
        _clocks("cycles", "word"),
        _clocks("sum_statuses", "statuses", "sum_of"),
        _clocks("within", "clock"),
        _clocks("minus", "clocks"),
    ),
    "service_level": (
        *_CALLED,
        _clocks("at_risk", "shares", effect=Effect.HARMLESS),
        _clocks("on_change", "word"),
        _clocks("default", "flag"),
    ),
    "goal": (*_CALLED, _clocks("goal", "duration"), _clocks("when", "condition"), _clocks("order", "number")),
    "metric": (
        *_CALLED,
        _words("formula"),
        _figures("value", "figure"),
        _figures("where", "condition"),
        _figures("target", "target"),
        _figures("judges", "role", effect=Effect.HARMLESS),
        _figures("factor", "factor", effect=Effect.HARMLESS),
        _figures("grain", "word"),
        _figures("unit", "word"),
        _figures("period_by", "field", "period", "by"),
        _figures("every", "word", "period", "every", effect=Effect.HARMLESS),
        _figures("by", "columns", effect=Effect.HARMLESS),
        _figures("totals", "totals", effect=Effect.HARMLESS),
        _figures("fill_empty", "word", "period", "fill_empty"),
        _figures("thresholds", "thresholds", effect=Effect.HARMLESS),
    ),
    "criterion": (*_CALLED, _figures("where", "condition"), _figures("trait", "word", effect=Effect.HARMLESS)),
    "factor": _CALLED,
    "term": (*_CALLED, _words("aliases", "texts")),
}
"""Subject -> its aspects."""

NOT_COMPARED: Final[Mapping[str, frozenset[str]]] = {
    # names of the thing, and what is compared as things of their own
    "*": frozenset(("id", "slug", "was", "becomes")),
    "field": frozenset(("choices",)),
    "item": frozenset(("category_label", "service_label")),
    "status_model": frozenset(("statuses", "transitions", "confirmation", "stale")),
    "desk": frozenset(("sites", "shifts")),
    "process": frozenset(("steps", "candidates")),
    "step": frozenset(("checks",)),
    "matrix": frozenset(("matrix", "rises")),
    "calendar": frozenset(("versions",)),
    "service_level": frozenset(("goals",)),
    "clock": frozenset(("examples",)),
    "metric": frozenset(("criteria", "examples", "satisfies")),  # examples and coverage change nobody's day
}

"""The things that changes of a practice are about: where the practice holds each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deskweave.model import FieldId

if TYPE_CHECKING:
    from deskweave.practice import Practice


def find(subject: str, slug: str, practice: Practice, within: tuple[str, ...]) -> Any:
    """The thing a change is about, in the practice that has it; None where it has none."""
    tables: dict[str, Mapping[Any, Any]] = {
        "field": practice.fields,
        "item": practice.catalog,
        "classification": practice.classifications,
        "system": practice.systems,
        "status": practice.statuses.statuses,
        "transition": practice.statuses.transitions,
        "rating": practice.feedback,
        "survey": practice.surveys,
        "channel": practice.channels,
        "delivery": {rule.slug: rule for rule in practice.delivery},
        "template": practice.templates,
        "role": practice.roles,
        "tier": practice.routing.tiers,
        "skill": practice.routing.skills,
        "group": practice.routing.groups,
        "assignment": {rule.slug: rule for rule in practice.routing.assignment},
        "escalation": practice.routing.escalations,
        "desk": practice.desks,
        "process": practice.processes,
        "matrix": practice.priority_matrices,
        "calendar": practice.calendars,
        "clock": practice.clocks,
        "service_level": practice.service_levels,
        "metric": practice.metrics,
        "factor": practice.factors,
        "term": practice.glossary,
        "field_group": practice.groups,
        "holidays": practice.holidays,
    }
    if subject in tables:
        found = tables[subject].get(slug)
        if found is None and subject == "field":
            found = next((fields[FieldId(slug)] for fields in practice.records.values() if slug in fields), None)
        return _stated(practice, "Holidays", slug) if subject == "holidays" else found
    match subject, within:
        case "choice", (field,):
            return getattr(find("field", field, practice, ()), "choices", {}).get(slug)
        case "category", _:
            return next((item.category_label for item in practice.catalog.values() if item.category == slug), None)
        case "service", _:
            both = tuple(slug.split("/", 1))
            return next((item.service_label for item in practice.catalog.values() if (item.category, item.service) == both), None)
        case "site" | "shift", (desk,) if desk in practice.desks:
            return getattr(practice.desks[desk], f"{subject}s").get(slug)
        case "step" | "candidate", (process,) if process in practice.processes:
            return getattr(practice.processes[process], f"{subject}s").get(slug)
        case "check", (process, step) if process in practice.processes and step in practice.processes[process].steps:
            return practice.processes[process].steps[step].checks.get(slug)
        case "criterion", (metric,) if metric in practice.metrics:
            return practice.metrics[metric].criteria.get(slug)
        case "rise", (matrix,) if matrix in practice.priority_matrices:
            return practice.priority_matrices[matrix].rises.get(slug)
        case "goal", (level, clock) if level in practice.service_levels:
            return next((goal for goal in practice.service_levels[level].goals.get(clock, ()) if goal.slug == slug), None)
        case "practice", _:
            return practice
    return None


def _stated(practice: Practice, kind: str, name: str) -> Mapping[str, str] | None:
    """The label of a document whose typed form has none."""
    label = practice.documents.get((kind, name), {}).get("label")
    return label if isinstance(label, Mapping) else None

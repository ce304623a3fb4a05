"""Whether what a composed practice refers to is there: slugs, ids, fields, and things only the whole can show."""

from __future__ import annotations

from collections.abc import Iterator

from deskweave.documents import problem
from deskweave.findings import Finding, Place
from deskweave.practice.references.inquiry import check_catalog, check_feedback, check_fields, check_statuses
from deskweave.practice.references.metric import check_metric
from deskweave.practice.references.notice import check_channels, check_surveys, check_template
from deskweave.practice.references.organisation import check_desk, check_routing
from deskweave.practice.references.process import check_practice, check_process
from deskweave.practice.references.promise import check_priority_matrix, check_service_level
from deskweave.practice.references.terms import Bodies, Locate, References, Terms, check_predicate
from deskweave.practice.references.time import check_calendar, check_clock, check_holidays

__all__ = ["Bodies", "Locate", "References", "Terms", "check_predicate", "check_references"]

_OF_KIND = {
    "Calendar": check_calendar,
    "Holidays": check_holidays,
    "Clock": check_clock,
    "Metric": check_metric,
    "Routing": check_routing,
    "Desk": check_desk,
    "PriorityMatrix": check_priority_matrix,
    "ServiceLevel": check_service_level,
    "Channels": check_channels,
    "Template": check_template,
    "Process": check_process,
    "Feedback": check_surveys,
    "Practice": check_practice,
}


def check_references(bodies: Bodies, place: Locate) -> list[Finding]:
    """Every reference that leads nowhere, with the nearest right word. Tolerates documents of a wrong shape."""
    return list(_check(References(bodies, place)))


def _check(r: References) -> Iterator[Finding]:
    terms = r.terms
    for kind in ("Practice", "StatusModel"):
        if not terms.ids(kind):
            message = f"a practice needs a {kind} document"
            yield problem(
                "missing-document", Place("practice", ""), kind, message, remedy="write one, or extend deskweave:service-desk@1"
            )
    models = terms.ids("StatusModel")
    for name in models[1:]:
        message = f"a practice has one status model; there is {models[0]!r} already"
        yield problem("status-model-twice", r.place("StatusModel", name, key=True), name, message)
    yield from check_fields(r)
    yield from check_catalog(r)
    yield from check_statuses(r)
    yield from check_feedback(r)
    for kind, check in _OF_KIND.items():
        for name, body in terms.of(kind):
            yield from check(r, (kind, name), body)

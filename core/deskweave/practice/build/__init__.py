"""Composed documents to typed data. What comes here has been checked: a wrong shape is our own mistake, not the file's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deskweave.documents import Document
from deskweave.model import Choice, Field, FieldId, Rating, Term
from deskweave.practice.build.inquiry import field_of, items_of, status_model_of, survey_of
from deskweave.practice.build.metric import metric_of
from deskweave.practice.build.notice import channel_of, delivery_rules_of, template_of
from deskweave.practice.build.organisation import desk_of, routing_of
from deskweave.practice.build.parts import Body, choice_of, duration, label_of
from deskweave.practice.build.process import process_of
from deskweave.practice.build.promise import priority_matrix_of, service_level_of
from deskweave.practice.build.time import calendar_of, clock_of, holidays_of
from deskweave.practice.practice import DocumentKey, Practice

__all__ = ["build", "duration"]


def build(documents: Mapping[DocumentKey, Body], origins: Mapping[tuple[str, ...], Document], digest: str) -> Practice:
    """The practice of composed, checked documents."""

    def of(kind: str) -> Iterator[tuple[str, Body]]:
        return ((name, body) for (found, name), body in documents.items() if found == kind)

    def parts(kind: str, key: str) -> dict[str, Body]:
        return {slug: spec or {} for _, body in of(kind) for slug, spec in body.get(key, {}).items()}

    ((name, head),) = of("Practice")

    def terms(kind: str, key: str) -> dict[str, Choice]:
        return {slug: choice_of(slug, spec) for slug, spec in parts(kind, key).items()}

    feedback = {
        slug: Rating(slug=slug, label=label_of(spec), code=spec["code"]) for slug, spec in parts("Feedback", "scale").items()
    }
    routing = routing_of(body for _, body in of("Routing"))
    shared: Mapping[str, Mapping[str, Choice]] = {  # what a field may take its choices of
        "classifications": terms("Catalog", "classifications"),
        "channels": terms("Channels", "channels"),
        "feedback": {slug: Choice(slug=slug, label=rating.label, code=rating.code) for slug, rating in feedback.items()},
        "systems": terms("Catalog", "systems"),
        **{key: terms("Routing", key) for key in ("tiers", "skills", "groups")},
    }
    statuses = next(status_model_of(model, body) for model, body in of("StatusModel"))
    clocks = {slug: clock_of(slug, body, statuses) for slug, body in of("Clock")}
    becomes = {
        "status": statuses.becomes,
        "catalog_item": {old: new for _, body in of("Catalog") for old, new in body.get("becomes", {}).items()},
    }
    fields: dict[str, dict[FieldId, Field]] = {"inquiry": {}}
    for _, body in of("Fields"):
        found = fields.setdefault(body.get("record", "inquiry"), {})
        found |= {FieldId(slug): field_of(slug, spec, shared, becomes) for slug, spec in body.get("fields", {}).items()}
    return Practice(
        id=name,
        version=str(head["version"]),
        label=label_of(head),
        languages=tuple(head["languages"]),
        zone=head["zone"],
        digest=digest,
        groups={slug: label_of(spec) for slug, spec in parts("Fields", "groups").items()},
        fields=fields["inquiry"],
        records={record: of_record for record, of_record in fields.items() if record != "inquiry"},
        catalog=dict(items_of(of("Catalog"))),
        classifications=shared["classifications"],
        statuses=statuses,
        feedback=feedback,
        channels={slug: channel_of(slug, spec) for slug, spec in parts("Channels", "channels").items()},
        roles=routing.roles,
        routing=routing,
        calendars={slug: calendar_of(slug, body) for slug, body in of("Calendar")},
        holidays={slug: holidays_of(slug, body) for slug, body in of("Holidays")},
        clocks=clocks,
        metrics={slug: metric_of(slug, body, dict(of("Metric"))) for slug, body in of("Metric")},
        priority_matrices={slug: priority_matrix_of(slug, body) for slug, body in of("PriorityMatrix")},
        service_levels={slug: service_level_of(slug, body, clocks) for slug, body in of("ServiceLevel")},
        desks={slug: desk_of(slug, body) for slug, body in of("Desk")},
        templates={slug: template_of(slug, body) for slug, body in of("Template")},
        delivery=delivery_rules_of(body for _, body in of("Channels")),
        processes={slug: process_of(slug, body) for slug, body in of("Process")},
        surveys={slug: survey_of(slug, spec) for slug, spec in parts("Feedback", "surveys").items()},
        systems=shared["systems"],
        factors=terms("Practice", "factors"),
        glossary={
            slug: Term(
                slug=slug,
                label=label_of(spec),
                description=spec.get("description", {}),
                aliases={language: tuple(words) for language, words in spec.get("aliases", {}).items()},
            )
            for slug, spec in head.get("glossary", {}).items()
        },
        documents=documents,
        origins={_named(path, name): document for path, document in origins.items()},
    )


def _named(path: tuple[str, ...], practice: str) -> tuple[str, ...]:
    return ("Practice", practice, *path[2:]) if path[0] == "Practice" else path

"""Composed documents to typed data. What comes here has been checked: a wrong shape is our own mistake, not the file's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from typing import Any, Final

from deskweave.documents import Document
from deskweave.model import (
    Calendar,
    CalendarVersion,
    CatalogItem,
    Channel,
    Choice,
    Clock,
    ClockEdge,
    Field,
    FieldId,
    Holidays,
    Label,
    Metric,
    MetricTarget,
    Phase,
    Rating,
    Role,
    Status,
    StatusModel,
    Transition,
)
from deskweave.practice.practice import DocumentKey, Practice

Body = Mapping[str, Any]
_UNITS: Final[Mapping[str, Any]] = {"ratio": "ratio", "count": "count"}
_DURATION: Final = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?\Z")


def duration(text: str) -> timedelta:
    """`PT1H30M` as a span of working time.

    Raises:
        ValueError: not hours, minutes and seconds.
    """
    match = _DURATION.match(text)
    if match is None or text == "PT":
        message = f"{text!r} is not a duration in hours, minutes and seconds"
        raise ValueError(message)
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def build(documents: Mapping[DocumentKey, Body], origins: Mapping[tuple[str, ...], Document], digest: str) -> Practice:
    """The practice of composed, checked documents."""

    def of(kind: str) -> Iterator[tuple[str, Body]]:
        return ((name, body) for (found, name), body in documents.items() if found == kind)

    def parts(kind: str, key: str) -> dict[str, Body]:
        return {slug: spec or {} for _, body in of(kind) for slug, spec in body.get(key, {}).items()}

    ((name, head),) = of("Practice")
    classifications = {slug: _choice(slug, spec) for slug, spec in parts("Catalog", "classifications").items()}
    channels = {
        slug: Channel(slug=slug, label=_label(spec), description=spec.get("description", {}))
        for slug, spec in parts("Channels", "channels").items()
    }
    feedback = {slug: Rating(slug=slug, label=_label(spec), code=spec["code"]) for slug, spec in parts("Feedback", "scale").items()}
    shared: Mapping[str, Mapping[str, Choice]] = {
        "classifications": classifications,
        "channels": {slug: Choice(slug=slug, label=channel.label) for slug, channel in channels.items()},
        "feedback": {slug: Choice(slug=slug, label=rating.label, code=rating.code) for slug, rating in feedback.items()},
    }
    statuses = next(_status_model(model, body) for model, body in of("StatusModel"))
    return Practice(
        id=name,
        version=str(head["version"]),
        label=_label(head),
        languages=tuple(head["languages"]),
        zone=head["zone"],
        digest=digest,
        groups={slug: _label(spec) for slug, spec in parts("Fields", "groups").items()},
        fields={FieldId(slug): _field(slug, spec, shared) for slug, spec in parts("Fields", "fields").items()},
        catalog=dict(_catalog(of("Catalog"))),
        classifications=classifications,
        statuses=statuses,
        feedback=feedback,
        channels=channels,
        roles={slug: Role(slug=slug, label=_label(spec)) for slug, spec in parts("Routing", "roles").items()},
        calendars={slug: _calendar(slug, body) for slug, body in of("Calendar")},
        holidays={slug: _holidays(slug, body) for slug, body in of("Holidays")},
        clocks={slug: _clock(slug, body, statuses) for slug, body in of("Clock")},
        metrics={slug: _metric(slug, body) for slug, body in of("Metric")},
        documents=documents,
        origins={_named(path, name): document for path, document in origins.items()},
    )


def _named(path: tuple[str, ...], practice: str) -> tuple[str, ...]:
    return ("Practice", practice, *path[2:]) if path[0] == "Practice" else path


def _label(spec: Body) -> Label:
    return dict(spec.get("label", {}))


def _choice(slug: str, spec: Body) -> Choice:
    return Choice(slug=slug, label=_label(spec), code=spec.get("code"), was=tuple(spec.get("was", ())))


def _field(slug: str, spec: Body, shared: Mapping[str, Mapping[str, Choice]]) -> Field:
    choices = dict(shared.get(spec.get("choices_of", ""), {}))
    choices |= {name: _choice(name, choice or {}) for name, choice in spec.get("choices", {}).items()}
    return Field(
        id=FieldId(slug),
        label=_label(spec),
        type=spec["type"],
        group=spec.get("group", "client"),
        entry=spec.get("entry", "typed"),
        source=spec.get("source", {}),
        description=spec.get("description", {}),
        writers=tuple(spec.get("writers", ())),
        required_entering=spec.get("required", {}).get("entering"),
        choices=choices,
        pattern=spec.get("pattern"),
        max_length=spec.get("max_length"),
        personal=spec.get("personal"),
        computed=spec.get("computed"),
    )


def _catalog(documents: Iterator[tuple[str, Body]]) -> Iterator[tuple[str, CatalogItem]]:
    for _, body in documents:
        for category, held in body.get("categories", {}).items():
            for service, inner in held.get("services", {}).items():
                for slug, item in inner.get("items", {}).items():
                    yield (
                        slug,
                        CatalogItem(
                            slug=slug,
                            label=_label(item),
                            category=category,
                            category_label=_label(held),
                            service=service,
                            service_label=_label(inner),
                            classification=item.get("classification"),
                            served=item["served"],
                            channels=tuple(item["channels"]),
                            delivery=tuple(item.get("delivery", ())),
                            hours=item.get("hours"),
                            stream=item.get("stream"),
                            remarks=item.get("remarks", {}),
                        ),
                    )


def _status_model(name: str, body: Body) -> StatusModel:
    return StatusModel(
        id=name,
        initial=body["initial"],
        statuses={slug: _status(slug, spec) for slug, spec in body["statuses"].items()},
        transitions={
            slug: Transition(slug=slug, label=_label(spec), sources=tuple(spec["from"]), target=spec["to"], by=tuple(spec["by"]))
            for slug, spec in body["transitions"].items()
        },
    )


def _status(slug: str, spec: Body) -> Status:
    phase = Phase(spec["phase"])
    return Status(
        slug=slug,
        label=_label(spec),
        phase=phase,
        waits_on=spec.get("waits_on"),
        counts_as_waiting=spec.get("counts_as_waiting", phase is Phase.WAITING),
    )


def _calendar(slug: str, body: Body) -> Calendar:
    versions = [
        CalendarVersion(
            since=date.fromisoformat(version["from"]),
            week={day: tuple((_time(start), _end(end)) for start, end in windows) for day, windows in version["week"].items()},
        )
        for version in body.get("versions") or ()
    ]
    return Calendar(
        id=slug,
        label=_label(body),
        zone=body["zone"],
        holidays=body.get("holidays"),
        versions=tuple(versions),
        from_inquiry=bool(body.get("from_inquiry", False)),
    )


def _time(text: str) -> time:
    return time.fromisoformat(text)


def _end(text: str) -> time | None:
    return None if text == "24:00" else _time(text)


def _holidays(slug: str, body: Body) -> Holidays:
    groups = [body, *body.get("years", {}).values()]
    return Holidays(
        id=slug,
        since=date.fromisoformat(body["coverage"]["from"]),
        until=date.fromisoformat(body["coverage"]["to"]),
        revision=body["revision"],
        off=frozenset(date.fromisoformat(day) for group in groups for day in group.get("off", ())),
        working={date.fromisoformat(day): weekday for group in groups for day, weekday in group.get("working", {}).items()},
    )


def _clock(slug: str, body: Body, statuses: StatusModel) -> Clock:
    wanted = body.get("sum_of")
    summed: tuple[str, ...] = ()
    if wanted is not None:
        phase, named = wanted.get("phase"), wanted.get("statuses", ())
        summed = tuple(
            name
            for name, status in statuses.statuses.items()
            if name in named or status.phase == phase or (wanted.get("counts_as_waiting") and status.counts_as_waiting)
        )
    minus = body.get("minus")
    goal = body.get("goal")
    return Clock(
        id=slug,
        label=_label(body),
        calendar=body.get("calendar"),
        start=_edge(body.get("start")),
        stop=_edge(body.get("stop")),
        goal=None if goal is None else duration(goal),
        cycles=body.get("cycles", "last_close"),
        sum_statuses=summed,
        within=body.get("within"),
        minus=None if minus is None else (minus[0], minus[1]),
    )


def _edge(spec: Body | None) -> ClockEdge | None:
    if spec is None:
        return None
    phase = spec.get("enter_phase")
    return ClockEdge(
        submitted=bool(spec.get("submitted", False)),
        status=spec.get("enter"),
        phase=None if phase is None else Phase(phase),
        pick=spec.get("pick", "first"),
        require_current=bool(spec.get("require_current", False)),
    )


def _metric(slug: str, body: Body) -> Metric:
    target = body.get("target")
    return Metric(
        id=slug,
        label=_label(body),
        factor=body.get("factor"),
        judges=body.get("judges"),
        satisfies=tuple(body.get("satisfies", ())),
        period_by=FieldId(body["period"]["by"]),
        every=body["period"]["every"],
        by=tuple(body.get("by", ())),
        where=body.get("where"),
        value=body["value"],
        unit=body.get("unit") or _UNITS.get(next(iter(body["value"])), "duration"),
        target=None
        if target is None
        else MetricTarget(better=target["better"], goal=_amount(target.get("goal")), warn=_amount(target.get("warn"))),
        examples=tuple(body.get("examples", ())),
        description=body.get("description", {}),
    )


def _amount(value: float | str | None) -> float | None:
    """A ratio, a count, or a duration in seconds."""
    return duration(value).total_seconds() if isinstance(value, str) else value

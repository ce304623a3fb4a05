"""Calendars, holidays, clocks."""

from __future__ import annotations

from datetime import date, time

from deskweave.model import Calendar, CalendarVersion, Clock, ClockEdge, Holidays, Phase, StatusModel
from deskweave.practice.build.parts import Body, duration, label_of


def calendar_of(slug: str, body: Body) -> Calendar:
    versions = [
        CalendarVersion(
            since=date.fromisoformat(version["from"]),
            week={day: tuple((_time(start), _end(end)) for start, end in windows) for day, windows in version["week"].items()},
        )
        for version in body.get("versions") or ()
    ]
    return Calendar(
        id=slug,
        label=label_of(body),
        zone=body["zone"],
        holidays=body.get("holidays"),
        versions=tuple(versions),
        from_inquiry=bool(body.get("from_inquiry", False)),
    )


def _time(text: str) -> time:
    return time.fromisoformat(text)


def _end(text: str) -> time | None:
    return None if text == "24:00" else _time(text)


def holidays_of(slug: str, body: Body) -> Holidays:
    groups = [body, *body.get("years", {}).values()]
    return Holidays(
        id=slug,
        since=date.fromisoformat(body["coverage"]["from"]),
        until=date.fromisoformat(body["coverage"]["to"]),
        revision=body["revision"],
        off=frozenset(date.fromisoformat(day) for group in groups for day in group.get("off", ())),
        working={date.fromisoformat(day): weekday for group in groups for day, weekday in group.get("working", {}).items()},
    )


def clock_of(slug: str, body: Body, statuses: StatusModel) -> Clock:
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
        label=label_of(body),
        calendar=body.get("calendar"),
        start=_edge(body.get("start")),
        stop=_edge(body.get("stop")),
        goal=None if goal is None else duration(goal),
        cycles=body.get("cycles", "last_close"),
        sum_statuses=summed,
        within=body.get("within"),
        minus=None if minus is None else (minus[0], minus[1]),
        examples=tuple(body.get("examples", ())),
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
        by_person=spec.get("by") == "person",
    )

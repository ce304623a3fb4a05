"""What `practice lint` says about calendars and clocks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, time

import pytest

from deskweave.clock import checks
from deskweave.model import Calendar, CalendarVersion, Clock, ClockEdge, Holidays, Phase, Status, StatusModel

DAY = ((time(9), time(18)),)


STATUSES = StatusModel(id="inquiry", initial="new", transitions={}, statuses={"new": Status(slug="new", label={}, phase=Phase.NEW)})


@dataclass
class Practice:
    calendars: dict = field(default_factory=dict)
    holidays: dict = field(default_factory=dict)
    clocks: dict = field(default_factory=dict)
    statuses: StatusModel = STATUSES
    fields: dict = field(default_factory=dict)
    service_levels: dict = field(default_factory=dict)
    catalog: dict = field(default_factory=dict)


CALENDAR = Calendar(
    id="c", label={}, zone="Asia/Shanghai", holidays=None, versions=(CalendarVersion(since=date(2024, 1, 1), week={"mon": DAY}),)
)
HOLIDAYS = Holidays(id="h", since=date(2024, 1, 1), until=date(2024, 12, 31), revision="1", off=frozenset(), working={})
CLOCK = Clock(id="k", label={}, calendar="c", start=ClockEdge(submitted=True), stop=ClockEdge(status="new"))


def version(since, **week):
    return CalendarVersion(since=since, week=week)


@pytest.mark.parametrize(
    ("calendar", "holidays", "clock", "rules"),
    [
        ({}, {}, {}, []),  # nothing wrong
        ({"from_inquiry": True, "versions": ()}, {}, {}, []),  # hours that stand in each inquiry
        ({}, {}, {"cycles": "each_cycle"}, []),
        # what a file would be refused for is no figure either in a practice made in memory
        ({"zone": "Asia/Peking"}, {}, {}, ["clock-order"]),
        ({"holidays": "cn"}, {}, {}, ["clock-order"]),
        ({"versions": ()}, {}, {}, ["clock-order"]),
        ({}, {}, {"calendar": "5*8"}, ["clock-order"]),
        ({}, {}, {"start": None, "stop": None, "sum_statuses": ("new",), "within": "gone"}, ["clock-order"]),
        ({}, {}, {"start": None, "stop": None, "minus": ("k", "k")}, ["clock-order"]),  # a circle
    ],
)
def test_findings(calendar, holidays, clock, rules):
    practice = Practice({"c": replace(CALENDAR, **calendar)}, {"h": replace(HOLIDAYS, **holidays)}, {"k": replace(CLOCK, **clock)})
    found = list(checks(practice))
    assert [finding.rule for finding in found] == rules
    for finding in found:
        str(finding).encode("gbk")

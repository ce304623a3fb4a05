"""A folder with three emulated platforms in which a real ServiceNow audit log has been lived through and synced, made once.

The log gives no time zone: UTC is assumed. It was written under another state model than a fresh instance has, so an administrator
first adds the one state that has no place there, and the desk's people (not the sync) know every word of the log.
"""

from __future__ import annotations

import csv
import gzip
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from deskweave import workspace
from deskweave.emulation import TurnedTime
from deskweave.model import StatusBinding
from deskweave.plugins import load_plugins
from deskweave.sync import SyncReport
from deskweave.workspace import Workspace
from deskweave.workspace.scaffold import NewConnection, write_folder

NAMES = ("servicenow", "jira_sm", "feishu")
UNKNOWN = "?"
LATENCY = timedelta(milliseconds=50)  #: what a call takes on the turned clock: quotas per second refill as they would in life

#: What each state of the log is on a fresh instance. "Awaiting Evidence" is none of its states: an administrator adds it as 5, which it
#: was in older releases, and no binding of ours knows it.
STATES: Mapping[str, Mapping[str, str]] = {
    "New": {"state": "1"},
    "Active": {"state": "2"},
    "Awaiting User Info": {"state": "3", "hold_reason": "1"},
    "Awaiting Problem": {"state": "3", "hold_reason": "3"},
    "Awaiting Vendor": {"state": "3", "hold_reason": "4"},
    "Awaiting Evidence": {"state": "5"},
    "Resolved": {"state": "6"},
    "Closed": {"state": "7"},
}
#: The practice's word for it; None: there is none.
STATUSES: Mapping[str, str | None] = {
    "New": "awaiting_acceptance",
    "Active": "in_progress",
    "Awaiting User Info": "waiting_on_user",
    "Awaiting Problem": "waiting_on_third_party",
    "Awaiting Vendor": "waiting_on_third_party",
    "Awaiting Evidence": None,
    "Resolved": "resolved",
    "Closed": "closed",
}
LEVELS = {"1 - High": "high", "2 - Medium": "medium", "3 - Low": "low"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the log: what an incident had become by `at`. `raw` is the row as the file has it."""

    number: str
    at: datetime
    state: str
    raw: Mapping[str, str]

    def known(self, column: str) -> str | None:
        return None if self.raw[column] == UNKNOWN else self.raw[column]


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%d-%m-%Y %H:%M").replace(tzinfo=UTC)


@dataclass(slots=True)
class RealLog:
    """The lines in order of time, equal minutes in the order of the file, and the same by incident."""

    lines: list[Line]
    incidents: dict[str, list[Line]] = field(default_factory=dict)

    def opened(self, number: str) -> datetime:
        return instant(self.incidents[number][0].raw["opened_at"])

    @property
    def start(self) -> datetime:
        return min(self.lines[0].at, *(self.opened(number) for number in self.incidents))


@pytest.fixture(scope="session")
def log(shared: Path) -> RealLog:
    text = gzip.decompress((shared / "data" / "uci_incident_event_log_first5998.csv.gz").read_bytes()).decode()
    lines = [
        Line(row["number"], instant(row["sys_updated_at"]), row["incident_state"], row) for row in csv.DictReader(io.StringIO(text))
    ]
    found = RealLog(sorted(lines, key=lambda line: line.at))  # stable: equal minutes keep the file's order
    for line in found.lines:
        found.incidents.setdefault(line.number, []).append(line)
    return found


def as_history(log: RealLog) -> list[tuple[datetime, str, dict[Any, Any]]]:
    """The lines as people lived them; unknown values are not said.

    Columns that hold their end value on every line are left out (resolved_at, closed_at, made_sla: the instance stamps what is true at
    each moment by itself), or said where they became true (closed_code, with the line that closes).
    """
    history: list[tuple[datetime, str, dict[Any, Any]]] = []
    begun, closed = set(), set()
    for line in log.lines:
        values: dict[Any, Any] = {
            "status": line.state,
            "agent_name": line.known("assigned_to"),
            "skill_group": line.known("assignment_group"),
            "impact": LEVELS[line.raw["impact"]],
            "urgency": LEVELS[line.raw["urgency"]],
        }
        if line.number not in begun:
            begun.add(line.number)
            about = [line.known(column) for column in ("category", "subcategory", "u_symptom")]
            values |= {
                "title": ", ".join(part for part in about if part) or line.number,
                "stream": "incident",
                "user": line.known("caller_id"),
                "submitted_at": instant(line.raw["opened_at"]),
            }
        if line.state == "Closed" and line.number not in closed:
            closed.add(line.number)
            values["solution"] = line.known("closed_code")
        history.append((line.at, line.number, {name: value for name, value in values.items() if value is not None}))
    return history


@dataclass(slots=True)
class Desk:
    """The folder after the log was replayed and synced until nothing was left to do."""

    folder: Path
    clock: TurnedTime
    running: Mapping[str, Any]
    space: Workspace
    log: RealLog
    seconds: dict[str, float] = field(default_factory=dict)
    reports: list[SyncReport] = field(default_factory=list)
    writes: dict[str, int] = field(default_factory=dict)  #: of the sync, by connection

    def sync(self) -> SyncReport:
        report, failures = self.space.sync()
        assert not failures, failures
        return report

    def side(self, name: str) -> tuple[Any, Any, Any]:
        connection, binding = self.space.connect(name).connection, self.space.binding(name)
        return connection, binding, connection.mapper(binding)

    def hands(self, name: str) -> Any:
        return self.running[name].hands(self.side(name)[2])

    def listing(self, name: str, collection: str) -> list[Any]:
        """Every record of a collection, read anew from the platform."""
        source, found, resume = self.side(name)[0].records, [], None
        while True:
            page = source.changes(collection, None, resume)
            found += page.items
            resume = page.resume
            if resume is None:
                return found


def add_choices(address: str, settings: Mapping[str, Any], element: str, choices: Mapping[str, str]) -> None:
    """What the instance's administrator does through its own API: more choices for incidents."""
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (settings["auth"]["username"], settings["auth"]["password"])
        for value, label in choices.items():
            body = {"name": "incident", "element": element, "value": value, "label": label, "language": "en", "inactive": "false"}
            answer = session.post(f"{address}/api/now/table/sys_choice", json=body, timeout=30)
            assert answer.status_code == 201, answer.text


@pytest.fixture(scope="session")
def desk(log: RealLog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    plugins = load_plugins()
    clock = TurnedTime(log.start - timedelta(days=1))
    folder = tmp_path_factory.mktemp("reallog") / "desk"
    running: dict[str, Any] = {}
    begun = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal begun
        made.seconds[name], begun = round(time.perf_counter() - begun, 1), time.perf_counter()

    try:
        for name in NAMES:
            running[name] = plugins.connectors[name].emulator.start(port=0, seed=1, now=clock)
        write_folder(
            folder,
            id="reallog",
            now=clock(),
            plugins=plugins,
            connections=[
                NewConnection(name=name, plugin=name, access="write", settings=running[name].settings("admin")) for name in NAMES
            ],
            since=log.start,
            extra={"guard": {"max_notices": 10_000}},  # every request of Jira may write to its reporter
        )
        with workspace.open(folder, now=clock, plugins=plugins, environ={}, observe=lambda _: clock.advance(LATENCY)) as space:
            made = Desk(folder, clock, running, space, log)
            plan, failures = space.plan()
            assert not failures
            space.apply(plan)
            lap("apply")
            connection, binding, _ = made.side("servicenow")
            instance = running["servicenow"]
            codes = {line.raw["closed_code"] for line in log.lines} - {UNKNOWN}
            add_choices(instance.address, instance.settings("admin"), "state", {"5": "Awaiting Evidence"})
            add_choices(instance.address, instance.settings("admin"), "close_code", {code: code for code in sorted(codes)})
            people = {word: StatusBinding(is_=native) for word, native in STATES.items()}
            people["Closed"] = replace(people["Closed"], sets={"close_code": {"field": "solution"}})
            incident = replace(binding.collections["incident"], statuses=people)
            mapper = connection.mapper(replace(binding, collections={**binding.collections, "incident": incident}))
            running["servicenow"].hands(mapper).replay("incident", as_history(log))
            lap("replay")
            before = {name: running[name].platform.traffic.writes for name in NAMES}
            clock.advance(timedelta(hours=1))
            for _ in range(20):
                made.reports.append(made.sync())
                if not made.reports[-1].written and made.reports[-1].waiting_until is None:
                    break
                clock.advance(timedelta(minutes=10))
            made.writes = {name: running[name].platform.traffic.writes - before[name] for name in NAMES}
            lap("sync")
            yield made
    finally:
        for emulator in running.values():
            emulator.stop()


__all__: Sequence[str] = ()

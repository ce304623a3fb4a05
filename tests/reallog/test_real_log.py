"""A real audit log, 890 incidents and 5,998 events of a ServiceNow instance, through emulators, sync and key figures.

The log gives no zone: UTC is assumed. Its file has no state -100, which later parts of it have; its "Awaiting Evidence" stands for what
no binding has a word for.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest

from deskweave.measure import parse_period
from deskweave.model import FieldId
from deskweave.store.joined import find_inquiry_of, list_inquiries

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("reallog")]  # lived through once, by one process

COLLECTIONS = {"servicenow": "incident", "jira_sm": "request", "feishu": "ledger"}
STATUSES = {
    "New": "awaiting_acceptance",
    "Active": "in_progress",
    "Awaiting User Info": "waiting_on_user",
    "Awaiting Problem": "waiting_on_third_party",
    "Awaiting Vendor": "waiting_on_third_party",
    "Awaiting Evidence": None,  # has no word with us
    "Resolved": "resolved",
    "Closed": "closed",
}


def query(desk, statement, *values):
    with sqlite3.connect(desk.space.folder.store_path) as store:
        found = store.execute(statement, values).fetchall()
    store.close()
    return found


def steps_of(lines):
    """Where the log moves an incident to: (status, since when), without lines that change nothing we have a word for."""
    told = [(STATUSES[line.state], line.at) for line in lines if STATUSES[line.state] is not None]
    return [next(every) for _, every in groupby(told, key=lambda step: step[0])]


# ----------------------------------------------------------------------------------------------------------------- inquiries
def test_every_incident_is_on_each_side_once(desk, log):
    assert len(log.lines) == 5998
    assert len(log.incidents) == 890
    inquiries = list_inquiries(desk.space.store)
    assert len(inquiries) == 890
    for name, collection in COLLECTIONS.items():
        records = desk.listing(name, collection)
        linked = [link.rid for row in inquiries for link in row.links if (link.connection, link.collection) == (name, collection)]
        assert len(records) == 890, name
        assert len(linked) == len(set(linked)) == 890, name
        assert {record.ref.rid for record in records} == set(linked), name
        assert len({record.corr for record in records if record.corr}) == (890 if name != "servicenow" else 0), name
    assert {record.label for record in desk.listing("servicenow", "incident")} == set(log.incidents)
    assert desk.listing("servicenow", "interaction") == []


def test_the_first_sync_came_to_rest_by_itself(desk):
    first, *others = desk.reports
    assert first.connections["servicenow"].imported == 890
    assert [first.connections[name].created for name in COLLECTIONS] == [0, 890, 890]
    assert not any(report.conflicts or report.parked or report.unknown_values for report in desk.reports)
    assert not any(report.written for report in others)


def test_every_platform_says_what_the_inquiry_says(desk):
    inquiries = list_inquiries(desk.space.store)
    for name, collection in COLLECTIONS.items():
        mapper = desk.side(name)[2]
        rows = {link.rid: row for row in inquiries for link in row.links if link.connection == name}
        for record in desk.listing(name, collection):
            says = mapper.read(record).values
            wanted = mapper.project(collection, rows[record.ref.rid].inquiry.values).values
            different = {
                field for field, value in wanted.items() if field in says and says[field] != value and (says[field] or value)
            }
            # people and the day of registration are the platform's own there
            assert different <= ({"user", "email", "agent_name", "submitted_at"} if name == "jira_sm" else set()), record.label


@pytest.mark.parametrize("name", list(COLLECTIONS))
def test_agents_see_the_counterparts_numbers_where_they_look(desk, log, name):
    numbers = [{link.connection: link.label for link in row.links} for row in list_inquiries(desk.space.store)]
    native = desk.side(name)[1].collections[COLLECTIONS[name]].cross_reference
    shown = {record.label: str(record.fields.get(native) or "") for record in desk.listing(name, COLLECTIONS[name])}
    without = [one[name] for one in numbers if not all(label in shown[one[name]] for other, label in one.items() if other != name)]
    # what was closed without a code there takes no more writes: a data policy wants the code first
    refused = sum(lines[0].raw["closed_code"] == "?" for lines in log.incidents.values())
    assert len(without) == (refused if name == "servicenow" else 0)


def test_callers_without_an_address_stay_text(desk, log):
    for record in desk.listing("feishu", "ledger")[:50]:
        assert desk.side("feishu")[2].read(record).values["user"].startswith("Caller ")
    callers = {line.raw["caller_id"] for line in log.lines}
    said = {row.inquiry.values[FieldId("user")] for row in list_inquiries(desk.space.store)}
    assert said == callers
    assert not any(FieldId("email") in row.inquiry.values for row in list_inquiries(desk.space.store))
    same = "SELECT person FROM account WHERE person IS NOT NULL GROUP BY person HAVING count(DISTINCT conn) > 1"
    assert query(desk, same) == []  # nobody is taken for somebody of another platform
    reporters = {str((record.fields.get("reporter") or {}).get("displayName")) for record in desk.listing("jira_sm", "request")}
    assert not reporters & callers


# ------------------------------------------------------------------------------------------------------------------- history
def test_every_change_of_status_is_a_precise_event_at_its_minute(desk, log):
    """Held against the file line by line, lines of one minute in the order of the file."""
    rows = query(
        desk,
        "SELECT link.label, json_extract(event.new, '$'), event.at, event.precise, event.source FROM event"
        " JOIN link ON link.inquiry = event.inquiry AND link.conn = 'servicenow'"
        " WHERE event.field = 'status' ORDER BY link.label, event.at, event.ord, event.seq",
    )
    found = {label: list(every) for label, every in groupby(rows, key=lambda row: row[0])}
    assert {source for *_, source in rows} == {"connection:servicenow"}
    changes = 0
    for number, lines in log.incidents.items():
        first, *steps = steps_of(lines)
        (_, born, born_at, precise, _), *events = found[number]
        # what it was filed with is no change in the audit: known to have stood from its beginning
        assert (born, bool(precise)) == (first[0], False), number
        assert datetime.fromisoformat(born_at) == min(log.opened(number), steps[0][1]), number
        assert [(status, datetime.fromisoformat(at)) for _, status, at, _, _ in events] == steps, number
        assert all(one[3] for one in events), number
        changes += len(events)
    assert changes == sum(len(steps_of(lines)) - 1 for lines in log.incidents.values()) > 2500


def test_end_values_were_true_only_at_the_end(desk, log):
    """closed_at stands on every line of the file; our events know it from the closing on, and not before."""
    closings = dict(
        query(
            desk,
            "SELECT link.label, max(event.at) FROM event JOIN link ON link.inquiry = event.inquiry AND link.conn = 'servicenow'"
            " WHERE event.field = 'status' AND json_extract(event.new, '$') = 'closed' GROUP BY link.label",
        )
    )
    stated = {
        number: datetime.strptime(lines[0].raw["closed_at"], "%d-%m-%Y %H:%M").replace(tzinfo=UTC)
        for number, lines in log.incidents.items()
    }
    apart = [number for number, at in stated.items() if datetime.fromisoformat(closings[number]) != at]
    # the few that were touched after closing: the file then states the later touch
    assert len(apart) == sum(lines[-2].state == "Closed" for lines in log.incidents.values())
    assert len(apart) < 8
    codes = query(
        desk,
        "SELECT event.at, link.label FROM event JOIN link ON link.inquiry = event.inquiry AND link.conn = 'servicenow' WHERE field = 'solution'",
    )
    assert len(codes) == sum(lines[0].raw["closed_code"] != "?" for lines in log.incidents.values())
    assert all(at == closings[label] for at, label in codes)


# ------------------------------------------------------------------------------------------------------------------- figures
HOLIDAYS_2016 = {"off": {(4, 2), (4, 3), (4, 4), (4, 30), (5, 1), (5, 2), (6, 9), (6, 10), (6, 11), (9, 15), (9, 16), (9, 17), *((10, n) for n in range(1, 8))},
        "working": {(6, 12), (9, 18), (10, 8), (10, 9)}}  # fmt: skip
SHANGHAI = ZoneInfo("Asia/Shanghai")


WORKED = {}  # the working minutes of a day, once counted


def working_minutes(start, end, known=WORKED):
    """Working minutes of 5x8 between two whole minutes, day by day and minute by minute; nothing of the product in it."""
    total, day = 0, start.astimezone(SHANGHAI).date()
    while day <= end.astimezone(SHANGHAI).date():
        if day not in known:
            works = day.weekday() < 5
            if day.year == 2016:
                works = (works or (day.month, day.day) in HOLIDAYS_2016["working"]) and (day.month, day.day) not in HOLIDAYS_2016[
                    "off"
                ]
            if day.year == 2017:
                works = (works and not ((1, 1) <= (day.month, day.day) <= (1, 2) or (1, 27) <= (day.month, day.day) <= (2, 2))) or (
                    day.month,
                    day.day,
                ) in {(1, 22), (2, 4)}
            midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
            known[day] = (
                [midnight + timedelta(minutes=n) for n in range(1440) if 540 <= n < 720 or 780 <= n < 1080] if works else []
            )
        total += sum(start <= minute < end for minute in known[day])
        day += timedelta(days=1)
    return total


def figures(log):
    """First response on time, mean time to resolve in seconds, waiting share, straight from the file."""
    answered = on_time = resolved = 0
    spent = waited = 0
    for number, lines in log.incidents.items():
        opened = log.opened(number)
        first, *later = steps_of(lines)
        steps = [(first[0], min(opened, later[0][1])), *later]
        accepted = next((at for status, at in steps if status == "in_progress"), None)
        if accepted is None:
            continue
        if accepted >= opened:
            answered += 1
            on_time += working_minutes(opened, accepted) <= 5
        end = steps[-1][1]
        assert steps[-1][0] == "closed"
        resolved += 1
        spent += working_minutes(accepted, end)
        for (status, since), (_, until) in pairwise(steps):
            if status in ("waiting_on_user", "waiting_on_third_party", "resolved"):
                waited += working_minutes(max(since, accepted), max(until, accepted))
    return {
        "inquiries_registered": len(log.incidents),
        "first_response_on_time": Fraction(on_time, answered),
        "mean_time_to_resolve": Fraction(spent * 60, resolved),
        "waiting_share": Fraction(waited, spent),
    }


def test_the_key_figures_are_those_of_the_file(desk, log):
    expected = figures(log)
    days = [log.opened(number).astimezone(ZoneInfo(desk.space.practice.zone)).strftime("%Y-%m") for number in log.incidents]
    periods = [parse_period("2016")]
    assert {day[:4] for day in days} == {"2016"}
    results = {one.metric: one for one in desk.space.kpi(periods, by=(), metrics=list(expected))}
    for metric, value in expected.items():
        assert results[metric].value == pytest.approx(float(value), rel=1e-9), metric


# --------------------------------------------------------------------------------------------------------------------- quiet
def rows_of(desk):
    """Every row of every table as text, without the connections' heartbeat and who held the store."""
    with sqlite3.connect(desk.space.folder.store_path) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'lease'")]
        found = {}
        for table in tables:
            columns = [
                row[1] for row in store.execute(f"PRAGMA table_info({table})") if (table, row[1]) != ("connection", "heartbeat")
            ]
            found[table] = Counter(store.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall())
    store.close()
    return found


def test_a_second_sync_reads_and_writes_nothing(desk):
    before, size = rows_of(desk), desk.space.folder.store_path.stat().st_size
    writes = {name: desk.running[name].platform.traffic.writes for name in COLLECTIONS}
    reads = {name: desk.running[name].platform.traffic.reads for name in COLLECTIONS}
    beats = dict(query(desk, "SELECT name, heartbeat FROM connection"))
    desk.clock.advance(timedelta(minutes=10))
    report = desk.sync()
    assert not report.written
    assert {name: desk.running[name].platform.traffic.writes for name in COLLECTIONS} == writes
    assert all(desk.running[name].platform.traffic.reads > reads[name] for name in COLLECTIONS)
    after_rows = rows_of(desk)
    assert {
        table: (rows - before[table], before[table] - rows) for table, rows in after_rows.items() if rows != before[table]
    } == {}
    assert desk.space.folder.store_path.stat().st_size == size
    after = dict(query(desk, "SELECT name, heartbeat FROM connection"))
    assert after.keys() == beats.keys()
    assert all(after[name] != beats[name] for name in beats)


def test_one_edit_on_each_platform_reaches_the_other_two(desk, log):
    sides = {name: desk.side(name) for name in COLLECTIONS}
    incidents = {record.label: record for record in desk.listing("servicenow", "incident")}
    coded = [number for number in log.incidents if log.incidents[number][0].raw["closed_code"] != "?"]
    before = {name: desk.running[name].platform.traffic.writes for name in COLLECTIONS}
    edited = {}
    for number, name in zip(coded, COLLECTIONS, strict=False):
        row = find_inquiry_of(desk.space.store, "servicenow", "incident", incidents[number].ref.rid)
        refs = {link.connection: type(incidents[number].ref)(link.collection, link.rid) for link in row.links}
        desk.clock.advance(timedelta(minutes=1))
        desk.hands(name).edit(
            refs[name], {FieldId("title"): f"{number}, edited on {name}"}, "admin" if name == "servicenow" else "li.wei@example.com"
        )
        edited[number, name] = refs
    for _ in range(4):
        desk.clock.advance(timedelta(minutes=10))
        if not desk.sync().written:
            break
    for (number, name), refs in edited.items():
        for other, ref in refs.items():
            record = sides[other][0].records.fetch([ref])[0]
            assert sides[other][2].read(record).values["title"] == f"{number}, edited on {name}", (name, other)
    calls = {name: desk.running[name].platform.traffic.writes - before[name] for name in COLLECTIONS}
    assert calls == {"servicenow": 2, "jira_sm": 2, "feishu": 1}  # two records each; rows of a Bitable are written in one call

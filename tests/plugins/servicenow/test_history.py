"""History by account, and a log lived through with its own times."""

from __future__ import annotations

import csv
import gzip
import io
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from deskweave.connector import Ref


def lines(connection, refs, everything, since=None):
    assert connection.capabilities
    return everything(lambda resume: connection.records.history(refs, since, resume))[0]


def test_the_admin_reads_every_bound_field(admin, hands, now, everything, mapper):
    ref = hands.create("incident", {"title": "x", "status": "new"}, "li.wei")
    now.advance(timedelta(minutes=1))
    hands.edit(ref, {"title": "y", "status": "in_progress", "agent_name": "zhang.min"}, "zhang.min")
    found = {line.field: line for line in lines(admin, [ref], everything)}
    assert (found["short_description"].old, found["short_description"].new) == ("x", "y")
    assert found["state"].by == "zhang.min"
    assert found["state"].at == now()
    change = mapper.read_change(found["assigned_to"])
    assert (change.field, change.old, change.new) == ("agent_name", None, "张敏")


def test_the_agent_reads_states_half_a_minute_late(agent, hands, now, everything):
    ref = hands.create("incident", {"title": "x", "status": "new"}, "li.wei")
    now.advance(timedelta(minutes=1))
    hands.edit(ref, {"status": "in_progress"}, "zhang.min")
    at = now()
    assert [(line.old, line.new) for line in lines(agent, [ref], everything)] == [("", "1")]
    now.advance(timedelta(seconds=31))
    found = lines(agent, [ref], everything)
    assert [(line.field, line.old, line.new) for line in found] == [("state", "", "1"), ("state", "1", "2")]
    assert found[1].at == at
    assert [line.old for line in lines(agent, [ref], everything, since=at)] == ["1"]


def test_interactions_have_history_for_admins_only(agent, admin, hands, everything):
    ref = hands.create("interaction", {"title": "x", "status": "new"}, "li.wei")
    hands.edit(ref, {"status": "in_progress"}, "li.wei")
    assert lines(agent, [ref], everything) == []
    assert [(line.old, line.new) for line in lines(admin, [ref], everything)] == [("new", "work_in_progress")]


def test_many_records_are_asked_about_in_groups(admin, hands, everything, emulator):
    refs = [hands.create("incident", {"title": str(n)}, "li.wei") for n in range(120)]
    for ref in refs:
        hands.edit(ref, {"title": "changed"}, "li.wei")
    found = lines(admin, refs, everything)
    assert {line.ref for line in found} == set(refs)
    asked = [one.query["sysparm_query"][0] for one in emulator.platform.traffic if one.path.endswith("/sys_audit")]
    assert all("documentkeyIN" in query for query in asked[1:])  # never the whole table; the first is the probe


def test_a_log_is_lived_through_with_its_own_times(admin, hands, emulator, everything, mapper, now):
    begun = datetime(2016, 2, 29, 1, 23, tzinfo=UTC)
    log = [
        (begun + timedelta(minutes=10), "B", {"title": "second", "status": "new"}),
        (begun, "INC0000045", {"title": "first", "status": "new"}),
        (begun + timedelta(minutes=5), "INC0000045", {"status": "in_progress"}),
        (begun + timedelta(minutes=5), "INC0000045", {"status": "waiting_on_user"}),  # the same minute, in the log's order
        (begun + timedelta(hours=1), "INC0000045", {"status": "closed"}),
    ]
    second, first = hands.replay("incident", log)
    assert now() == datetime(2026, 11, 22, 8, tzinfo=UTC)  # the shared clock does not run backwards
    record = admin.records.fetch([first])[0]
    assert record.label == "INC0000045"
    assert record.updated_at == begun + timedelta(hours=1)
    assert [(line.new, line.at) for line in lines(admin, [first], everything) if line.field == "state"] == [
        ("2", begun + timedelta(minutes=5)),
        ({"state": "3", "hold_reason": "1"}, begun + timedelta(minutes=5)),
        ("7", begun + timedelta(hours=1)),
    ]
    assert admin.records.fetch([second])[0].fields["short_description"] == "second"


def test_who_is_waited_for_is_told_with_the_state(admin, hands, everything, mapper, now):
    """The audit has a line for each column; a status that is made up of two is read of both, also where one of them stays."""
    steps = ["new", "waiting_on_third_party", "waiting_on_user", "in_progress", "waiting_on_third_party"]
    (ref,) = hands.replay("incident", [(now() + timedelta(minutes=n), "A", {"status": status}) for n, status in enumerate(steps)])
    found = [change for line in lines(admin, [ref], everything) if (change := mapper.read_change(line))]
    assert [(change.old, change.new) for change in found if change.field == "status"] == list(pairwise(steps))
    assert len({line.change_id for line in lines(admin, [ref], everything)}) == len(lines(admin, [ref], everything))
    late = [mapper.read_change(line) for line in lines(admin, [ref], everything, since=now())]
    assert [change.new for change in late if change] == ["waiting_on_third_party"]


def test_a_log_of_later_days_turns_the_clock(hands, now, emulator):
    later = now() + timedelta(days=3)
    hands.replay("incident", [(later, "A", {"title": "x", "status": "new"})])
    assert now() == later


def test_the_agent_reads_a_lived_log_from_metrics(agent, hands, everything):
    begun = datetime(2016, 2, 29, 1, 23, tzinfo=UTC)
    (ref,) = hands.replay(
        "incident",
        [(begun + timedelta(hours=n), "A", {"status": s}) for n, s in enumerate(["new", "in_progress", "resolved", "closed"])],
    )
    assert [(line.new, line.at.hour) for line in lines(agent, [ref], everything)] == [("1", 1), ("2", 2), ("6", 3), ("7", 4)]


STATES = {
    "New": "new",
    "Active": "in_progress",
    "Awaiting User Info": "waiting_on_user",
    "Awaiting Problem": "waiting_on_third_party",
    "Awaiting Vendor": "waiting_on_third_party",
    "Awaiting Evidence": "waiting_on_third_party",
    "Resolved": "resolved",
    "Closed": "closed",
}


def test_a_real_log_of_six_thousand_events(shared, admin, hands, everything, mapper):
    """890 incidents of a real instance: every record ends in the log's last state, quickly."""
    raw = gzip.decompress((shared / "data" / "uci_incident_event_log_first5998.csv.gz").read_bytes()).decode()
    log, last = [], {}
    for row in csv.DictReader(io.StringIO(raw)):
        at = datetime.strptime(row["sys_updated_at"], "%d-%m-%Y %H:%M").replace(tzinfo=UTC)
        values = {"status": STATES[row["incident_state"]]}
        if row["assignment_group"] != "?":
            values["skill_group"] = row["assignment_group"]
        log.append((at, row["number"], values))
    for at, number, values in sorted(log, key=lambda line: line[0]):
        last[number] = (at, values["status"])
    begun = time.monotonic()
    refs = hands.replay("incident", log)
    assert time.monotonic() - begun < 15
    assert len(refs) == len(last) == 890
    items, _ = everything(lambda resume: admin.records.changes("incident", None, resume))
    assert {one.label: (mapper.read(one).values["status"]) for one in items} == {
        number: status for number, (_, status) in last.items()
    }
    ref = Ref("incident", next(one.ref.rid for one in items if one.label == "INC0000045"))
    states = [(line.new, line.at) for line in lines(admin, [ref], everything) if line.field == "state"]
    assert states == [("6", datetime(2016, 2, 29, 8, 53, tzinfo=UTC)), ("7", datetime(2016, 3, 5, 12, 0, tzinfo=UTC))]

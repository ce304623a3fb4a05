"""Facts on disk: what is taken in bit by bit is what would be made anew, and nothing that breaks leaves them wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.measure import EventLog, Facts, FactsBusy, parse_period, run
from deskweave.measure.restatement import Restatement, restate

AT = datetime(2026, 11, 16, 1, tzinfo=UTC)
LIKELY = ["awaiting_acceptance", "in_progress", "waiting_on_user", "resolved", "closed"]


def compared(facts: Facts, source: EventLog) -> Restatement:
    with facts.open() as stored, facts.made_anew(source) as anew:
        return restate(facts.practice, stored, anew, datetime(2026, 12, 1, tzinfo=UTC))


def contents(facts: Facts) -> list[dict]:
    with facts.open() as table:
        return [{k: v for k, v in row.items() if k != "_position"} for row in table.query("SELECT * FROM facts ORDER BY inquiry")]


steps = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from([*LIKELY, "submitted", "channel", "limbo", "refine"]), st.integers(0, 600)),
    max_size=14,
)


@settings(max_examples=15)
@given(steps=steps, cuts=st.sets(st.integers(0, 14)), compact=st.booleans())
def test_taken_in_bit_by_bit_is_made_anew(new_log, new_practice, tmp_path_factory, steps, cuts, compact):
    log, practice = new_log(), new_practice()
    for inquiry, what, minute in steps:
        at = AT + timedelta(minutes=minute)
        if what == "submitted":
            log.add(inquiry, "submitted_at", at, at)
        elif what == "channel":
            log.add(inquiry, "channel", "phone" if minute % 2 else "email", at)
        elif what == "refine":
            rough = [event.seq for event in log.events if event.field == "status" and event.inquiry == inquiry]
            if rough:
                log.add(inquiry, "status", LIKELY[minute % 5], at, refines=rough[-1])
        else:
            log.add(inquiry, "status", what, at, order=minute % 3)
    bits, whole = (Facts(practice, tmp_path_factory.mktemp(name)) for name in ("bits", "whole"))
    source = EventLog()
    previous = 0
    for cut in sorted({*cuts, len(log.events)}):
        source.append(log.events[previous:cut])
        previous = max(previous, min(cut, len(log.events)))
        bits.refresh(source)
        if compact:
            bits.compact()
    whole.rebuild(source)
    assert contents(bits) == contents(whole)
    assert bits.position == whole.position == len(log.events)
    assert compared(bits, source).inquiries == 0


def test_only_what_changed_is_made_again(practice, busy_week, tmp_path):
    facts, source = Facts(practice, tmp_path), EventLog(busy_week.events)
    assert facts.refresh(source).inquiries == 122
    assert facts.refresh(source).inquiries == 0
    source.append([busy_week.add("INQ-007", "returned", True, AT + timedelta(days=5))])
    assert facts.refresh(source).inquiries == 1
    assert len(list(tmp_path.glob("facts-*"))) == 2
    with facts.open() as table:
        assert table.query("SELECT count(*) AS n, count(DISTINCT inquiry) AS d FROM facts") == [{"n": 122, "d": 122}]
    facts.compact()
    assert len(list(tmp_path.glob("facts-*"))) == 1
    assert len(contents(facts)) == 122


def test_many_refreshes_do_not_leave_many_files(practice, log, tmp_path):
    facts, source = Facts(practice, tmp_path), EventLog()
    for number in range(30):
        log.inquiry(f"I{number:02}", AT + timedelta(minutes=number))
        source.append(log.events[-1:])
        facts.refresh(source)
    assert len(list(tmp_path.glob("facts-*"))) < 12
    assert len(contents(facts)) == 30


@pytest.mark.parametrize("damage", ["orphan", "manifest lost", "manifest torn", "segment lost", "half a segment"])
def test_whatever_breaks_the_facts_come_back(practice, busy_week, tmp_path, damage):
    facts, source = Facts(practice, tmp_path), EventLog(busy_week.events)
    facts.refresh(source)
    before = contents(facts)
    (segment,) = tmp_path.glob("facts-*")
    match damage:
        case "orphan":  # killed after the segment, before the manifest
            (tmp_path / "facts-000000009999-dead.parquet").write_bytes(segment.read_bytes())
        case "half a segment":  # killed while writing
            (tmp_path / "facts-000000009999-dead.parquet.part").write_bytes(segment.read_bytes()[:100])
        case "manifest lost":
            (tmp_path / "manifest.json").unlink()
        case "manifest torn":
            (tmp_path / "manifest.json").write_text('{"format": 1, "segm', "utf-8")
        case "segment lost":
            segment.unlink()
    source.append([busy_week.add("INQ-001", "channel", "phone", AT)])
    facts.refresh(source)
    after = contents(facts)
    assert len(after) == len(before)
    assert next(row["channel"] for row in after if row["inquiry"] == "INQ-001") == "phone"
    counted = {segment["file"] for segment in json.loads((tmp_path / "manifest.json").read_text("utf-8"))["segments"]}
    assert {path.name for path in tmp_path.glob("facts-*")} == counted


def test_one_writes_at_a_time_and_readers_do_not_wait(practice, busy_week, tmp_path):
    facts, source = Facts(practice, tmp_path), EventLog(busy_week.events)
    facts.refresh(source)
    with facts._writing():
        with pytest.raises(FactsBusy, match="another process"):
            Facts(practice, tmp_path).refresh(source)
        assert len(contents(facts)) == 122
    facts.refresh(source)


def test_an_event_committed_while_reading_waits_for_the_next_refresh(practice, log, tmp_path):
    log.inquiry("I", AT, (AT, "awaiting_acceptance"))
    late = log.add("I", "channel", "phone", AT)

    class Racing(EventLog):
        def events(self, after_seq):
            return (event for event in super().events(after_seq) if event.seq < late.seq or raced)

    raced = False
    source = Racing(log.events)
    facts = Facts(practice, tmp_path)
    assert facts.refresh(source).position == late.seq - 1
    assert contents(facts)[0]["channel"] is None
    raced = True
    facts.refresh(source)
    assert contents(facts)[0]["channel"] == "phone"


def test_an_edited_holiday_changes_nothing_that_was_judged(practice, log, tmp_path):
    friday = datetime(2026, 11, 20, 9, 50, tzinfo=UTC)  # 17:50 in Shanghai
    for name in ("OLD", "NEW"):
        monday = friday + timedelta(days=3, hours=-8, minutes=-40)
        log.inquiry(name, friday, (friday, "awaiting_acceptance"), (monday, "in_progress"), (monday + timedelta(hours=1), "closed"))
    facts, source = Facts(practice, tmp_path), EventLog(log.events)
    facts.refresh(source)
    assert {row["inquiry"]: row["first_response_took"] for row in contents(facts)} == {"OLD": 1200, "NEW": 1200}

    (holidays,) = practice.holidays.values()
    practice.holidays = {holidays.id: replace(holidays, off=frozenset({date(2026, 11, 23)}), revision="2026-11-21")}
    practice.digest = "p2"
    edited = Facts(practice, tmp_path)
    source.append([log.add("NEW", "channel", "phone", friday)])
    assert edited.refresh(source).rebuilt == ""
    assert {row["inquiry"]: row["first_response_took"] for row in contents(edited)} == {"OLD": 1200, "NEW": 600}  # 43
    found = compared(edited, source)
    assert (found.inquiries, found.columns["first_response_took"]) == (1, 1)  # NEW is judged by today's rules already
    assert {(one.practice, one.inquiries) for one in found.judged} == {("p1", 1), ("p2", 1)}
    moved = {(one.period.id, one.metric): one for one in found.moved}
    average = moved["2026-11", "average_first_response"]
    assert (average.before.value, average.now.value, average.now.counted) == (900, 600, 2)
    assert [(one.key, one.before, one.now) for one in average.changes] == [("OLD", (1200, 1), (600, 1))]
    assert not any(metric == "inquiries_registered" for _, metric in moved)
    with edited.open() as table:
        (result,) = run(
            practice, table, [parse_period("2026-11")], datetime(2026, 12, 1, tzinfo=UTC), metrics=["inquiries_registered"]
        )
    assert result.stamp.judged_by == ("p1", "p2")
    assert len(result.stamp.calendars) == 2
    assert edited.rebuild(source).rebuilt
    assert compared(edited, source).inquiries == 0


def test_other_columns_make_everything_anew(practice, busy_week, tmp_path):
    source = EventLog(busy_week.events)
    Facts(practice, tmp_path).refresh(source)
    practice.fields = {name: field for name, field in practice.fields.items() if name != "city"}
    facts = Facts(practice, tmp_path)
    assert contents(facts) == []  # not readable as they are
    assert facts.refresh(source).rebuilt
    assert len(contents(facts)) == 122


hostile = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("\ud800"), st.just("x" * 5_000_000),
    st.datetimes(timezones=st.just(UTC)), st.datetimes(), st.tuples(st.text(), st.integers()), st.just(10**30),
)  # fmt: skip
NAMES = [
    "submitted_at",
    "status",
    "channel",
    "city",
    "tags",
    "returned",
    "ring_time",
    "effort",
    "due_on",
    "user_satisfaction",
    "nowhere",
]


@settings(max_examples=25)
@given(changes=st.lists(st.tuples(st.sampled_from(NAMES), hostile, st.datetimes(timezones=st.just(UTC))), max_size=6))
def test_nothing_a_platform_says_stops_the_others(new_log, new_practice, tmp_path_factory, changes):
    log, facts = new_log(), Facts(new_practice(), tmp_path_factory.mktemp("hostile"))
    log.inquiry("GOOD", AT, (AT, "awaiting_acceptance"), (AT + timedelta(minutes=1), "in_progress"))
    for name, value, at in changes:
        log.add("BAD", name, value, at)
    facts.refresh(EventLog(log.events))
    rows = {row["inquiry"]: row for row in contents(facts)}
    assert rows["GOOD"]["first_response_took"] == 60
    assert ("BAD" in rows) is bool(changes)
    for inquiry, problem in facts.problems():
        assert inquiry == "BAD"
        assert len(problem.found) <= 80

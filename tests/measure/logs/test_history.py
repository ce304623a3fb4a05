"""What rows become: steps in order, and a count of everything that is doubtful. Numbers are those of the pitfall list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deskweave.errors import DocumentError
from deskweave.measure.logs import histories

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
EVENTS = """rows: events
case: id
times: {at: at, order: year_first, zone: UTC}
status: {columns: [status], words: {New: awaiting_acceptance, Active: in_progress, Hold: unchanged, Done: closed}}
fields: {priority: {column: priority, values: {High: p2, Low: p4}}}
"""
RECORDS = """rows: records
case: id
times: {at: updated, order: year_first, zone: UTC}
status: {columns: [status], words: {New: awaiting_acceptance, Active: in_progress, Done: closed}}
entered: {in_progress: accepted, closed: closed}
fields: {submitted_at: {column: opened}}
"""


def told(history, field="status"):
    return [(step.new, f"{step.at:%m-%d %H:%M}") for step in history.steps if step.field == field]


def troubles(read):
    return {one.rule: one.count for one in read.troubles}


def test_events_in_order_of_time_and_of_the_file(table, mapping, practice):
    """Case 40: several at one instant keep the order of the file; a word that changes nothing changes nothing."""
    read = histories(
        table(
            """id|at|status|priority
            1|2026-01-01 10:00|New|Low
            1|2026-01-01 12:00|Done|High
            1|2026-01-01 11:00|Active|Low
            1|2026-01-01 11:00|Hold|High"""
        ),
        mapping(EVENTS), practice, NOW,
    )  # fmt: skip
    history = read.cases["1"]
    assert told(history) == [("awaiting_acceptance", "01-01 10:00"), ("in_progress", "01-01 11:00"), ("closed", "01-01 12:00")]
    assert told(history, "priority") == [("p4", "01-01 10:00"), ("p2", "01-01 11:00")]
    assert told(history, "number") == [("1", "01-01 10:00")]
    assert troubles(read) == {"log-same-instant": 1}


def test_records_say_when_they_became_what_they_are(table, mapping, practice):
    read = histories(
        table(
            """id|opened|accepted|closed|updated|status
            1|2026-01-01 10:00|2026-01-01 10:03|2026-01-02 09:00|2026-01-05 00:00|Done
            2|2026-01-01 10:00||| 2026-01-05 00:00|Active"""
        ),
        mapping(RECORDS), practice, NOW,
    )  # fmt: skip
    assert told(read.cases["1"]) == [
        ("awaiting_acceptance", "01-01 10:00"),
        ("in_progress", "01-01 10:03"),
        ("closed", "01-02 09:00"),
    ]
    # nobody knows since when: the latest possible moment, and marked as such
    (_, first), (active, _) = [(step.precise, step) for step in read.cases["2"].steps if step.field == "status"]
    assert (first.new, active) == ("awaiting_acceptance", False)


@pytest.mark.parametrize(
    ("text", "rows", "expected"),
    [
        # rows that say nothing anybody could place
        ("|2026-01-01 10:00|New|", EVENTS, {"log-no-case": 1}),
        ("1|2026-01-01 10:00|New|\n1||Done|\n1|NaN|Done|", EVENTS, {"log-no-time": 2}),
        ("1|2026-01-01 10:00|New|\n1|2026-02-31 10:00|Done|", EVENTS, {"log-time-unreadable": 1}),
        ("1|2026-01-01 10:00|New|\n1|2027-01-01 10:00|Done|", EVENTS, {"log-time-ahead": 1}),
        # typed in January with last year's date
        ("1|2026-01-01 10:00|New|\n1|2025-01-02 10:00|Active|\n1|2026-01-03 10:00|Done|", EVENTS, {"log-time-astray": 1}),
        ("1|2026-01-01 10:00|New|\n1|2026-01-01 10:00|New|", EVENTS, {"log-row-twice": 1}),
        ("1|2026-01-01 10:00|Beamed up|\n2|2026-01-01 10:00|Beamed up|", EVENTS, {"log-status-unknown": 2}),
        ("1|2026-01-01 10:00|New|\n1|2026-01-01 11:00|?|", EVENTS, {"log-status-missing": 1}),
        ("1|2026-01-01 10:00|New|Urgent\n2|2026-01-01 10:00|New|Whatever", EVENTS, {"log-value-unknown": 2}),
    ],
)  # fmt: skip
def test_nothing_is_doubtful_without_a_line(table, mapping, practice, text, rows, expected):
    read = histories(table(f"id|at|status|priority\n{text}"), mapping(rows), practice, NOW)
    assert troubles(read) == expected
    for one in read.troubles:
        assert one.lines
        assert all(line >= 2 for line in one.lines)


def test_an_end_before_its_start_is_counted_and_kept_as_it_is(table, mapping, practice):
    """Case 41: never turned into zero; facts refuse the duration."""
    read = histories(
        table("id|opened|accepted|closed|updated|status\n1|2026-01-03 10:00||2026-01-01 10:00|2026-01-03 10:00|Done"),
        mapping(RECORDS), practice, NOW,
    )  # fmt: skip
    assert troubles(read) == {"log-end-before-start": 1}
    assert told(read.cases["1"])[0] == ("awaiting_acceptance", "01-03 10:00")


def test_a_record_that_stands_twice_counts_by_its_latest_row(table, mapping, practice):
    rows = "1|2026-01-01 10:00|||2026-01-05 00:00|Active\n1|2026-01-01 10:00|||2026-01-02 00:00|New"
    read = histories(table(f"id|opened|accepted|closed|updated|status\n{rows}"), mapping(RECORDS), practice, NOW)
    assert troubles(read) == {"log-case-twice": 1}
    assert told(read.cases["1"])[-1][0] == "in_progress"


def test_an_unknown_word_is_seen_wherever_figures_are(table, mapping, practice):
    read = histories(table("id|at|status|priority\n1|2026-01-01 10:00|Beamed up|Urgent"), mapping(EVENTS), practice, NOW)
    assert told(read.cases["1"]) == [("Beamed up", "01-01 10:00")]
    assert read.cases["1"].unknown == {"log:tickets/priority": "Urgent"}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("rows: events\ncase: ~\ntimes: {at: at, order: year_first}\n", ["log-open"]),
        ("rows: events\ncase: id\ntimes: {at: at, order: ~}\n", ["log-open"]),  # 03-04-2026
        ("rows: events\ncase: id\ntimes: {order: year_first}\n", ["log-open"]),
        ("rows: events\ncase: id\ntimes: {at: at, order: year_first, zone: Mars/Base}\n", ["unknown-zone"]),
        ("rows: events\ncase: id\ntimes: {at: at, order: day_first}\nstatus: {words: {New: neu}}\n", ["unknown-status"]),
        ("rows: events\ncase: id\ntimes: {at: at, order: day_first}\nentered: {clsed: at}\n", ["unknown-status"]),
        ("rows: events\ncase: id\ntimes: {at: at, order: day_first}\nfields: {prio: {column: p}}\n", ["unknown-field"]),
        ("rows: events\ncase: id\ntimes: {at: at, order: day_first}\nfields: {priority: {column: p, values: {a: p9}}}\n", ["unknown-choice"]),
        ("rows: events\ncase: ~\ntimes: {order: ~}\n", ["log-open", "log-open", "log-open"]),  # all at once
    ],
)  # fmt: skip
def test_a_mapping_is_complained_about_at_its_line(mapping, text, rules):
    with pytest.raises(DocumentError) as caught:
        mapping(text)
    assert [one.rule for one in caught.value.findings] == rules
    assert all(one.place.line for one in caught.value.findings)


def test_a_column_that_is_not_there_is_named(table, practice):
    from deskweave.documents import read
    from deskweave.measure.logs import read_mapping

    (document,) = read(f"apiVersion: deskweave/v1\nkind: Log\nid: tickets\n{EVENTS}", "logs/tickets.yaml")
    with pytest.raises(DocumentError) as caught:
        read_mapping(document, practice, ("id", "at", "status", "Priority"))
    (found,) = caught.value.findings
    assert (found.rule, found.found, found.nearest, found.place.line) == ("unknown-column", "priority", "Priority", 8)

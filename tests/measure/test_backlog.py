"""How many inquiries were open at the end of a period: from events, in every engine, however they were reopened since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.errors import DocumentError
from deskweave.measure import EventLog, FactBuilder, Facts, FactTable, checks, parse_period, run
from deskweave.measure.columns import OPEN, Columns
from deskweave.measure.export import csv_for_people, items
from deskweave.measure.naming import Names
from deskweave.measure.plain import PlainTable
from deskweave.measure.planner import Planner
from deskweave.measure.reasons import Asking
from deskweave.model import Field, FieldId, Metric, Phase, Status

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTHS = [parse_period(f"2026-{month:02}") for month in range(1, 8)]
NOW = datetime(2026, 7, 20, 4, tzinfo=UTC)


def rule(where=None, *, scope=None, by=(), examples=(), every="month", grain="inquiry", id="backlog"):
    return Metric(id=id, label={"en": "Backlog", "zh": "积压量"}, factor=None, judges=None, satisfies=(), period_by=FieldId("submitted_at"),
                  every=every, by=by, where=scope, value={"backlog": {} if where is None else {"where": where}}, unit="count",
                  target=None, examples=examples, grain=grain)  # fmt: skip


def at(day, hour=10):
    return datetime.fromisoformat(f"2026-{day}").replace(hour=hour, tzinfo=SHANGHAI).astimezone(UTC)


def figures(practice, log, tmp_path, metric, periods=MONTHS, as_of=NOW, **more):
    facts = Facts(practice, tmp_path)
    facts.refresh(EventLog(log.events))
    with facts.open() as table:
        return run(practice, table, periods, as_of, metrics=[metric], **more)


def test_a_reopened_inquiry_counts_at_every_end_at_which_it_was_open(practice, log, tmp_path):
    """Closed in March, reopened in May, closed in June: open at the end of January, February and May."""
    log.inquiry(
        "I",
        at("01-15"),
        (at("01-15"), "in_progress"),
        (at("03-10"), "closed"),
        (at("05-20"), "in_progress"),
        (at("06-02"), "closed"),
    )
    found = figures(practice, log, tmp_path, rule())
    assert [one.value for one in found] == [1, 1, 0, 0, 1, 0, 0]
    assert [one.counted for one in found] == [1, 1, 0, 0, 1, 0, 0]


def test_a_reopened_inquiry_has_no_resolution_and_is_open(practice, log, tmp_path):
    """Case 37: reopened and still open at the moment asked about: resolution has no value, the backlog is 1."""
    log.inquiry("I", at("03-04"), (at("03-04"), "in_progress"), (at("03-05"), "closed"), (at("03-06"), "in_progress"))
    facts = Facts(practice, tmp_path)
    facts.refresh(EventLog(log.events))
    with facts.open() as table:
        (row,) = table.query("SELECT resolution_took FROM facts")
        (one,) = run(practice, table, [parse_period("2026-03")], at("03-20"), metrics=[rule()])
    assert (row["resolution_took"], one.value) == (None, 1)


def test_a_period_nobody_touched_has_its_backlog(practice, log, tmp_path):
    log.inquiry("old", at("01-02"), (at("01-02"), "in_progress"))
    found = figures(practice, log, tmp_path, rule())
    assert [one.value for one in found] == [1] * 7
    empty = figures(practice, type(log)(), tmp_path / "none", rule(), MONTHS[:1])
    assert [(one.value, one.reason) for one in empty] == [(0, "")]


@pytest.mark.parametrize(
    ("status", "phase", "is_open"),
    [
        ("awaiting_acceptance", Phase.NEW, True),
        ("in_progress", Phase.ACTIVE, True),
        ("waiting_on_user", Phase.WAITING, True),
        ("resolved", Phase.RESOLVED, True),  # it awaits the confirmation that closes it (C1, C4, C5)
        ("closed", Phase.CLOSED, False),
        ("dropped", Phase.CANCELLED, False),
    ],
)
@pytest.mark.practice("C1", "C5")
def test_which_statuses_are_open(practice, log, tmp_path, status, phase, is_open):
    dropped = Status(slug="dropped", label={}, phase=Phase.CANCELLED)
    practice.statuses = replace(practice.statuses, statuses=dict(practice.statuses.statuses) | {"dropped": dropped})
    assert practice.statuses.statuses[status].phase is phase
    log.inquiry("I", at("01-02"), (at("01-02"), "in_progress"), (at("01-03"), status))
    assert [one.value for one in figures(practice, log, tmp_path, rule(), MONTHS[:1])] == [int(is_open)]


def test_the_end_of_a_period_is_midnight_in_the_practices_zone_and_now_in_the_running_one(practice, log, tmp_path):
    month_end = at("01-31") + timedelta(hours=14)  # midnight in Shanghai
    log.inquiry("last", month_end - timedelta(microseconds=1), (month_end, "closed"))
    log.inquiry("first", month_end, (at("07-20", 12), "closed"))  # closed at the very moment that is asked about
    log.inquiry("late", at("07-20", 13), (at("07-20", 13), "in_progress"))  # after it
    found = figures(practice, log, tmp_path, rule())
    assert [one.value for one in found] == [1, 1, 1, 1, 1, 1, 0]
    before = figures(practice, log, tmp_path, rule(), MONTHS[-1:], NOW - timedelta(microseconds=1))
    assert [one.value for one in before] == [1]


def test_a_period_that_has_not_begun_has_no_backlog_and_says_so(practice, log, tmp_path):
    log.inquiry("I", at("01-02"), (at("01-02"), "in_progress"))
    (one,) = figures(practice, log, tmp_path, rule(), [parse_period("2026-08")])
    assert (one.value, one.reason, one.counted) == (None, "not-begun", 0)
    assert Names(practice, "en").reason(rule(), one) == "The period has not begun"
    assert Names(practice, "zh").reason(rule(), one) == "周期尚未开始"
    assert figures(practice, log, tmp_path, rule(), [parse_period("2026-08")], by=("channel",)) == []


def test_conditions_and_breakdowns(practice, log, tmp_path):
    for number, channel in enumerate(("phone", "phone", "email")):
        log.inquiry(f"I{number}", at("01-02"), (at("01-02"), "in_progress"), channel=channel, returned=number == 0)
    log.inquiry("gone", at("01-02"), (at("01-03"), "closed"), channel="phone")
    by = figures(practice, log, tmp_path, rule(), MONTHS[:1], by=("channel",))
    assert [(one.by["channel"], one.value) for one in by] == [("email", 1), ("phone", 2)]
    (scoped,) = figures(practice, log, tmp_path, rule(scope={"channel": {"eq": "phone"}}), MONTHS[:1])
    assert (scoped.value, scoped.beside) == (2, 0)
    (some,) = figures(practice, log, tmp_path, rule({"returned": {"eq": True}}), MONTHS[:1])
    assert (some.value, some.beside) == (1, 2)


# ------------------------------------------------------------------------------------------------------ against running totals
words = ["awaiting_acceptance", "in_progress", "waiting_on_user", "resolved", "closed", "limbo"]
lives = st.lists(
    st.tuples(
        st.none() | st.integers(0, 200 * 24 * 60),
        st.lists(st.tuples(st.sampled_from(words), st.integers(-60, 200 * 24 * 60), st.integers(0, 2)), max_size=9),
        st.sampled_from(["feishu", "phone", None]),
    ),
    max_size=6,
)


@settings(max_examples=12)
@given(lives=lives, cut=st.integers(0, 210 * 24 * 60))
def test_opened_less_ended_is_what_is_open(new_practice, new_log, lives, cut):
    """The backlog is everything that was opened so far less everything that was ended: by hand, minute by minute of each life."""
    log, practice = new_log(), new_practice()
    start, as_of = at("01-01", 0), at("01-01", 0) + timedelta(minutes=cut)
    for number, (submitted, steps, channel) in enumerate(lives):
        name = f"I{number}"
        if submitted is not None:
            log.add(name, "submitted_at", start + timedelta(minutes=submitted), start)
        log.add(name, "channel", channel, start)
        for word, minute, order in steps:
            log.add(name, "status", word, start + timedelta(minutes=minute), order=order)
    rows = []
    for name in {event.inquiry for event in log.events}:  # that facts in bulk, bit by bit and anew are these rows, other tests hold
        row, _ = FactBuilder(practice).row(name, [event for event in log.events if event.inquiry == name])
        turns = row.get(OPEN)
        rows.append(
            {"inquiry": name, "channel": row.get("channel"), OPEN: turns and [datetime.fromisoformat(one) for one in turns]}
        )
    with FactTable.of_rows(Columns(practice), rows) as table:
        known = run(practice, table, MONTHS, as_of, metrics=[rule(), rule(by=("channel",))])
    for one in known:
        end = min(datetime.combine(one.period.until, datetime.min.time(), SHANGHAI), as_of + timedelta(microseconds=1))
        if datetime.combine(one.period.since, datetime.min.time(), SHANGHAI) > as_of:
            assert (one.value, one.reason) == (None, "not-begun")
            continue
        total = 0
        for submitted, steps, channel in lives:
            if submitted is None or start + timedelta(minutes=submitted) >= end or one.by.get("channel", channel) != channel:
                continue
            told = sorted(enumerate(steps), key=lambda pair: (pair[1][1], pair[1][2], pair[0]))
            then = [word for _, (word, minute, _) in told if start + timedelta(minutes=minute) < end]
            total += not then or then[-1] != "closed"
        assert one.value == total
    spans = [one for one in known if one.by]
    for period in MONTHS:  # groups add up
        (whole,) = [one.value for one in known if one.period == period and not one.by]
        assert sum(one.value or 0 for one in spans if one.period == period) == (whole or 0)


def test_what_ended_before_it_was_submitted_opens_with_what_came_after(practice, log):
    log.inquiry(
        "I",
        at("02-01"),
        (at("01-10"), "closed"),
        (at("02-03"), "in_progress"),
        (at("02-03"), "closed"),
        (at("02-05"), "in_progress"),
    )
    row, _ = FactBuilder(practice).row("I", log.events)
    assert row[OPEN] == [at("02-05").replace(tzinfo=None).isoformat(sep=" ")]  # what one moment undoes is none
    log.add("J", "status", "in_progress", at("02-01"))
    row, problems = FactBuilder(practice).row("J", [event for event in log.events if event.inquiry == "J"])
    assert OPEN not in row
    assert [problem.rule for problem in problems] == ["submission-missing"]


def test_each_answer_of_plain_rows_is_that_of_the_engine(practice, log, tmp_path):
    for number in range(30):
        day = at("01-01") + timedelta(days=number * 5)
        steps = [(day + timedelta(days=number * n + n), ("closed", "in_progress")[n % 2]) for n in range(number % 5)]
        log.inquiry(f"I{number:02}", day, *steps, channel=("phone", "email")[number % 2])
    facts = Facts(practice, tmp_path)
    facts.refresh(EventLog(log.events))
    plan = Planner(practice).plan(
        rule({"channel": {"ne": "fax"}} if "fax" in practice.fields["channel"].choices else None, by=("channel",))
    )
    with facts.open() as table:
        plain = PlainTable(table.columns, table.query("SELECT * FROM facts"))
        ours, theirs = (
            sorted(one.figures(plan, MONTHS, NOW), key=lambda row: (row["period"], row["channel"])) for one in (table, plain)
        )
    assert ours == theirs
    assert len(ours) == 14


# ------------------------------------------------------------------------------------------------------------------- said, told
def test_who_is_open_is_listed_with_who_ended_in_the_period(practice, log, tmp_path):
    log.inquiry("open", at("01-02"), (at("01-02"), "in_progress"), channel="phone")
    log.inquiry("ended", at("02-02"), (at("02-20"), "closed"), channel="phone")
    log.inquiry("reopened", at("01-02"), (at("01-20"), "closed"), (at("02-03"), "in_progress"), channel="phone")
    log.inquiry("elsewhere", at("02-02"), (at("02-03"), "in_progress"), channel="email")
    log.inquiry("before", at("01-02"), (at("01-20"), "closed"), channel="phone")
    log.inquiry("after", at("03-02"), channel="phone")
    log.add("undated", "status", "in_progress", at("02-02"))
    facts = Facts(practice, tmp_path)
    facts.refresh(EventLog(log.events))
    metric = rule(scope={"channel": {"eq": "phone"}})
    with facts.open() as table:
        asking = Asking(practice, table, parse_period("2026-02"), NOW)
        why = asking.reasons(metric)
        with pytest.raises(DocumentError) as caught:
            asking.reasons(metric, {"status": "in_progress"})
    assert {one.key: (one.group, one.why) for one in why.shares} == {
        "open": ("counted", ""),
        "reopened": ("counted", ""),
        "ended": ("out", "ended"),
        "elsewhere": ("out", "condition"),
        "undated": ("out", "problem"),
    }
    assert why.elsewhere == 2
    assert why.result.value == sum(one.numerator or 0 for one in why.shares) == 2
    assert [finding.rule for finding in caught.value.findings] == ["backlog-status"]


def test_in_words(practice):
    practice.metrics = {"backlog": rule({"channel": {"eq": "phone"}})}
    assert Names(practice, "en").rule(practice.metrics["backlog"]) == [
        "The number of inquiries open at the end of the period where Channel is Phone.",
        "Open is what was submitted and is neither closed nor cancelled; everything else about it is as it is now.",
    ]
    assert Names(practice, "zh").rule(practice.metrics["backlog"])[0] == "周期结束时未结束且满足“渠道为电话”的问询数量。"


def test_the_same_keys_leave_as_of_every_figure(practice, log, tmp_path):
    practice.metrics = {"backlog": rule()}
    log.inquiry("I", at("01-02"))
    results = figures(practice, log, tmp_path, "backlog", MONTHS[:1])
    (item,) = items(practice, results)
    assert (item["unit"], item["value"], item["reason"]) == ("count", 1, None)
    assert "积压量,2026年1月,1" in csv_for_people(practice, results, "zh")


@pytest.mark.parametrize(
    ("metric", "said", "path"),
    [
        (rule({"status": {"ne": "resolved"}}), "backlog-status", "/metrics/m/value/backlog/where"),
        (rule(scope={"not": {"phase": {"eq": "waiting"}}}), "backlog-status", "/metrics/m/where"),
        (rule(by=("status",)), "backlog-status", "/metrics/m/by/0"),
        (rule({"chanel": {"eq": "phone"}}), "unknown-name", "/metrics/m/value/backlog/where/chanel"),
        (replace(rule(grain="contact"), period_by=FieldId("contact_at")), "backlog-grain", "/metrics/m/value/backlog"),
        (replace(rule(), value={"backlog": {"since": "always"}}), "value-shape", "/metrics/m/value/backlog"),
    ],
)
def test_what_a_backlog_cannot_say(practice, metric, said, path):
    practice.metrics = {"m": replace(metric, id="m")}
    assert [(finding.rule, finding.place.path) for finding in checks(practice)] == [(said, path)]


def test_without_submissions_there_is_no_backlog(practice):
    practice.fields = {name: field for name, field in practice.fields.items() if name != "submitted_at"}
    practice.fields[FieldId("opened_at")] = Field(id=FieldId("opened_at"), label={}, type="datetime")
    practice.metrics = {"m": replace(rule(id="m"), period_by=FieldId("opened_at"))}
    assert [finding.rule for finding in checks(practice)] == ["backlog-grain"]


def test_a_breakdown_by_status_leaves_backlogs_out(practice):
    practice.metrics = {"backlog": rule(), "all": replace(rule(id="all"), value={"count": {}})}
    with FactTable.of_rows(Columns(practice), []) as table:
        run(practice, table, MONTHS, NOW, by=("status",))  # no finding stops the other figures


HISTORY = [{"at": "2026-03-10T10:00:00+08:00", "status": "closed"}, {"at": "2026-05-20T10:00:00+08:00", "status": "in_progress"}]


@pytest.mark.parametrize(
    ("given_", "expect", "rules"),
    [
        ([{"submitted_at": "2026-01-15T10:00:00+08:00", "status": HISTORY}],
         [{"period": "2026-02-01", "value": 1}, {"period": "2026-03-01", "value": 0}, {"period": "2026-05-01", "value": 1}], []),
        ([{"submitted_at": "2026-01-15T10:00:00+08:00", "status": HISTORY[::-1]}], [{"period": "2026-04-01", "value": 0}], []),
        ([{"status": "closed"}, {"status": "in_progress"}, {}], [{"value": 2, "counted": 2}], []),
        ([{"channel": "phone"}, {"channel": "email"}], [{"channel": "phone", "value": 1}], []),
        ([], [{"value": 0}], []),
        ([{"status": "in_progress"}], [{"value": 2}], ["example-differs"]),
        ([{"status": [{"at": "2026-03-10T10:00:00+08:00", "status": "clsed"}]}], [{"value": 0}], ["example-given"]),
        ([{"status": [{"at": "soon", "status": "closed"}]}], [{"value": 0}], ["example-given"]),
        ([{"status": [{"status": "closed"}]}], [{"value": 0}], ["example-given"]),
        ([{"status": ["closed"]}], [{"value": 0}], ["example-given"]),
    ],
)  # fmt: skip
def test_examples_run(practice, given_, expect, rules):
    practice.metrics = {"m": rule(id="m", examples=({"given": given_, "expect": expect},))}
    assert [finding.rule for finding in checks(practice)] == rules

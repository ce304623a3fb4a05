"""What was published stays, and what has moved since is told by the inquiries that moved it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deskweave.errors import DocumentError
from deskweave.measure import EventLog, Facts, parse_period
from deskweave.measure.published import differences, equal, freeze, read, write
from deskweave.model import Threshold

PERIOD = parse_period("2026-W47")
AS_OF = datetime(2026, 11, 25, tzinfo=UTC)


def frozen(practice, log, folder, as_of=AS_OF):
    facts = Facts(practice, folder)
    facts.refresh(EventLog(log.events))
    with facts.open() as table:
        return freeze(practice, table, PERIOD, as_of, "prod")


@pytest.mark.practice("E12")
def test_the_file_says_what_was_frozen_and_twice_the_same(practice, busy_week, tmp_path):
    one = frozen(practice, busy_week, tmp_path / "one")
    random.Random(3).shuffle(busy_week.events)
    text = write(one)
    assert write(frozen(practice, busy_week, tmp_path / "two")) == text
    assert write(read(text, "figures.json")) == text
    assert equal(read(text, "figures.json"), one)
    later = frozen(practice, busy_week, tmp_path / "three", AS_OF + timedelta(days=3))
    assert equal(read(text, "figures.json"), later)  # the same figures, known later
    said = json.loads(text)
    assert {one["metric"] for one in said["figures"]} == set(practice.metrics)


def test_the_file_holds_no_word_of_anybody(practice, log, tmp_path):
    day = datetime(2026, 11, 16, 2, tzinfo=UTC)
    secrets = {"agent": "per_li_wei", "city": "上海", "title": "my password is hunter2", "channel": "phone"}
    log.inquiry("iq-1", day, (day, "in_progress"), **secrets)
    text = write(frozen(practice, log, tmp_path))
    assert "iq-1" in text
    assert not [word for word in secrets.values() if word in text]


@pytest.mark.practice("E12")
def test_late_reopenings_are_named(practice, busy_week, tmp_path):
    before = read(write(frozen(practice, busy_week, tmp_path / "then")), "figures.json")
    closed = [event for event in busy_week.events if event.field == "status" and event.new == "closed"]
    reopened = sorted(event.inquiry for event in random.Random(1).sample(closed, 3))
    for name in reopened:
        busy_week.add(name, "status", "in_progress", AS_OF + timedelta(hours=1))
        busy_week.add(name, "status", "closed", AS_OF + timedelta(hours=5))
    moved = {one.metric: one for one in differences(before, frozen(practice, busy_week, tmp_path / "now"))}
    time_to_resolve = moved["mean_time_to_resolve"]
    assert [one.key for one in time_to_resolve.changes] == reopened
    assert all(one.before is not None and one.now is not None and one.now[0] > one.before[0] for one in time_to_resolve.changes)
    # the changes account for the whole of the difference
    added = sum(one.now[0] - one.before[0] for one in time_to_resolve.changes)
    assert time_to_resolve.now.numerator - time_to_resolve.before.numerator == added
    assert "inquiries_registered" not in moved
    assert "first_response_on_time" not in moved


def test_what_came_late_and_what_went_away(practice, log, tmp_path):
    day = datetime(2026, 11, 16, 2, tzinfo=UTC)
    log.inquiry("gone", day, (day, "in_progress"))
    log.inquiry("stays", day, (day, "in_progress"))
    before = frozen(practice, log, tmp_path / "then")
    log.add("gone", "submitted_at", day - timedelta(days=30), day + timedelta(days=9))  # corrected: it was in October
    log.inquiry("late", day, (day, "in_progress"))
    log.inquiry("later", day, (day, "in_progress"))
    (one,) = [one for one in differences(before, frozen(practice, log, tmp_path / "now")) if one.metric == "inquiries_registered"]
    assert (one.before.value, one.now.value) == (2, 3)
    assert [(change.key, change.before, change.now) for change in one.changes] == [
        ("gone", (1.0, None), None),
        ("late", None, (1.0, None)),
        ("later", None, (1.0, None)),
    ]


def test_a_rule_that_changed_or_went_is_no_change_of_inquiries(new_practice, busy_week, tmp_path):
    practice = new_practice()
    before = frozen(practice, busy_week, tmp_path / "then")
    metrics = {name: one for name, one in practice.metrics.items() if name != "users_satisfied"}
    now = frozen(new_practice(metrics=metrics), busy_week, tmp_path / "now")
    (gone,) = differences(before, now)
    assert (gone.metric, gone.now, gone.changes) == ("users_satisfied", None, ())
    (new,) = differences(now, before)
    assert (new.metric, new.before, new.changes) == ("users_satisfied", None, ())


def test_a_figure_keeps_the_level_it_was_published_at(new_practice, busy_week, tmp_path):
    """Thresholds may change; what was published as a warning was one."""
    plain = new_practice()
    metrics = dict(plain.metrics)
    metrics["inquiries_registered"] = replace(
        metrics["inquiries_registered"], thresholds=(Threshold(operator="gt", value=3, level="warning"),)
    )
    text = write(frozen(new_practice(metrics=metrics), busy_week, tmp_path / "then"))
    before = read(text, "figures.json")
    assert before.figures["inquiries_registered"].level == "warning"
    assert {one.level for name, one in before.figures.items() if name != "inquiries_registered"} == {None}
    assert write(before) == text
    assert not differences(before, frozen(plain, busy_week, tmp_path / "now"))  # the figure is the same
    with pytest.raises(DocumentError):
        read(text.replace('"level": "warning"', '"level": "grave"'), "figures.json")


@pytest.mark.parametrize(
    "text",
    [
        "",  # nothing
        "<<<<<<< HEAD\n",  # a merge gone wrong
        "[]",  # JSON, and something else
        '{"deskweave": "published", "format": 99, "figures": [], "inquiries": {}}',  # of a newer version
        '{"deskweave": "published", "format": 1, "figures": [{"metric": "a"}], "inquiries": {"x": [null, null]}}',  # columns too many
    ],
)
def test_a_file_that_says_nothing_is_a_finding(text):
    with pytest.raises(DocumentError) as caught:
        read(text, "reports/2026-11/figures.json")
    (finding,) = caught.value.findings
    assert finding.place.source == "reports/2026-11/figures.json"

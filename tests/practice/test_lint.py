"""Rules of sense: each finds its case, and only that."""

from __future__ import annotations

from datetime import date

import pytest

from deskweave.documents import read
from deskweave.findings import Severity
from deskweave.practice import Practice, compose, lint

HEAD = "apiVersion: deskweave/v1\n"
TOP = (
    HEAD
    + "kind: Practice\nid: acme\nversion: '1'\nlabel: {en: A, zh: 甲}\nlanguages: [en, zh]\nzone: Asia/Shanghai\nextends: [deskweave:service-desk@1]\n"
)
SPRING = date(2026, 3, 1)
STATUS = "kind: StatusModel\nid: inquiry\n"


def practice(text: str) -> Practice:
    return compose([*read(TOP, "practice.yaml"), *read(HEAD + text, "f.yaml")])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "kind: Fields\nid: inquiry\nfields: {floor: {label: {en: Floor}, type: text}}\n",
            [("label-missing", "/fields/floor", "no label in zh: readers of it will see 'Floor'")],
        ),
        (
            STATUS
            + "statuses: {parked: {label: {en: Parked, zh: 搁置}, phase: waiting}}\ntransitions: {unpark: {label: {en: U, zh: 取}, from: [parked], to: in_progress, by: [agent]}}\n",
            [("status-unreachable", "/statuses/parked", "no transition leads to 'parked' from 'awaiting_acceptance'")],
        ),
        (
            STATUS
            + "statuses: {parked: {label: {en: Parked, zh: 搁置}, phase: waiting}}\ntransitions: {park: {label: {en: P, zh: 搁}, from: [in_progress], to: parked, by: [agent]}}\n",
            [("status-dead-end", "/statuses/parked", "no transition leads out of 'parked', and it is not an end")],
        ),
        (
            STATUS + "statuses: {resolved: {label: {zh: 已关闭}}}\n",
            [("status-same-label", "/statuses/closed", "'resolved' and 'closed' are both called '已关闭'")],
        ),
        (
            "kind: Fields\nid: inquiry\nfields: {solution: {writers: []}}\n",
            [("required-unwritable", "/fields/solution", "'solution' is mandatory on entering 'closed', and no role may write it")],
        ),
        # what is filled by the system need not have writers
        ("kind: Fields\nid: inquiry\nfields: {created_at: {required: {entering: closed}}}\n", []),
    ],
)
def test_rules(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = lint(practice(text), today=SPRING)
    assert [(finding.rule, finding.place.path, finding.message) for finding in found] == expected
    assert all(finding.severity is Severity.WARNING and finding.remedy for finding in found)


@pytest.mark.parametrize(
    ("today", "words"),
    [
        # coverage ends on 2026-12-31: sixty days before it is quiet, fifty-nine are not
        (date(2026, 11, 1), None),
        (date(2026, 11, 2), "end in 59 days"),
        (date(2026, 12, 31), "end in 0 days"),
        (date(2027, 1, 10), "ended 10 days ago"),
    ],
)
def test_coverage(today: date, words: str | None) -> None:
    found = lint(practice("kind: Clock\nid: waiting\n"), today=today)
    assert [finding.rule for finding in found] == ([] if words is None else ["calendar-coverage-ends"])
    assert words is None or words in found[0].message


def test_a_further_year_is_one_small_file() -> None:
    later = practice(
        "kind: Holidays\nid: cn_statutory\ncoverage: {to: 2027-12-31}\nrevision: 2026-11-10\nyears: {'2027': {off: [2027-01-01], working: {2027-01-03: fri}}}\n"
    )
    assert lint(later, today=date(2026, 12, 31)) == []
    holidays = later.holidays["cn_statutory"]
    assert {date(2026, 1, 1), date(2027, 1, 1)} <= holidays.off
    assert holidays.working[date(2027, 1, 3)] == "fri"
    assert (holidays.since, holidays.until) == (date(2016, 1, 1), date(2027, 12, 31))


def test_holidays_nobody_uses_are_not_watched() -> None:
    text = "kind: Holidays\nid: old\ncoverage: {from: 2020-01-01, to: 2020-12-31}\nrevision: 2020-01-01\n"
    assert lint(practice(text), today=SPRING) == []


def test_a_scale_nobody_asks_for_is_told() -> None:
    """A practice of its own, with templates and no rating asked for anywhere (D2)."""
    own = (
        HEAD
        + """kind: Practice
id: acme
version: '1'
label: {en: A, zh: 甲}
languages: [en, zh]
zone: Asia/Shanghai
---
kind: StatusModel
id: inquiry
initial: open
statuses: {open: {label: {en: Open, zh: 待处理}, phase: new}, closed: {label: {en: Closed, zh: 已关闭}, phase: closed}}
transitions: {close: {label: {en: Close, zh: 关闭}, from: [open], to: closed, by: [agent]}}
---
kind: Routing
id: routing
roles: {agent: {label: {en: Agent, zh: 座席}}, user: {label: {en: User, zh: 用户}}}
---
kind: Feedback
id: satisfaction
scale: {good: {label: {en: Good, zh: 好}, code: 1}}
---
kind: Template
id: done
label: {en: Done, zh: 完成}
occasion: closed
audience: [user]
body: {en: It is done., zh: 已完成。}
"""
    )
    asked = own.replace("occasion: closed", "occasion: rating_asked")
    rules = [{one.rule for one in lint(compose(read(text, "f.yaml")), today=SPRING)} for text in (own, asked)]
    assert ["feedback-never-asked" in found for found in rules] == [True, False]

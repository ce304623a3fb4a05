"""The report is one page that needs nothing else, and nothing anybody wrote becomes part of its code."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.markup import escaped, fragment, style, tag
from deskweave.measure import EventLog, Facts, parse_period
from deskweave.measure.gathering import unsaid
from deskweave.measure.report import report
from deskweave.model import Choice

AS_OF = datetime(2026, 11, 22, 1, 31, tzinfo=UTC)
WEEK = parse_period("2026-W47")
HOSTILE = "</style><script>alert(1)</script>\"'><img src=x onerror=alert(2)><a href='javascript:alert(3)'>&lt;"
VOID = {"meta", "rect", "line", "br", "hr"}


class Page(HTMLParser):
    """What a browser would see: elements, their attributes, their text; and whether all of them are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def made(practice, busy_week, tmp_path):
    def make(language, period=WEEK, **more):
        facts = Facts(practice, tmp_path)
        facts.refresh(EventLog(busy_week.events))
        with facts.open() as rows:
            return report(practice, rows, period, AS_OF, language, client=more.get("client", "ACME"), environment="prod")

    return make


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["ACME / prod", "Service desk report, 16 Nov to 22 Nov 2026", "As of Sun 22 Nov 2026 09:31", "Times in Asia/Shanghai",
                "3 of 5 targets are met. Missed: First response within 5m, Users satisfied.", "112 / 120", "at least 95 %", "just missed",
                "Software installation and removal", "1 ends before it starts", "INQ-BAD-1", "divided by", "digest p1"]),
        ("zh", ["服务台报告：2026年11月16日至11月22日", "数据截至 2026年11月22日 周日 09:31", "5 项目标中有 3 项达标。未达标：5分钟内响应率、用户满意度。",
                "不低于 95 %", "2分17秒", "应用软件安装与卸载", "结束早于开始 1 单", "按服务项", "满意", "摘要 p1"]),
    ],
)  # fmt: skip
def test_what_it_says(made, language, said):
    html = made(language)
    page = Page(html)
    assert page.open == []
    for words in said:
        assert words in page.text
    assert sum(name == "svg" for name, _ in page.elements) == 4
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in html


def test_it_needs_nothing_else(made):
    html = made("en")
    for name, attributes in Page(html).elements:
        assert name not in ("script", "link", "iframe", "object", "embed", "img", "form", "base", "a")
        assert not {key for key in attributes if key.startswith("on") or key in ("src", "href", "srcset", "action")}
    assert not re.search(r"url\(|@import|https?://|//[a-z]", html)
    (policy,) = [a["content"] for name, a in Page(html).elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert len(html) < 100_000


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_people_wrote_stays_text(practice, busy_week, made, language):
    hostile = {"en": HOSTILE, "zh": HOSTILE}
    practice.label = hostile
    practice.metrics = {name: replace(metric, label=hostile, satisfies=(HOSTILE,)) for name, metric in practice.metrics.items()}
    practice.clocks = {name: replace(clock, label=hostile) for name, clock in practice.clocks.items()}
    practice.catalog = {name: replace(item, label=hostile) for name, item in practice.catalog.items()}
    practice.fields = {name: replace(one, label=hostile, choices={slug: Choice(slug=slug, label=hostile) for slug in one.choices})
                       for name, one in practice.fields.items()}  # fmt: skip
    practice.calendars = {name: replace(calendar, label=hostile) for name, calendar in practice.calendars.items()}
    at = datetime(2026, 11, 18, 3, tzinfo=UTC)
    busy_week.inquiry(HOSTILE, at, (at, HOSTILE), channel=HOSTILE, service_item=HOSTILE)
    html = made(language, client=HOSTILE)
    page = Page(html)
    assert page.open == []
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</style>") == 1
    assert {name for name, _ in page.elements} <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "p", "span", "h1", "h2", "h3", "section", "div", "table", "thead",
        "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "line", "rect", "text", "ul", "li", "i", "small", "dl", "dt", "dd", "footer",
    }  # fmt: skip
    assert HOSTILE in "".join(page.words)


@pytest.mark.parametrize("text", ["2030-01", "2026", "2026-Q4", "2026-11-16", "2026-11-01..2026-11-20"])
def test_any_period(made, text):
    """Also one without a single inquiry, and one of many days."""
    page = Page(made("en", parse_period(text)))
    assert page.open == []
    assert ("Nothing to show in this period." in page.text) is (text == "2030-01")


def test_a_practice_with_little_in_it(practice, made):
    practice.catalog = {}
    practice.feedback = {}
    practice.fields = {name: practice.fields[name] for name in ("submitted_at", "status")}
    practice.metrics = {"inquiries_registered": practice.metrics["inquiries_registered"]}
    practice.clocks = {}
    page = Page(made("zh"))
    assert page.open == []
    assert "每日问询量" in page.text


def test_the_same_facts_make_the_same_page(made):
    assert made("en") == made("en")


@given(st.text())
def test_text_is_escaped_and_back(text):
    made = escaped(text)
    assert not set("<>\"'") & set(made)
    page = Page(tag("p", text, title=text))
    assert len(page.elements) == 1


@pytest.mark.parametrize(
    "make", [lambda: tag("script"), lambda: tag("p", onclick="x"), lambda: tag("p x"), lambda: style("</style>")]
)
def test_what_is_never_written(make):
    with pytest.raises(ValueError, match=r"."):
        make()


def test_markup_is_not_escaped_twice():
    assert fragment(tag("b", "<"), "<", 1, None, [2.50, "x"]) == "<b>&lt;</b>&lt;12.5x"


@pytest.fixture
def two_weeks(practice, busy_week, tmp_path):
    """The busy week, and one inquiry of the week before that was answered late."""
    before = datetime(2026, 11, 10, 2, tzinfo=UTC)
    late = before + timedelta(minutes=30)
    busy_week.inquiry("INQ-EARLY", before, (before, "awaiting_acceptance"), (late, "in_progress"), channel="phone")
    facts = Facts(practice, tmp_path)
    facts.refresh(EventLog(busy_week.events))
    with facts.open() as rows:
        yield rows


def test_the_trend_begins_where_there_are_inquiries(practice, two_weeks):
    html = report(practice, two_weeks, WEEK, AS_OF, "en", client="ACME", environment="prod")
    page = Page(html)
    assert "Trend over 2 periods" in page.text
    trend = page.text[page.text.index("Trend over") : page.text.index("The desk in this period")]
    assert "2026-W46 2026-W47" in trend
    assert "First response within 5m First response within 5m 0.0 % 93.3 %" in trend  # the drawing's title, then both figures
    assert sum(attributes.get("class") == "spark" for _, attributes in page.elements) == 3


def test_the_inquiries_that_missed_their_goal_by_the_most_are_named_as_people_do(practice, two_weeks):
    html = report(
        practice, two_weeks, parse_period("2026-W46"), AS_OF, "en", client="ACME", environment="prod",
        called=lambda ids: {one: f"No. {one}" for one in ids},
    )  # fmt: skip
    assert "First response: 1 missed the goal No. INQ-EARLY 30m 00s 5m 25m 00s" in Page(html).text
    listed = report(
        practice, two_weeks, WEEK, AS_OF, "zh", client="ACME", environment="prod", called=lambda ids: dict.fromkeys(ids, "单")
    )
    assert "INQ-BAD-1" not in listed


def test_what_rests_on_fields_nobody_fills_is_shown_and_not_judged(practice, two_weeks):
    """The week before has one inquiry, without tags: that none was solved at the desk is no result."""
    page = Page(report(practice, two_weeks, parse_period("2026-W46"), AS_OF, "en", client="ACME", environment="prod")).text
    assert "no inquiry of this period says" in page
    assert unsaid(practice, two_weeks, WEEK) == {"calls_abandoned": ("answered", "ring_time")}
    assert unsaid(practice, two_weeks, parse_period("2026-W46"))["resolved_at_desk"] == ("tags",)
    assert unsaid(practice, two_weeks, parse_period("2026-W40")) == {}  # nobody was there to say anything

"""The handbook of a practice: everything it says is in it, in both languages, and what nobody says leaves no empty chapter."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from deskweave.model import (
    TRAITS,
    CalendarVersion,
    Channel,
    Check,
    Clock,
    ClockEdge,
    Criterion,
    DeliveryRule,
    Field,
    FieldId,
    Goal,
    Metric,
    MetricTarget,
    Point,
    PriorityMatrix,
    Process,
    Routing,
    ServiceLevel,
    Step,
    Survey,
    Template,
    Term,
    Threshold,
)
from deskweave.model.predicate import holds
from deskweave.practice import Practice
from deskweave.practice.handbook import Edition, as_html, as_markdown, book
from deskweave.practice.handbook.chapters import hours, levels, messages, metrics, platforms
from deskweave.practice.handbook.chapters.metrics import computed
from deskweave.practice.handbook.tree import Section, Table
from deskweave.practice.handbook.voice import Voice

LANGUAGES = ("en", "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_of_every_kind_is_named(practice: Practice, edition: Edition, read: Any, language: str) -> None:
    text = read(as_html(book(practice, edition, language))).text
    said = Voice(practice, language)
    kinds: Mapping[str, Mapping[str, Any]] = {
        "field": practice.fields,
        "item": practice.catalog,
        "classification": practice.classifications,
        "status": practice.statuses.statuses,
        "transition": practice.statuses.transitions,
        "rating": practice.feedback,
        "survey": practice.surveys,
        "calendar": practice.calendars,
        "clock": practice.clocks,
        "level": practice.service_levels,
        "rise": {slug: one for matrix in practice.priority_matrices.values() for slug, one in matrix.rises.items()},
        "role": practice.roles,
        "tier": practice.routing.tiers,
        "group": practice.routing.groups,
        "skill": practice.routing.skills,
        "escalation": practice.routing.escalations,
        "desk": practice.desks,
        "channel": practice.channels,
        "process": practice.processes,
        "step": {slug: one for process in practice.processes.values() for slug, one in process.steps.items()},
        "template": practice.templates,
        "metric": practice.metrics,
        "candidate": {slug: one for process in practice.processes.values() for slug, one in process.candidates.items()},
        "term": practice.glossary,
    }
    missing = [
        f"{kind} {slug}"
        for kind, terms in kinds.items()
        for slug, term in terms.items()
        if said.label(term.label, str(slug)) not in text
    ]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_are_numbered_without_gaps_and_the_contents_lead_to_them(
    practice: Practice, edition: Edition, read: Any, language: str
) -> None:
    made = book(practice, edition, language)
    page = read(as_html(made))
    assert {level for level, _ in page.headings} == {"h1", "h2", "h3"}
    expected = [0, 0, 0]
    for level, said in page.headings:
        depth = int(level[1])
        expected[depth - 1] += 1
        expected[depth:] = [0] * (3 - depth)
        assert said.startswith(".".join(str(one) for one in expected[:depth]) + " ")
    anchors = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(anchors) == len(set(anchors))
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(anchors)
    assert [link.removeprefix("#") for link in links] == [one.key for one in made.walk() if one.level <= 2]


def test_the_page_needs_nothing_else(practice: Practice, edition: Edition, read: Any) -> None:
    text = as_html(book(practice, edition, "en"))
    page = read(text)
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in page.elements}
    addresses = [value for _, attributes in page.elements for name, value in attributes.items() if name in ("src", "href")]
    assert all(value and (value.startswith("#") or value.startswith("data:image/svg+xml;base64,")) for value in addresses)
    policy = next(attributes["content"] for _, attributes in page.elements if attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_cover_revisions_and_signatures(practice: Practice, edition: Edition, read: Any, language: str) -> None:
    page = read(as_html(book(practice, edition, language)))
    for said in ("acme", "v2.1.0", "Li Lei 李雷", "prod", practice.digest, "First hand-over"):
        assert said in page.text
    assert ("2026年11月22日" if language == "zh" else "22 November 2026") in page.text
    assert page.text.count("签字" if language == "zh" else "Signature") >= 2


@pytest.mark.parametrize(
    ("edition_", "said"),
    [
        (Edition(now=datetime(2026, 1, 1, tzinfo=UTC)), "not under version control"),
        (
            Edition(
                now=datetime(2026, 1, 1, tzinfo=UTC),
                version="v1-3-gabc",
                changed=True,
                revisions=(),
            ),
            "with changes that are not committed",
        ),
    ],
    ids=["no git", "changed files"],
)
def test_the_cover_says_what_the_version_is_worth(practice: Practice, edition_: Edition, said: str) -> None:
    assert said in as_markdown(book(practice, edition_, "en"))


def test_what_platforms_cannot_hold_and_what_is_done_by_hand(practice: Practice, edition: Edition, read: Any) -> None:
    text = read(as_html(book(practice, edition, "zh"))).text
    for said in ("J-4", "加入分组", "Project settings > Request types", "J-5", "choices lose their order", "make-up days"):
        assert said in text
    assert "尚未计划：deskweave plan" in text  # feishu: nothing is known, and nothing is invented


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("statuses/in_progress", "处理中"),
        ("catalog/os_level_failure", "操作系统级别故障处理"),
        ("fields/channel", "渠道"),
        ("fields/channel/choices/phone", "渠道：电话"),
        ("fields/gone", "fields/gone"),  # what the practice no longer has is named as it was
        ("boards/x", "boards/x"),
    ],
)
def test_an_element_is_called_what_people_call_it(practice: Practice, path: str, said: str) -> None:
    assert platforms.element(Voice(practice, "zh"), path) == said


def test_without_a_folder_there_is_no_chapter_of_platforms(practice: Practice, edition: Edition) -> None:
    keys = [one.key for one in book(practice, replace(edition, platforms=None), "en").chapters]
    assert "platforms" not in keys
    assert "glossary" in keys


def test_an_empty_kind_leaves_no_chapter(practice: Practice, edition: Edition) -> None:
    bare = replace(
        practice,
        catalog={}, classifications={}, systems={}, feedback={}, surveys={}, channels={}, delivery=(), roles={}, routing=Routing(),
        calendars={}, holidays={}, clocks={}, metrics={}, records={}, priority_matrices={}, service_levels={}, desks={},
        templates={}, processes={}, glossary={}, factors={}, documents={},
    )  # fmt: skip
    made = book(bare, edition, "en")
    assert [one.key for one in made.chapters] == ["purpose", "fields", "statuses", "platforms", "origin", "limits"]
    assert [one.number for one in made.chapters] == ["1", "2", "3", "4", "5", "6"]
    for one in made.walk():
        assert one.blocks or one.sections
        assert all(block.rows for block in one.blocks if isinstance(block, Table))


def test_the_same_practice_gives_the_same_bytes_in_every_process(practice: Practice, edition: Edition) -> None:
    program = (
        "import hashlib, datetime as d\n"
        "from deskweave.practice import builtin\n"
        "from deskweave.practice.handbook import Edition, as_html, as_markdown, book\n"
        "made = book(builtin(), Edition(now=d.datetime(2026, 11, 22, tzinfo=d.UTC)), 'zh')\n"
        "print(hashlib.sha256((as_html(made) + as_markdown(made)).encode()).hexdigest())\n"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PATH": ""}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
    assert len(answers.pop().strip()) == hashlib.sha256().digest_size * 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_words_fit_every_code_page(practice: Practice, edition: Edition, language: str) -> None:
    as_markdown(book(practice, edition, language)).encode("gbk")


# ---------------------------------------------------------------------------------------------------------------- hostile
HOSTILE = "<script>alert(1)</script>\"'&|*_`[x](javascript:1)\n# no heading\n\x00\u202e"


def hostile(practice: Practice) -> Practice:
    """Whatever a person may write, written into every kind."""
    words = {"en": HOSTILE, "zh": HOSTILE}
    status = next(iter(practice.statuses.statuses))
    return replace(
        practice,
        label=words,
        fields={
            FieldId("evil"): Field(id=FieldId("evil"), label=words, type="text", pattern=HOSTILE, source=words, description=words)
        },
        groups={"client": words},
        channels={"c": Channel(slug="c", label=words, description=words, traits=dict.fromkeys(TRAITS, True))},
        delivery=(DeliveryRule(slug="d", order=1, channels=("c",), label=words, description=words),),
        surveys={"s": Survey(slug="s", label=words, audience=(HOSTILE,), every=HOSTILE, asks={"q": words})},
        templates={
            "t": Template(
                id="t", label=words, occasion="registered", audience=("user",), body=words, subject=words, without={"title": words}
            )
        },
        glossary={"g": Term(slug="g", label=words, description=words, aliases={"en": (HOSTILE,)})},
        processes={
            "p": Process(
                id="p",
                number="9",
                label=words,
                steps={
                    "s": Step(
                        slug="s",
                        number="9.1",
                        label=words,
                        responsible="agent",
                        checks={"c": Check(slug="c", label=words)},
                        description=words,
                    )
                },
                rules={"r": Point(slug="r", label=words, description=words)},
            )
        },
        clocks={"k": Clock(id="k", label=words, calendar=None, start=ClockEdge(status=status))},
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_a_practice_says_becomes_markup(practice: Practice, edition: Edition, read: Any, language: str) -> None:
    evil = replace(edition, client=HOSTILE, author=HOSTILE, environment=HOSTILE, version=HOSTILE)
    text = as_html(book(hostile(practice), evil, language))
    page = read(text)  # closes every element it opens
    assert not {"script", "iframe"} & {tag for tag, _ in page.elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert all(str(attributes["href"]).startswith("#") for tag, attributes in page.elements if tag == "a")
    assert "<script>alert(1)</script>" in page.text  # it is said, as text
    assert "\x00" not in text
    assert "\u202e" not in text
    style = text[text.index("<style>") : text.index("</style>")]
    assert "<" not in style.removeprefix("<style>")


@pytest.mark.parametrize("language", LANGUAGES)
def test_markdown_tables_stay_tables_whatever_a_practice_says(practice: Practice, edition: Edition, language: str) -> None:
    text = as_markdown(book(hostile(practice), replace(edition, client=HOSTILE), language))
    lines = text.split("\n")
    heads = [place for place, line in enumerate(lines) if re.fullmatch(r"\|(:?-+:?\|)+", line)]
    assert heads
    for place in heads:
        columns = lines[place].count("|")
        end = place
        while lines[end].startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", lines[end])) == columns, lines[end]
            end += 1
    assert "<script" not in text
    assert not re.search(r"(?<!\\)\]\(javascript", text)
    assert "# no heading" not in [line.strip() for line in lines]


# --------------------------------------------------------------------------------------------------------- what is said
def tables(section: Section | None) -> list[Table]:
    return [] if section is None else [block for one in section.walk() for block in one.blocks if isinstance(block, Table)]


def flat(table: Table) -> list[list[str]]:
    return [[one.group] if one.group else [" / ".join((*cell.lines, *cell.notes)) for cell in one.cells] for one in table.rows]


def test_goals_by_priority_are_what_the_rules_answer(practice: Practice) -> None:
    """The table a client reads is held against the rules, tried one by one."""
    voice = Voice(practice, "en")
    found = 0
    for level in practice.service_levels.values():
        section = levels.chapter(Voice(replace(practice, service_levels={level.id: level}), "en"))
        by_priority = next((table for table in tables(section) if table.heads[0] == voice.field("priority")), None)
        if by_priority is None:
            continue
        streams: list[str] = []
        for line in flat(by_priority):
            if len(line) == 1:
                streams = line[0].partition(": ")[2].split(", ")
                continue
            for slug in practice.fields[FieldId("priority")].choices:
                if line[0] not in (voice.value("priority", slug), "any priority"):
                    continue
                for stream in practice.fields[FieldId("stream")].choices:
                    if streams and voice.value("stream", stream) not in streams:
                        continue
                    for clock, said in zip(level.goals, line[1:], strict=True):
                        values = {FieldId("priority"): slug, FieldId("stream"): stream}
                        goal = next((one for one in level.goals[clock] if holds(one.when, values)), None)
                        expected = "nothing is promised" if goal is None or goal.goal is None else voice.span(goal.goal)
                        assert said == expected, (level.id, slug, stream, clock)
                        found += 1
    assert found > 0


def test_a_rule_that_looks_at_more_than_priority_makes_no_table_that_would_say_less(practice: Practice) -> None:
    level = ServiceLevel(
        id="x",
        label={"en": "X"},
        goals={
            "resolution": (
                Goal(
                    slug="a",
                    order=1,
                    goal=timedelta(hours=1),
                    when={"all": [{"priority": {"eq": "p1"}}, {"channel": {"eq": "phone"}}]},
                ),
            )
        },
    )
    section = levels.chapter(Voice(replace(practice, service_levels={"x": level}), "en"))
    assert [table.heads[0] for table in tables(section)] == ["Rule"]


def test_the_matrix_is_a_matrix(practice: Practice, edition: Edition) -> None:
    matrix = PriorityMatrix(
        id="m",
        label={"en": "M"},
        impact=FieldId("impact"),
        urgency=FieldId("urgency"),
        sets=FieldId("priority"),
        matrix={"low": {"low": "p4", "high": "p3"}, "high": {"high": "p1", "low": "p3"}},
    )
    made = book(replace(practice, priority_matrices={"m": matrix}), edition, "en")
    chapter = next(one for one in made.chapters if one.key == "priority")
    table = tables(chapter)[0]
    said = Voice(practice, "en")
    # in the order of the fields' choices, not of the file
    assert list(table.heads[1:]) == [said.value("urgency", "high"), said.value("urgency", "low")]
    assert flat(table) == [
        [said.value("impact", "high"), said.value("priority", "p1"), said.value("priority", "p3")],
        [said.value("impact", "low"), said.value("priority", "p3"), said.value("priority", "p4")],
    ]


DAY = ((time(9), time(12)), (time(13), time(18)))


@pytest.mark.parametrize(
    ("week", "en", "zh"),
    [
        # days in a row with the same hours are one line
        (
            dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), DAY),
            ["Monday to Friday 09:00-12:00, 13:00-18:00"],
            ["周一至周五 09:00-12:00、13:00-18:00"],
        ),
        # a short Saturday is a line of its own; a day without hours is not named
        (
            {"mon": DAY, "sat": ((time(9), time(12)),)},
            ["Monday 09:00-12:00, 13:00-18:00", "Saturday 09:00-12:00"],
            ["周一 09:00-12:00、13:00-18:00", "周六 09:00-12:00"],
        ),
        # round the clock
        (
            dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ((time(0), None),)),
            ["Every day round the clock"],
            ["每天 全天"],
        ),
        # until midnight is not round the clock
        ({"sun": ((time(18), None),)}, ["Sunday 18:00-24:00"], ["周日 18:00-24:00"]),
    ],
)
def test_a_week_in_words(practice: Practice, week: Any, en: list[str], zh: list[str]) -> None:
    version = CalendarVersion(since=date(2026, 1, 1), week=week)
    assert hours.week(Voice(practice, "en"), version) == en
    assert hours.week(Voice(practice, "zh"), version) == zh


def test_days_off_stand_compactly_and_as_the_holidays_say(practice: Practice, edition: Edition) -> None:
    chapter = hours.chapter(Voice(practice, "zh"), edition)
    lines = {line[0]: line for line in flat(tables(chapter)[1])}
    assert list(lines) == ["2025", "2026"]  # last year and what is known from then on
    assert lines["2026"][1].startswith("1月1-3日、2月15-23日、4月4-6日")
    assert "2月14日（按周五上班）" in lines["2026"][2]


def metric(**more: Any) -> Metric:
    told: dict[str, Any] = {
        "id": "m", "label": {}, "factor": None, "judges": None, "satisfies": (), "period_by": FieldId("submitted_at"), "every": "month",
        "by": (), "where": None, "unit": "ratio", "target": None,
    }  # fmt: skip
    return Metric(**(told | more))


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        ({"count": {}}, "Number of inquiries", "问询数量"),
        ({"average": "resolution"}, "Average of Resolution", "解决时长的平均值"),
        ({"ratio": {"of": {"sum": "waiting"}, "over": {"sum": "resolution"}}}, "Sum of Waiting, divided by sum of Resolution",
         "工单等待时长之和 ÷ 解决时长之和"),
        ({"percentile": {"of": "resolution", "p": 0.9}}, "Value of Resolution that 90 % of inquiries do not exceed",
         "90 % 的问询不超过的解决时长"),
        ({"fulfilled": "every"}, "Share of inquiries that fulfil every criterion", "符合全部标准的问询占比"),
        ({"fulfilled": "each"}, "Share of criteria fulfilled, over all inquiries", "全部问询的各项标准中符合的占比"),
        ({"composite": {"waiting_share": 0.5}}, "Weighted sum of Waiting share by 0.5", "加权合计：平均等待时长×0.5"),
        ({"backlog": {}}, "Number of inquiries open at the end of the period", "周期结束时未结束的问询数量"),
        ({"backlog": {"where": {"channel": {"eq": "phone"}}}}, "Number of inquiries open at the end of the period for which: Channel is Phone",
         "周期结束时未结束且符合条件的问询数量（渠道为电话）"),
        ({"derived": {"divide": [{"subtract": ["waiting_share", {"previous": "waiting_share"}]}, 2]}},
         "(Waiting share - Waiting share of the period before) ÷ 2", "(平均等待时长 - 上期平均等待时长) ÷ 2"),
        # a figure this handbook does not know yet is named as it is written, never left out
        ({"median": "x"}, "Median", "median"),
    ],
)  # fmt: skip
def test_a_figure_in_words(practice: Practice, value: Any, en: str, zh: str) -> None:
    assert computed(Voice(practice, "en"), metric(value=value)) == en
    assert computed(Voice(practice, "zh"), metric(value=value)).lower() == zh


def test_the_words_of_the_file_come_first_and_criteria_stand_below(practice: Practice) -> None:
    one = metric(
        value={"fulfilled": "every"},
        formula={"en": "As agreed", "zh": "按约定"},
        criteria={
            "quick": Criterion(slug="quick", label={"en": "Quick"}, where={"first_response": {"met": True}}, trait="timeliness")
        },
    )
    section = metrics.chapter(Voice(replace(practice, metrics={"m": one}), "en"))
    figures, criteria = tables(section)
    assert flat(figures)[0][1].startswith("As agreed / ")
    assert flat(criteria) == [["m"], ["Quick", "timeliness", "First response met its goal"]]


@pytest.mark.parametrize(
    ("language", "target", "broken"),
    [
        (
            "en",
            "lower is better / critical from 1 hour up: Service desk manager should know / warning over 30 minutes",
            "Channel, Value stream / Totals: by Channel, of all.",
        ),
        ("zh", "越低越好 / 不小于 1小时为严重，应告知服务台经理 / 大于 30分钟为警告", "渠道、价值流 / 合计：按渠道、总计。"),
    ],
)
def test_thresholds_and_totals_in_words(practice: Practice, language: str, target: str, broken: str) -> None:
    one = metric(
        value={"average": "resolution"}, unit="duration", target=MetricTarget(better="lower"), by=("channel", "stream"),
        totals=(("channel",), ()),
        thresholds=(
            Threshold(operator="gte", value=3600, level="critical", notify="manager"),
            Threshold(operator="gt", value=1800, level="warning"),
        ),
    )  # fmt: skip
    (figures,) = tables(metrics.chapter(Voice(replace(practice, metrics={"m": one}), language)))
    assert flat(figures)[0][4:6] == [target, broken]


@pytest.mark.parametrize(
    ("text", "en"),
    [
        # a field of the inquiry by its label, whatever format it is set in
        ("{number}: {submitted_at|datetime}", "{Number}: {Registered at}"),
        # what the occasion carries by a word of its own
        ("confirm until {confirm_by|datetime}", "confirm until {confirm by}"),
        # no placeholder, no change
        ("braces { } and {not a name}", "braces { } and {not a name}"),
    ],
)
def test_placeholders_are_said_as_a_reader_knows_them(practice: Practice, text: str, en: str) -> None:
    assert messages.spoken(Voice(practice, "en"), text, "resolved") == en


def test_every_word_an_occasion_carries_is_said_in_both_languages() -> None:
    from deskweave.model import OCCASIONS

    carried = {name for kind in OCCASIONS.values() for name in kind.data}
    assert carried - set(messages._CARRIED) == set()

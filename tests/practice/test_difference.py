"""What differs between two practices: every change is found, told as people say it in both languages, and nothing else is."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave import model
from deskweave.cli.difference import Teller
from deskweave.cli.difference_names import ASPECTS as NAMES
from deskweave.cli.difference_names import NOUNS
from deskweave.cli.difference_sentences import SENTENCES
from deskweave.cli.difference_words import WORDS
from deskweave.documents import read
from deskweave.practice import Practice, builtin, compose
from deskweave.practice.difference import Change, Effect, Touches, compare
from deskweave.practice.difference.aspects import ASPECTS, NOT_COMPARED

HEAD = """apiVersion: deskweave/v1
kind: Practice
id: acme
version: 2026.11.1
label: {en: ACME, zh: 艾克米}
languages: [en, zh]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""


@lru_cache(maxsize=64)
def practice(more: str = "") -> Practice:
    return compose(read(HEAD + (f"---\n{more}" if more else ""), "acme.yaml"))


def told(old: Practice, new: Practice, language: str) -> list[str]:
    teller = Teller(old, new, language)
    return [teller.sentence(change) for change in compare(old, new).changes]


PLAIN = practice()

#: a document laid over the built-in practice -> what a service manager reads, whom it touches, what it does to a running desk
CHANGES: list[tuple[str, str, str, Touches, Effect]] = [
    # clocks: the goal, said with the hours it counts
    (
        "kind: Clock\nid: first_response\ngoal: PT10M",
        "First response must now come within 10 minutes instead of 5 minutes (working time, calendar Five days by eight hours)",
        "首次响应时长目标由5分钟改为10分钟（按5x8工作时间）",
        Touches.CLOCKS,
        Effect.REJUDGES,
    ),
    (
        "kind: Clock\nid: resolution\ngoal: PT8H",
        "Resolution must now come within 8 hours (working time, calendar Five days by eight hours)",
        "解决时长新增目标：8小时（按5x8工作时间）",
        Touches.CLOCKS,
        Effect.REJUDGES,
    ),
    (
        "kind: Clock\nid: first_response\ncalendar: always",
        "First response now counts Every day round the clock hours instead of Five days by eight hours",
        "首次响应时长改按7x24计时，原为5x8",
        Touches.CLOCKS,
        Effect.REJUDGES,
    ),
    # people: a mandatory field, said with the moment
    (
        "kind: Fields\nid: inquiry\nfields: {cost_center: {label: {en: Cost centre, zh: 成本中心}, type: text, writers: [agent], required: {entering: closed}}}",
        "New field: Cost centre (mandatory when closing, written by Service desk agent)",
        "新增字段：成本中心（关闭时必填、由服务台座席填写）",
        Touches.PEOPLE,
        Effect.HARMLESS,
    ),
    (
        "kind: Fields\nid: inquiry\nfields: {user_scenario: {required: {entering: in_progress}}}",
        "New mandatory field on entering In progress: User scenario",
        "进入“处理中”时新增必填字段：用户场景",
        Touches.PEOPLE,
        Effect.HARMLESS,
    ),
    (
        "kind: Fields\nid: inquiry\nremove: [fields/user_scenario]",
        "Field User scenario is gone",
        "移除字段：用户场景",
        Touches.PEOPLE,
        Effect.STRANDS,
    ),
    # who may do what
    (
        "kind: StatusModel\nid: inquiry\ntransitions: {reopen: {by: [agent]}}",
        "Reopen (from Closed to In progress) may no longer be done by User",
        "重新打开（从已关闭到处理中）不再可由用户操作",
        Touches.PEOPLE,
        Effect.HARMLESS,
    ),
    (
        "kind: StatusModel\nid: inquiry\nstatuses: {resolved: {counts_as_waiting: false}}",
        "Time in Resolved no longer counts as waiting",
        "已解决的时间不再计入等待",
        Touches.CLOCKS,
        Effect.REJUDGES,
    ),
    # figures: a condition in words
    (
        "kind: Metric\nid: first_response_on_time\nwhere: {stream: {in: [incident, problem]}}",
        "First response on time counts only where Value stream is one of Incident, Problem",
        "首次响应达标率改为仅计入价值流为事件、问题之一的",
        Touches.FIGURES,
        Effect.REJUDGES,
    ),
    (
        "kind: Metric\nid: first_response_on_time\njudges: manager",
        "First response on time now judges Service desk manager instead of Service desk agent",
        "首次响应达标率的考核对象由服务台座席改为服务台经理",
        Touches.FIGURES,
        Effect.HARMLESS,
    ),
    (
        "kind: Metric\nid: average_response_time\n"
        "thresholds: [{when: {gte: PT1H}, level: critical, notify: manager}, {when: {gt: PT30M}, level: warning}]",
        "Average response time has thresholds now: critical from 1 hour up, Service desk manager to be told; warning over 30 minutes",
        "平均响应时间新增阈值：不小于1小时为严重，应告知服务台经理；大于30分钟为警告",
        Touches.FIGURES,
        Effect.HARMLESS,
    ),
    (
        "kind: Metric\nid: inquiries_registered\nperiod: {fill_empty: none}",
        "Key figure Inquiries registered, what a count is without any row: now none instead of 0",
        "指标“工单总数”的无数据行时的计数由0改为无",
        Touches.FIGURES,
        Effect.REJUDGES,
    ),
    # a choice that came, in the field it belongs to
    (
        "kind: Fields\nid: inquiry\nfields: {problem_category: {choices: {network: {label: {en: Network, zh: 网络}}}}}",
        "New choice of Problem category: Network",
        "问题分类新增选项：网络",
        Touches.PEOPLE,
        Effect.HARMLESS,
    ),
    # words only
    (
        "kind: Fields\nid: inquiry\nfields: {user_scenario: {label: {en: Story, zh: 场景}}}",
        "Field User scenario is now called Story",
        "字段“用户场景”改称“场景”",
        Touches.WORDS,
        Effect.HARMLESS,
    ),
    # a name that only the other language sees
    (
        "kind: Fields\nid: inquiry\nfields: {user_scenario: {label: {zh: 场景}}}",
        "Field User scenario is called otherwise in: zh",
        "字段“用户场景”改称“场景”",
        Touches.WORDS,
        Effect.HARMLESS,
    ),
    (
        "kind: Holidays\nid: cn_statutory\ncoverage: {to: 2027-12-31}\nyears: {2027: {revision: 2026-11-10, off: [2027-01-01]}}",
        "Statutory holidays of mainland China: days are now known until 31 December 2027 instead of 31 December 2026",
        "中国法定节假日：已知日期由2026年12月31日延至2027年12月31日",
        Touches.CLOCKS,
        Effect.REJUDGES,
    ),
    (
        "kind: Calendar\nid: always\nversions:\n  - {from: 2016-01-01, week: {mon: &d [['08:00', '20:00']], tue: *d, wed: *d, thu: *d, fri: *d}}",
        "Every day round the clock: from 1 January 2016 on working hours are Monday to Friday 08:00-20:00 instead of Monday to Sunday "
        "00:00-24:00",
        "7x24：自2016年1月1日起工作时间为周一至周五 08:00-20:00，原为周一至周日 00:00-24:00",
        Touches.CLOCKS,
        Effect.REJUDGES,
    ),
]


@pytest.mark.parametrize(("document", "english", "chinese", "touches", "effect"), CHANGES)
def test_a_change_in_words(document: str, english: str, chinese: str, touches: Touches, effect: Effect) -> None:
    new = practice(document)
    assert english in told(PLAIN, new, "en")
    assert chinese in told(PLAIN, new, "zh")
    change = next(one for one in compare(PLAIN, new).changes if Teller(PLAIN, new, "en").sentence(one) == english)
    assert (change.touches, change.effect) == (touches, effect)


@pytest.mark.parametrize("document", [row[0] for row in CHANGES])
def test_every_change_can_be_shown_with_its_line(document: str) -> None:
    for change in compare(PLAIN, practice(document)).changes:
        assert change.place is not None
        assert change.place.source == "acme.yaml" or change.sort == "removed"
        assert change.place.line is not None


@pytest.mark.parametrize("document", ["", *(row[0] for row in CHANGES)])
def test_a_practice_does_not_differ_from_itself(document: str) -> None:
    assert not compare(practice(document), practice(document))


@pytest.mark.parametrize("document", [row[0] for row in CHANGES])
def test_looked_at_from_the_other_side_what_came_has_gone(document: str) -> None:
    assert turned(compare(PLAIN, practice(document)).changes) == straight(compare(practice(document), PLAIN).changes)


def straight(changes: tuple[Change, ...]) -> set[tuple[Any, ...]]:
    return {(one.key, one.slug if one.sort != "renamed" else "", one.within, one.sort) for one in changes}


def turned(changes: tuple[Change, ...]) -> set[tuple[Any, ...]]:
    other = {"added": "removed", "removed": "added"}
    return {(one.key, one.slug if one.sort != "renamed" else "", one.within, other.get(one.sort, one.sort)) for one in changes}


# --------------------------------------------------------------------------------------------------------------- renames
RENAMED_STATUS = """kind: StatusModel
id: inquiry
statuses: {waiting_for_user: {was: [waiting_on_user]}}
transitions:
  ask_user: {to: waiting_for_user}
  user_answers: {from: [waiting_for_user]}
  resolve: {from: [in_progress, waiting_for_user, waiting_on_third_party]}
  cancel: {from: [awaiting_acceptance, in_progress, waiting_for_user, waiting_on_third_party]}
"""


def test_a_rename_is_one_change_and_what_refers_to_it_is_none() -> None:
    (change,) = compare(PLAIN, practice(RENAMED_STATUS)).changes
    assert (change.key, change.sort, change.slug, change.old) == ("status", "renamed", "waiting_for_user", "waiting_on_user")
    assert change.held == (("status", "waiting_on_user"),)
    assert change.effect is Effect.HARMLESS


def test_going_back_is_the_same_rename_the_other_way_round() -> None:
    (change,) = compare(practice(RENAMED_STATUS), PLAIN).changes
    assert (change.sort, change.slug, change.old) == ("renamed", "waiting_on_user", "waiting_for_user")
    assert change.effect is Effect.STRANDS  # the earlier practice does not know the later word, so it has to be told


def test_a_removed_choice_strands_unless_another_takes_its_place() -> None:
    gone = "kind: Fields\nid: inquiry\nremove: [fields/problem_category/choices/hardware]\n"
    (change,) = compare(PLAIN, practice(gone)).changes
    assert (change.sort, change.effect, change.held) == ("removed", Effect.STRANDS, (("problem_category", "hardware"),))
    (change,) = compare(PLAIN, practice(gone + "fields: {problem_category: {becomes: {hardware: other}}}")).changes
    assert (change.sort, change.effect, change.new) == ("removed", Effect.HARMLESS, "other")


def test_sub_totals_and_roles_follow_what_was_renamed() -> None:
    said = (
        "kind: Metric\nid: inquiries_registered\nby: [{field}, channel]\ntotals: [[{field}], []]\n"
        "thresholds: [{{when: {{gt: 9}}, level: info, notify: {role}}}]\n"
    )
    renamed = "---\nkind: Fields\nid: inquiry\nfields: {story: {was: [user_scenario]}}\n"
    old = practice(said.format(field="user_scenario", role="manager"))
    changes = compare(old, practice(said.format(field="story", role="manager") + renamed)).changes
    assert [(one.key, one.sort) for one in changes] == [("field", "renamed")]
    assert "Key figure Inquiries registered, sub-totals: now by User scenario, of all" in told(PLAIN, old, "en")
    assert "指标“工单总数”的小计现为按用户场景、总计" in told(PLAIN, old, "zh")


# ------------------------------------------------------------------------------------------------------------ long lists
def test_long_lists_are_summed_up() -> None:
    choices = ", ".join(f"c{number}: {{label: {{en: Choice {number}, zh: 选项{number}}}}}" for number in range(37))
    new = practice(f"kind: Fields\nid: inquiry\nfields: {{problem_category: {{choices: {{{choices}}}}}}}")
    difference = compare(PLAIN, new)
    (lines,) = Teller(PLAIN, new, "en").lines(difference).values()
    assert [line.text for line in lines] == [
        "37 new choices of Problem category: Choice 0, Choice 1, Choice 2, Choice 3, Choice 4 and 32 more"
    ]
    assert len(lines[0].changes) == 37
    (lines,) = Teller(PLAIN, new, "zh").lines(difference).values()
    assert [line.text for line in lines] == ["问题分类新增 37 个选项：选项0、选项1、选项2、选项3、选项4，另有 32 项"]
    (lines,) = Teller(PLAIN, new, "en").lines(difference, every=True).values()
    assert len(lines) == 37


# -------------------------------------------------------------------------------------------------------- nothing is left out
KINDS: dict[str, Any] = {
    "field": model.Field,
    "choice": model.Choice,
    "status": model.Status,
    "transition": model.Transition,
    "status_model": model.StatusModel,
    "confirmation": model.Confirmation,
    "stale": model.Stale,
    "item": model.CatalogItem,
    "rating": model.Rating,
    "survey": model.Survey,
    "channel": model.Channel,
    "delivery": model.DeliveryRule,
    "template": model.Template,
    "role": model.Role,
    "tier": model.Tier,
    "skill": model.Skill,
    "group": model.Group,
    "assignment": model.AssignmentRule,
    "escalation": model.EscalationRule,
    "desk": model.Desk,
    "site": model.Site,
    "shift": model.Shift,
    "process": model.Process,
    "step": model.Step,
    "check": model.Check,
    "candidate": model.Candidate,
    "matrix": model.PriorityMatrix,
    "rise": model.PriorityRise,
    "calendar": model.Calendar,
    "holidays": model.Holidays,
    "clock": model.Clock,
    "service_level": model.ServiceLevel,
    "goal": model.Goal,
    "metric": model.Metric,
    "criterion": model.Criterion,
    "term": model.Term,
}


@pytest.mark.parametrize("subject", KINDS)
def test_every_attribute_of_every_kind_is_compared_or_named_as_not(subject: str) -> None:
    attributes = set(get_type_hints(KINDS[subject])) & {one.name for one in dataclasses.fields(KINDS[subject])}
    known = {aspect.name for aspect in ASPECTS[subject]} | NOT_COMPARED["*"] | NOT_COMPARED.get(subject, frozenset())
    assert attributes <= known


def test_every_word_is_there_in_both_languages_and_in_gbk() -> None:
    for table in (NOUNS, NAMES, SENTENCES, WORDS):
        assert table["en"].keys() == table["zh"].keys()
    for language in ("en", "zh"):
        assert ASPECTS.keys() <= NOUNS[language].keys()
        for subject, aspects in ASPECTS.items():
            for aspect in aspects:
                key = f"{subject}.{aspect.name}"
                assert (
                    key in NAMES[language]
                    or aspect.name in NAMES[language]
                    or any(one.startswith(key) for one in SENTENCES[language])
                ), key
        for text in (*NAMES[language].values(), *SENTENCES[language].values(), *WORDS[language].values()):
            text.encode("gbk")


# ------------------------------------------------------------------------------------------------------------- properties
FRAGMENTS = ["", RENAMED_STATUS, *(row[0] for row in CHANGES)]


@settings(max_examples=25)
@given(st.sampled_from(FRAGMENTS), st.sampled_from(FRAGMENTS))
def test_any_two_practices_compare_the_same_from_both_sides_and_can_be_said(one: str, other: str) -> None:
    old, new = practice(one), practice(other)
    assert turned(compare(old, new).changes) == straight(compare(new, old).changes)
    assert bool(compare(old, new)) is (one != other)
    for language in ("en", "zh"):
        for sentence in told(old, new, language):
            assert "{" not in sentence
            assert "None" not in sentence
            sentence.encode("gbk")


def test_the_whole_of_a_practice_can_be_said_as_new_and_as_gone() -> None:
    """Every kind of thing of the built-in pack, against a practice that has nearly none of them."""
    bare = compose(read(BARE, "bare.yaml"))
    for old, new in ((bare, builtin()), (builtin(), bare)):
        difference = compare(old, new)
        assert len(difference.changes) > 100
        for language in ("en", "zh"):
            for sentence in told(old, new, language):
                assert "{" not in sentence.replace("{number}", "")
                sentence.encode("gbk")


BARE = """apiVersion: deskweave/v1
kind: Practice
id: bare
version: 1.0.0
label: {en: Bare}
languages: [en]
zone: UTC
---
kind: StatusModel
id: inquiry
initial: begun
statuses: {begun: {label: {en: Begun}, phase: new}}
transitions: {}
"""


def things() -> dict[str, dict[str, Any]]:
    """Every kind of thing the built-in practice has, with what it belongs to."""
    p = builtin()
    level = next(iter(p.service_levels.values()))
    clock = next(iter(level.goals))
    process = next(iter(p.processes.values()))
    return {
        "field": {str(slug): field for slug, field in p.fields.items()},
        "status": dict(p.statuses.statuses),
        "transition": dict(p.statuses.transitions),
        "item": dict(p.catalog),
        "survey": dict(p.surveys),
        "channel": dict(p.channels),
        "delivery": {one.slug: one for one in p.delivery},
        "template": dict(p.templates),
        "tier": dict(p.routing.tiers),
        "group": dict(p.routing.groups),
        "assignment": {one.slug: one for one in p.routing.assignment},
        "escalation": dict(p.routing.escalations),
        "desk": dict(p.desks),
        "process": dict(p.processes),
        f"step/{process.id}": dict(process.steps),
        f"candidate/{process.id}": dict(process.candidates),
        "matrix": dict(p.priority_matrices),
        "calendar": dict(p.calendars),
        "holidays": dict(p.holidays),
        "clock": dict(p.clocks),
        "service_level": dict(p.service_levels),
        f"goal/{level.id}/{clock}": {one.slug: one for one in level.goals[clock]},
        "metric": dict(p.metrics),
        "term": dict(p.glossary),
    }


@pytest.mark.parametrize("kind", [kind for kind, found in things().items() if found])
def test_every_aspect_of_everything_can_be_said(kind: str) -> None:
    """Each value there is, as one that came, went, or took the place of the next thing's."""
    subject, *within = kind.split("/")
    found = list(things()[kind].items())
    for (slug, one), (_, other) in zip(found, [*found[1:], found[0]], strict=True):
        for aspect in ASPECTS[subject]:
            values = [getattr(thing, aspect.name, None) or None for thing in (one, other)]
            for old, new in ((None, values[0]), (values[0], None), (values[0], values[1])):
                if old == new:
                    continue
                change = Change(
                    subject=subject, slug=slug, sort="changed", touches=aspect.touches, effect=aspect.effect, path=("X",),
                    within=tuple(within), aspect=aspect.name, old=old, new=new, says=aspect.says,
                )  # fmt: skip
                for language in ("en", "zh"):
                    sentence = Teller(builtin(), builtin(), language).sentence(change)
                    assert sentence
                    assert "None" not in sentence
                    assert "=" not in sentence
                    assert "{" not in sentence.replace("{number}", "")
                    sentence.encode("gbk")

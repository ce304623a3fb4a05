"""Conditions and spans of time are said as people say them, in both languages, and in characters a GBK terminal can show."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.practice import builtin
from deskweave.practice.wording import say_date, say_duration, say_list, say_predicate, say_value

CONDITIONS: list[tuple[dict[str, Any] | None, str, str]] = [
    (None, "always", "总是"),
    ({"stream": {"eq": "incident"}}, "Value stream is Incident", "价值流为事件"),
    # one value in a list reads like one value
    ({"stream": {"in": ["incident"]}}, "Value stream is Incident", "价值流为事件"),
    ({"stream": {"not_in": ["incident", "problem"]}}, "Value stream is none of Incident, Problem", "价值流不属于事件、问题"),
    ({"first_response": {"met": False}}, "First response missed its goal", "首次响应时长未达标"),
    # a clock is compared with a span of time, in seconds or as files write it
    ({"first_response": {"lte": 300}}, "First response is at most 5 minutes", "首次响应时长不超过 5分钟"),
    ({"resolution": {"gt": "PT1H30M"}}, "Resolution is more than 1 hour 30 minutes", "解决时长超过 1小时30分钟"),
    ({"title": {"present": True}}, "Subject is known", "标题已知"),
    ({"not": {"title": {"present": True}}}, "not (Subject is known)", "非（标题已知）"),
    ({"phase": {"eq": "closed"}}, "Phase is closed", "阶段为已关闭"),
    # what nobody labelled is said as it stands
    ({"grade": {"gte": 7}}, "grade is at least 7", "grade不小于 7"),
    # "and" inside "or" is set apart
    (
        {"any": [{"all": [{"stream": {"eq": "incident"}}, {"title": {"present": True}}]}, {"all": [{"phase": {"eq": "new"}}]}]},
        "(Value stream is Incident and Subject is known) or Phase is new",
        "（价值流为事件且标题已知）或阶段为新建",
    ),
]


@pytest.mark.parametrize(("tree", "english", "chinese"), CONDITIONS)
def test_condition_in_words(tree: dict[str, Any] | None, english: str, chinese: str) -> None:
    assert say_predicate(tree, builtin(), "en") == english
    assert say_predicate(tree, builtin(), "zh") == chinese
    chinese.encode("gbk")


@pytest.mark.parametrize(
    ("span", "days", "english", "chinese"),
    [
        (timedelta(minutes=5), False, "5 minutes", "5分钟"),
        (timedelta(hours=1), False, "1 hour", "1小时"),
        # working time has no days: a day of a 5x8 desk is eight hours
        (timedelta(hours=24), False, "24 hours", "24小时"),
        (timedelta(days=30), True, "30 days", "30天"),
        (timedelta(hours=1, minutes=30, seconds=1), False, "1 hour 30 minutes 1 second", "1小时30分钟1秒"),
        (timedelta(0), False, "0 minutes", "0分钟"),
        (90, False, "1 minute 30 seconds", "1分钟30秒"),
    ],
)
def test_duration_in_words(span: timedelta | float, days: bool, english: str, chinese: str) -> None:
    assert say_duration(span, "en", days=days) == english
    assert say_duration(span, "zh", days=days) == chinese


def test_list_and_date_in_words() -> None:
    assert say_list(["a", "b", "c"], "en", last="and") == "a, b and c"
    assert say_list(["甲", "乙"], "zh", last="and") == "甲和乙"
    assert say_date(date(2026, 11, 4), "en") == "4 November 2026"
    assert say_date(date(2026, 11, 4), "zh") == "2026年11月4日"
    assert say_value("service_item", "os_level_failure", builtin(), "zh") == "操作系统级别故障处理"


_leaf = st.one_of(
    st.builds(lambda op, want: {"stream": {op: want}}, st.sampled_from(("eq", "ne")), st.sampled_from(("incident", "nobody"))),
    st.builds(lambda want: {"service_item": {"in": want}}, st.lists(st.sampled_from(("os_level_failure", "x")), min_size=1)),
    st.builds(lambda want: {"title": {"present": want}}, st.booleans()),
    st.builds(lambda op, want: {"resolution": {op: want}}, st.sampled_from(("lt", "lte", "gt", "gte")), st.integers(0, 10**6)),
)
_trees: st.SearchStrategy[Any] = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.builds(lambda key, parts: {key: parts}, st.sampled_from(("all", "any")), st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)


@given(_trees)
def test_every_condition_of_the_grammar_can_be_said(tree: Any) -> None:
    for language in ("en", "zh"):
        said = say_predicate(tree, builtin(), language)
        assert said
        said.encode("gbk")

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.cli.exits import Exit, worst
from deskweave.cli.options import Misused, take_common


@pytest.mark.parametrize(
    ("arguments", "attribute", "value", "rest"),
    [
        (["sync", "--env", "test"], "environment", "test", ["sync"]),
        (["--env=test", "sync", "--plan"], "environment", "test", ["sync", "--plan"]),
        (["kpi", "--json"], "format", "json", ["kpi"]),
        (["kpi", "--csv"], "format", "csv", ["kpi"]),
        (["kpi", "--csv=raw"], "format", "csv-raw", ["kpi"]),
        (["kpi", "--format", "md"], "format", "md", ["kpi"]),
        (["check", "-vv"], "verbose", 2, ["check"]),
        (["check", "-v", "-v"], "verbose", 2, ["check"]),
        (["check", "--quiet"], "quiet", True, ["check"]),
        (["show", "--", "--json"], "format", "text", ["show", "--", "--json"]),  # after -- everything is the command's
        (["-C", "x", "status"], "folder.name", "x", ["status"]),
    ],
)
def test_common_options_stand_anywhere(arguments: list[str], attribute: str, value: object, rest: list[str]) -> None:
    options, found = take_common(arguments)
    for part in attribute.split("."):
        options = getattr(options, part)
    assert (options, found) == (value, rest)


@pytest.mark.parametrize(
    "arguments", [["kpi", "--env"], ["kpi", "--format", "xml"], ["kpi", "--csv=excel"], ["--lang", "de"], ["--color", "yes"]]
)
def test_misused_common_options(arguments: list[str]) -> None:
    with pytest.raises(Misused):
        take_common(arguments)


def test_one_before_five_before_three_before_four() -> None:
    order = [Exit.FAILED, Exit.STOPPED, Exit.PERSON, Exit.DIFFERENT, Exit.DONE]
    for left, right in itertools.combinations(order, 2):
        assert worst([left, right]) == worst([right, left]) == left
    assert worst([]) == Exit.DONE


@given(st.lists(st.sampled_from(list(Exit)), min_size=1))
def test_the_worst_is_one_of_them(codes: list[Exit]) -> None:
    assert worst(codes) in codes
    assert worst([*codes, worst(codes)]) == worst(codes)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.cli.screen import painted, table_lines
from deskweave.cli.width import cut, pad, plain, width, wrap

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), max_size=300)
MIXED = st.lists(
    st.sampled_from(["deskweave", "服务台", "首次响应达标率", " ", "  ", "a", "，", "INC0010042", "x" * 90, "é"]), max_size=40
).map("".join)


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("服务台", 6), ("a服b", 4), ("e\u0301", 1), ("", 0), ("（）", 4)])
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


@given(st.one_of(TEXT, MIXED), st.integers(20, 80), st.one_of(st.none(), st.integers(0, 12)))
def test_wrapped_lines_fit_and_lose_nothing_but_blanks(text: str, columns: int, hang: int | None) -> None:
    lines = wrap(text, columns, hang)
    assert all(width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wrapping_hangs_and_keeps_punctuation_with_its_word() -> None:
    assert wrap("  a bb ccc", 8, 4) == ["  a bb", "    ccc"]
    assert all(not line.strip().startswith("，") for line in wrap("服务台，" * 30, 21))
    assert all(not line.endswith("（") for columns in range(20, 40) for line in wrap("服务台（unknown-role）" * 30, columns))


@given(TEXT, st.integers(4, 40))
def test_cut_fits(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


@given(st.lists(st.lists(st.one_of(TEXT, MIXED), max_size=6), max_size=8), st.integers(0, 8), st.sampled_from(["", "lrlr", "rrrr"]))
def test_tables_fit(rows: list[list[str]], indent: int, align: str) -> None:
    assert all(width(line) <= 80 for line in table_lines(rows, indent=indent, align=align))


def test_columns_stand_below_each_other_in_chinese() -> None:
    lines = table_lines([["工单总数", "4,212"], ["a", "1"]], align="lr")
    assert lines == ["工单总数  4,212", "a             1"]
    assert pad("工单", 6) == "工单  "
    assert pad("工单", 6, "right") == "  工单"


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x9b31m", "\r", "\u202e", "\u200b", "\x00", "\ufeff", "\u2028"])
def test_nothing_from_outside_moves_the_cursor(evil: str) -> None:
    assert plain(f"a{evil}b") in ("a b", "a [2Jb", "a 31mb")


def test_colour_only_repeats_a_word() -> None:
    line = "  MISS  read"
    shown = painted(line)
    assert shown != line
    assert shown.replace("\x1b[31m", "").replace("\x1b[0m", "") == line
    assert painted("nothing to see") == "nothing to see"
    assert painted("  deskweave sync --plan").startswith("  \x1b[36mdeskweave sync")

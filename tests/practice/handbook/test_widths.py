"""No table is wider than the page, and no column narrower than its words need while there is room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deskweave.practice.handbook.tree import Table, cell, row, table
from deskweave.practice.handbook.widths import ROOM, shares

TEXT = st.text(alphabet=st.sampled_from("abcdefgh -/_目标时长"), max_size=60)


@st.composite
def some_table(draw: st.DrawFn) -> Table:
    columns = draw(st.integers(1, 11))
    heads = draw(st.lists(TEXT, min_size=columns, max_size=columns))
    lines = draw(st.lists(st.lists(TEXT, min_size=columns, max_size=columns), min_size=1, max_size=6))
    centred = draw(st.sets(st.integers(0, columns - 1)))
    made = table(heads, [row(*line) for line in lines], keep=range(columns), centred=centred)
    assert made is not None
    return made


@given(some_table())
def test_columns_fill_the_page_exactly(made: Table) -> None:
    _, parts = shares(made)
    assert len(parts) == made.columns
    assert abs(sum(parts) - 100) < 0.05
    assert all(part > 0 for part in parts)


def test_a_long_text_does_not_squeeze_a_short_word() -> None:
    made = table(("No.", "Responsible", "What is done"), [row("900.1", "Service desk agent", "word " * 200)])
    assert made is not None
    density, parts = shares(made)
    room = ROOM[density]
    assert parts[0] * room / 100 > len("900.1")
    assert parts[1] * room / 100 > len("Responsible")
    assert parts[2] > 60


def test_chinese_counts_double() -> None:
    latin = table(("a", "b"), [row("x" * 10, cell("y" * 10))])
    chinese = table(("a", "b"), [row("问" * 10, cell("y" * 10))])
    assert latin is not None
    assert chinese is not None
    assert shares(chinese)[1][0] > shares(latin)[1][0]


def test_eight_columns_are_set_closely() -> None:
    made = table([f"h{n}" for n in range(8)], [row(*["x"] * 8)])
    assert made is not None
    assert shares(made)[0] == "dense"

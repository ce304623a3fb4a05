"""The built-in practice, and tables written as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from deskweave.documents import read
from deskweave.measure.logs import LogMapping, LogRow, LogTable, read_mapping
from deskweave.practice import Practice, builtin, compose

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
TOP = """apiVersion: deskweave/v1
kind: Practice
id: acme
version: '1'
label: {en: ACME, zh: 艾克米}
languages: [en, zh]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""


@pytest.fixture(scope="session")
def practice() -> Practice:
    assert builtin() is not None
    return compose(read(TOP, "practice.yaml"))


@pytest.fixture(scope="session")
def table() -> Callable[[str], LogTable]:
    """A table from text: cells parted by `|`, the first line names the columns."""

    def make(text: str, form: str = "table") -> LogTable:
        lines = [tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines()]
        rows = tuple(LogRow(number, cells) for number, cells in enumerate(lines[1:], 2))
        return LogTable(source="log.csv", form=form, columns=lines[0], rows=rows)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def mapping(practice: Practice) -> Callable[[str], LogMapping]:
    """A mapping from the body of its file."""

    def make(text: str) -> LogMapping:
        return read_mapping(read(f"apiVersion: deskweave/v1\nkind: Log\nid: tickets\n{text}", "logs/tickets.yaml")[0], practice)

    return make

"""A pytest plugin: which guarantees a connector holds, which it does not declare, and which it breaks.

It says a line for each suite at the end of a run, and with `--guarantees FILE` it writes a table to put into a README; a file whose
name ends in `.zh.md` is written in Chinese. It imports nothing of Deskweave until a suite was run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

PROPERTY: Final = "deskweave.guarantee"
HELD, ABSENT, BROKEN = "held", "not declared", "failed"


@dataclass(slots=True)
class Told:
    """What became of each guarantee of one suite, by collection: the state, and why."""

    connector: str
    found: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def tell(self, guarantee: str, collection: str, state: str, why: str) -> None:
        by = self.found.setdefault(guarantee, {})
        if by.get(collection, ("", ""))[0] != BROKEN:  # what broke in one phase is not mended by another
            by[collection] = (state, why)

    def state(self, guarantee: str) -> str:
        """Of all collections together: broken by one is broken, held by one is held."""
        states = {state for state, _ in self.found[guarantee].values()}
        return next(state for state in (BROKEN, HELD, ABSENT) if state in states)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("deskweave", "conformance of connectors")
    group.addoption("--guarantees", metavar="FILE", help="write a table of the guarantees that connectors hold (Markdown)")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TOLD] = {}


TOLD: Final = pytest.StashKey[dict[str, Told]]()


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Each test of a suite carries its guarantee to wherever its report is read."""
    for item in items:
        made = getattr(getattr(item, "function", None), "guarantee", None)
        suite: Any = getattr(item, "cls", None)
        if made is None or suite is None:
            continue
        collection = str(getattr(item, "callspec", None) and item.callspec.params.get("collection", ""))  # type: ignore[attr-defined]
        connector = suite.connector if isinstance(suite.connector, str) else suite.connector.name
        item.user_properties.append((PROPERTY, [suite.__name__, str(connector), collection, made.id]))


class Collector:
    """Reads reports where they all come together: in the controller of a distributed run, or in the only process."""

    def __init__(self, told: dict[str, Told]) -> None:
        self._told = told

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name != PROPERTY or not isinstance(value, (list, tuple)):
                continue
            suite, connector, collection, guarantee = (str(part) for part in value)
            told = self._told.setdefault(suite, Told(connector))
            if report.failed:
                told.tell(guarantee, collection, BROKEN, str(report.longrepr).strip().splitlines()[-1] if report.longrepr else "")
            elif report.skipped:
                reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
                told.tell(guarantee, collection, ABSENT, reason.removeprefix("Skipped: "))
            elif report.when == "call":
                told.tell(guarantee, collection, HELD, "")


def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # a worker of pytest-xdist sends its reports to the controller
        session.config.pluginmanager.register(Collector(session.config.stash[TOLD]), "deskweave-guarantees")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    every = config.stash.get(TOLD, {})
    if not every:
        return
    terminalreporter.section("guarantees of connectors")
    for suite, told in sorted(every.items()):
        states = [told.state(one) for one in told.found]
        counts = ", ".join(f"{states.count(state)} {state}" for state in (HELD, ABSENT, BROKEN))
        terminalreporter.write_line(f"{suite} ({told.connector}): {counts}")
    path = config.getoption("--guarantees", default=None)
    if path:
        chinese = str(path).endswith(".zh.md")
        Path(path).write_text("\n".join(table(one, chinese=chinese) for _, one in sorted(every.items())), encoding="utf-8")
        terminalreporter.write_line(f"written to {path}")


def table(told: Told, *, chinese: bool = False) -> str:
    """The guarantees of one connector as Markdown, in the order of the suite."""
    from deskweave.testing.suite import CHAPTERS, GUARANTEES

    marks = {HELD: "保证" if chinese else "held", ABSENT: "未声明" if chinese else "not declared", BROKEN: "**未通过**"}
    if not chinese:
        marks[BROKEN] = "**failed**"
    head = f"## {told.connector}\n\n| 保证 | 结果 | 说明 |" if chinese else f"## {told.connector}\n\n| guarantee | result | why |"
    lines = [head, "|---|---|---|"]
    chapters = list(CHAPTERS)
    for one in sorted(GUARANTEES.values(), key=lambda one: chapters.index(one.id.partition("/")[0])):
        if one.id in told.found:
            state = told.state(one.id)
            why = "; ".join(sorted({why for _, why in told.found[one.id].values() if why and state != HELD}))
            said = one.zh if chinese else one.en
            lines.append(f"| {said} | {marks[state]} | {why.replace('|', '/')[:160]} |")
    return "\n".join(lines) + "\n"

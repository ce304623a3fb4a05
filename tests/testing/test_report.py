"""A stranger's run: the table of guarantees, and that a green run without any is not green."""

from __future__ import annotations

import pytest

from deskweave.connector import Capabilities, CollectionCapabilities
from deskweave.testing.memory import MemoryConnection, MemoryConnector
from deskweave.testing.report import ABSENT, BROKEN, HELD, Collector, Told, table
from deskweave.testing.suite import GUARANTEES, ConnectorSuite
from deskweave.testing.suite.ground import built_in_practice

pytest_plugins = ["pytester"]

MINE = """
from dataclasses import replace
from deskweave.testing.memory import MemoryConnection, MemoryConnector, Switches
from deskweave.testing.suite import ConnectorSuite


class Exclusive(MemoryConnection):
    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(page, items=[one for one in page.items if since is None or one.updated_at > since])


class TestMine(ConnectorSuite):
    connector = MemoryConnector(name="mine", switches=Switches(history="none"), opens=Exclusive)
"""


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """A run within this one forgets what it imports first; what it shares with it has to be there before."""
    built_in_practice()


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(test_mine=source)
    return pytester.runpytest_inprocess("-q", "-p", "deskweave.testing.report", "-p", "no:cacheprovider", *arguments)


def test_the_table_says_what_is_held_what_is_not_declared_and_what_broke(pytester):
    done = run(pytester, MINE, "--guarantees", "held.md", "-k", "since_means or history or fetch")
    done.assert_outcomes(passed=1, skipped=1, failed=1)
    assert "TestMine (mine): 1 held, 1 not declared, 1 failed" in done.outlines
    written = (pytester.path / "held.md").read_text(encoding="utf-8")
    assert f"| {GUARANTEES['reading/fetch'].en} | held |  |" in written
    assert f"| {GUARANTEES['reading/history'].en} | not declared | ticket: history is none |" in written
    assert f"| {GUARANTEES['reading/since'].en} | **failed** |" in written


class Mute(MemoryConnection):
    """It declares nothing, so nothing is asked of it."""

    @property
    def capabilities(self):
        nothing = {"ticket": CollectionCapabilities(reads=False)}
        return Capabilities(collections=nothing, rates=(), max_parallel=1, lost=(), probed_at=self.platform.now())


def test_a_run_in_which_everything_is_skipped_is_not_green(tmp_path):
    suite = type("TestMute", (ConnectorSuite,), {"connector": MemoryConnector(name="mute", opens=Mute, configures=False)})
    ground = suite.lay(tmp_path)
    with pytest.raises(pytest.skip.Exception, match="changes is declared neither filter nor scan"):
        suite().test_since_means_at_or_after(ground, "ticket")
    with pytest.raises(AssertionError, match="guarantees can be asked of what mute declares"):
        suite().test_something_is_promised(ground)
    ground.close()


def test_the_table_in_chinese():
    told = Told("echo")
    told.tell("reading/since", "ticket", HELD, "")
    told.tell("reading/since", "note", ABSENT, "note: changes is declared neither filter nor scan")
    told.tell("reading/ties", "ticket", BROKEN, "2 of 8 | lost")
    assert table(told, chinese=True).splitlines()[4:] == [
        f"| {GUARANTEES['reading/since'].zh} | 保证 |  |",
        f"| {GUARANTEES['reading/ties'].zh} | **未通过** | 2 of 8 / lost |",
    ]


@pytest.mark.parametrize("order", [("failed", "passed"), ("passed", "failed")])
def test_what_broke_in_one_phase_is_not_mended_by_another(order):
    told: dict[str, Told] = {}
    collector = Collector(told)
    for phase, outcome in zip(("call", "teardown"), order, strict=True):
        report = pytest.TestReport("x", ("x", 0, "x"), {}, outcome, None, phase)
        report.user_properties = [("deskweave.guarantee", ["TestX", "x", "ticket", "reading/since"])]
        collector.pytest_runtest_logreport(report)
    assert told["TestX"].state("reading/since") == BROKEN

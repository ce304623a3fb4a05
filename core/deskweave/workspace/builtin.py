"""The core's own lint rules, brought in through the same hook as a stranger's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from deskweave.documents import split
from deskweave.findings import Finding
from deskweave.hookspecs import hookimpl
from deskweave.plugins import Plugins

if TYPE_CHECKING:
    from deskweave.practice import Practice

NAME: Final = "deskweave"
_KIND_OF: Final = {"clocks": "Clock", "calendars": "Calendar", "holidays": "Holidays", "metrics": "Metric"}


class BuiltinChecks:
    """Rules of practice, clock and measure. The practice floor knows neither clock nor measure; they meet here."""

    deskweave_api = 1

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    @hookimpl
    def deskweave_lint(self, practice: Practice) -> Iterable[Finding]:
        """Sense of the whole, calendars and clocks, metrics and their given/expect rows."""
        from deskweave.clock import checks as clock_checks
        from deskweave.measure import checks as metric_checks
        from deskweave.practice import lint

        found = lint(practice, today=self._now().astimezone(ZoneInfo(practice.zone)).date())
        running = {clock for clock in practice.clocks if not _of_a_pack(practice, "Clock", clock)}
        wrong = list(_placed(clock_checks(practice, examples=running), practice))
        # metrics stand on clocks: what is wrong below would only be said again above
        stated = {metric for metric in practice.metrics if not _of_a_pack(practice, "Metric", metric)}
        return [*found, *wrong, *(() if wrong else _placed(metric_checks(practice, examples=stated), practice))]


def _of_a_pack(practice: Practice, kind: str, name: str) -> bool:
    """Whether a pack states the examples of a rule: they are the pack's own tests, and hold where nothing of it is changed."""
    return practice.source((kind, name, "examples")).layer.name.startswith("pack:")


def _placed(findings: Iterable[Finding], practice: Practice) -> Iterator[Finding]:
    """Findings about composed data, brought back to the file and line that said it."""
    for finding in findings:
        parts = split(finding.place.path)
        if finding.place.source == "practice" and len(parts) >= 2 and parts[0] in _KIND_OF:
            try:
                place = practice.origin([_KIND_OF[parts[0]], *parts[1:]])
            except KeyError:
                place = finding.place
            finding = replace(finding, place=place)
        yield finding


def register(plugins: Plugins, now: Callable[[], datetime]) -> None:
    """Add the built-in rules to loaded plugins, once."""
    if plugins.manager.get_plugin(NAME) is None:
        from deskweave import __version__

        plugins.register(BuiltinChecks(now), NAME, "deskweave", __version__)

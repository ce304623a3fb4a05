"""The process that stays: a run every few minutes, and soon after something was delivered, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from deskweave.sync import SyncReport
    from deskweave.workspace import Failure, Workspace

SOON: Final = timedelta(seconds=30)  #: between two runs at least, however much is delivered: every run lists every platform
LAG: Final = timedelta(minutes=10)  #: so long without a run that came to its end is no health, whatever `sync.every` says


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of one run: its report, or the error that ended it."""

    at: datetime
    report: SyncReport | None
    failures: Sequence[Failure] = ()
    error: Exception | None = None


class Service:
    """Runs of one folder, one after another.

    Args:
        space: the folder.
        every: from the beginning of one run to that of the next.
        wait: waits until an instant, or until `ring` or a stop; False: it is time to stop.
        told: after each run.
    """

    def __init__(
        self, space: Workspace, *, every: timedelta, wait: Callable[[datetime], bool], told: Callable[[Ran], None]
    ) -> None:
        self._space, self._every, self._wait, self._told = space, every, wait, told
        self._begun = space.now()
        self._last: datetime | None = None
        self._rung = threading.Event()

    def ring(self) -> None:
        """Something was delivered: the next run is soon."""
        self._rung.set()

    def healthy(self) -> tuple[bool, datetime | None]:
        """Whether a run has come to its end lately, and when the last one did."""
        lag = self._space.now() - (self._last or self._begun)
        return lag <= max(LAG, 3 * self._every), self._last

    def run(self) -> None:
        """Run, wait, and run again, until `wait` says stop. What goes wrong with one run is told, and the next one tries again."""
        while True:
            begun = self._space.now()
            self._rung.clear()
            ran = self._once()
            if ran.error is None:
                self._last = self._space.now()
            self._told(ran)
            ended = self._space.now()
            while True:
                due = self._due(begun, ended, ran)
                if not self._wait(due):  # asked where nothing is to be waited for, too: runs may take longer than `every`
                    return
                if self._space.now() >= due:
                    break

    def _once(self) -> Ran:
        try:
            report, failures = self._space.sync()
        except Exception as error:  # noqa: BLE001  deliveries are taken all the same, and the next run may fare better
            return Ran(at=self._space.now(), report=None, error=error)
        return Ran(at=self._space.now(), report=report, failures=failures)

    def _due(self, begun: datetime, ended: datetime, ran: Ran) -> datetime:
        due = begun + self._every
        soon = ended + SOON
        if self._rung.is_set():
            due = min(due, soon)
        if ran.report is not None and ran.report.waiting_until is not None:
            due = min(due, max(soon, ran.report.waiting_until))
        return max(due, ended)

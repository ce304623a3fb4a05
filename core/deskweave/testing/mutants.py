"""Protections of the engine, taken away one at a time: a stateful test that does not notice proves nothing.

Each mutant removes one of what `sync` does so that nothing is lost, doubled or told wrongly; the machine is pointed at the weather
in which that protection matters, and one of its properties has to break. Run it: `python -m deskweave.testing.mutants`.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from unittest import mock

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from deskweave.connector import Page, Plant
from deskweave.store.streams import save_stream
from deskweave.sync import create, messages, pull, push, reconcile
from deskweave.sync.entries import version_of
from deskweave.sync.fingerprint import imprint
from deskweave.sync.run import RECORDS
from deskweave.testing.machine import SyncMachine, bind
from deskweave.testing.memory import MemoryConnection

Take = Callable[[Callable[..., Any]], Callable[..., Any]]
NEVER: Final = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One protection and how it is taken away.

    Attributes:
        owner: module or class that holds the function.
        name: of the function.
        without: makes the function without the protection out of the one with it.
        weather: attributes of the machine in which the protection matters.
        others: more places that hold the same function.
    """

    owner: Any
    name: str
    without: Take
    weather: Mapping[str, Any] = field(default_factory=dict)
    others: Sequence[Any] = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        with mock.patch.object(self.owner, self.name, self.without(getattr(self.owner, self.name))):
            if not self.others:
                yield
                return
            with mock.patch.object(self.others[0], self.name, self.without(getattr(self.others[0], self.name))):
                yield


def _always(value: Any) -> Take:
    return lambda _plain: lambda *_, **__: value


def _no_fingerprint(_plain: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _seen_fp, record, mapper: mapper.read(record)


def _no_history_on_recovery(plain: Callable[..., Any]) -> Callable[..., Any]:
    def observe(self: Any, link: Any, record: Any, view: Any, lines: Any = reconcile.NO_LINES, **given: Any) -> None:
        known = lines if not link.inflight or given.get("own") is not None else reconcile.NO_LINES
        plain(self, link, record, view, known, **given)

    return observe


def _write_unmerged(plain: Callable[..., Any]) -> Callable[..., Any]:
    """What was read before the write is not merged: the write goes over whatever stands there."""
    return lambda run, side, batch, got, views, _moved, _lines: plain(run, side, batch, got, views, {}, {})


def _answer_unread(_plain: Callable[..., Any]) -> Callable[..., Any]:
    """The base moves by what was sent, and what else the answer shows is taken for seen."""

    def acknowledge(run: Any, side: Any, _rows: Any, one: Any, link: Any, _outcome: Any, record: Any, _lines: Any) -> None:
        link.base.update(one.values)
        link.inflight.clear()
        if record is not None and hasattr(record, "fields"):
            link.seen_fp = imprint(record, side.mapper.read(record), side.mapper.digest)
            link.seen_version = version_of(record)
            link.seen = replace(link.seen, version=link.seen_version, at=record.updated_at)

    return acknowledge


def _newest_seen(plain: Callable[..., Any]) -> Callable[..., Any]:
    """The watermark moves to the newest stamp on a page, whatever the listing says it has delivered."""

    def changes(self: Any, collection: str, since: Any, resume: str | None) -> Page[Any]:
        page: Page[Any] = plain(self, collection, since, resume)
        newest = max((one.updated_at for one in page.items), default=page.covers_until)
        return replace(page, covers_until=newest)

    return changes


def _watermark_first(plain: Callable[..., Any]) -> Callable[..., Any]:
    def early(run: Any, side: Any, name: str, records: Any, to: Any = None) -> Any:
        if to is not None:
            with run.store.write() as tx:
                save_stream(tx, side.name, name, RECORDS, to)
        return plain(run, side, name, records, to)

    return early


def _unordered(plain: Callable[..., Any]) -> Callable[..., Any]:
    """Messages that are due are written, whether an earlier one waits or not."""

    def push_messages(run: Any, side: Any) -> Any:
        with mock.patch.object(messages, "set", _Nothing, create=True):
            return plain(run, side)

    return push_messages


class _Nothing:
    def __contains__(self, _: object) -> bool:
        return False

    def add(self, _: object) -> None: ...


LAG: Final = {"index_lag": timedelta(minutes=3), "scan": False}
#: Two people at one record, between every two calls of the engine, on a platform without conditions.
CROWD: Final = {"races": 5, "most_records": 1, "edited": ("title",), "wrong": ("edit", "edit", "tick")}
SWIFT: Final = {"index_lag": NEVER, "scan": False, "precision": timedelta(milliseconds=1)}
BARE: Final = {"conditions": False, "history": "full", "scan": False, "index_lag": NEVER}

MUTANTS: Final[Mapping[str, Mutant]] = {
    "no overlap window": Mutant(owner=pull, name="overlap", without=_always(NEVER), weather={"pinned": LAG}),
    "no search before a create is repeated": Mutant(
        owner=create,
        name="_search",
        without=_always(False),
        weather={"pinned": {**LAG, "plant": Plant.ATOMIC, "find": "strong"}, "wrong": ("tick",)},
    ),
    "no wait before a create is repeated": Mutant(
        owner=create, name="wait_of", without=_always(NEVER), weather={"pinned": {"plant": Plant.ATOMIC}, "wrong": ("tick",)}
    ),
    "a mark on a listed record is not known": Mutant(owner=pull, name="links_by_corr", without=_always({})),
    "values in flight forgotten": Mutant(
        owner=reconcile.Reconciliation,
        name="observe",
        without=lambda plain: (
            lambda self, link, record, view, lines=reconcile.NO_LINES, *, own=None, applied=None: plain(
                self, link, record, view, lines, own=own or {}, applied=applied
            )
        ),
        weather={**CROWD, "pinned": {"tells": False, "history": "none", "conditions": False}},
    ),
    "no fingerprint": Mutant(owner=pull, name="glance", without=_no_fingerprint),
    "two-way merge without a base": Mutant(
        owner=reconcile, name="merge", without=lambda plain: lambda **given: plain(**{**given, "base": given["projected"]})
    ),
    "compared in our words": Mutant(
        owner=reconcile, name="merge", without=lambda plain: lambda **given: plain(**{**given, "base": {}, "projected": {}})
    ),
    "watermark before rows": Mutant(owner=pull, name="take_page", without=_watermark_first, weather={"wrong": ("crash",)}),
    "watermark to the newest seen": Mutant(
        owner=MemoryConnection,
        name="changes",
        without=_newest_seen,
        weather={
            "pinned": {**SWIFT, "ordered": False, "page": 1, "settle": timedelta(seconds=1)},
            "wrong": ("crash",),
        },
    ),
    "written without merging what was read before": Mutant(
        owner=push, name="_claim", without=_write_unmerged, weather={**CROWD, "pinned": BARE}
    ),
    "the answer to a write is not read back": Mutant(
        owner=push, name="_acknowledge", without=_answer_unread, weather={**CROWD, "pinned": BARE, "edited": ("title", "priority")}
    ),
    "no look at the gap between versions": Mutant(
        owner=push, name="_unseen", without=_always({}), weather={**CROWD, "pinned": BARE, "wrong": ("edit",)}
    ),
    "no history read when an answer was lost": Mutant(
        owner=reconcile.Reconciliation,
        name="observe",
        without=_no_history_on_recovery,
        weather={**CROWD, "pinned": BARE, "losses": ("lost_answer",)},
    ),
    "carried messages not recognised": Mutant(
        owner=messages, name="parse", without=_always(None), weather={"pinned": {"message_plant": Plant.AFTER}}
    ),
    "messages written out of their order": Mutant(
        owner=messages,
        name="push_messages",
        without=_unordered,
        weather={
            "pinned": {**SWIFT, "message_plant": Plant.AFTER},
            "talkative": True,
            "races": 2,
            "wrong": ("tick",),
            "losses": ("lost_request",),
        },
    ),
}


def hunted(mutant: Mutant, examples: int, *, seed: bool = False) -> str | None:
    """The property that breaks without the protection; None: nobody noticed. `seed`: other examples at every call."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        derandomize=not seed,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with mutant.applied():
        try:
            run_state_machine_as_test(bind(SyncMachine, **mutant.weather), settings=chosen)
        except Exception as error:  # noqa: BLE001  whatever a broken engine raises is noticed
            return _property(error)
    return None


def _property(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return _property(error.exceptions[0])
    found = re.match(r"(P\d+): ", str(error))
    return found[1] if found else type(error).__name__


def main(arguments: Sequence[str] | None = None) -> int:
    """Print which property notices each mutant, and how soon; 1: one of them goes unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1500, help="at most so many for each")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these mutants; default: all")
    parser.add_argument("--seed", action="store_true", help="other examples at every call")
    chosen = parser.parse_args(arguments)
    missed = 0
    for name in chosen.only or MUTANTS:
        begun = time.perf_counter()
        found = hunted(MUTANTS[name], chosen.examples, seed=chosen.seed)
        missed += found is None
        print(f"{name:48} {found or 'NOT NOTICED':16} {time.perf_counter() - begun:6.1f} s", flush=True)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())

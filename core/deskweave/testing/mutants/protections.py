"""The protections, each with its mutant: what is taken away, and where that matters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from unittest import mock

from deskweave.connector import Absent, Page, Plant
from deskweave.errors import Executed, RequestError, TransientError
from deskweave.http import MemoryBudget
from deskweave.store.inbox import finish
from deskweave.store.lease import Lease
from deskweave.store.links import known_rids
from deskweave.store.streams import Stream, save_stream
from deskweave.sync import create, engine, inbox, messages, pull, push, reconcile, remap, sweep
from deskweave.sync.entries import version_of
from deskweave.sync.fingerprint import imprint
from deskweave.sync.run import RECORDS, Run
from deskweave.testing.machine import CallingMachine
from deskweave.testing.memory import MemoryConnection
from deskweave.testing.mutants.mutant import Mutant, always
from deskweave.testing.mutants.scenes import (
    a_changed_mapping,
    a_limit,
    an_edit_before_the_look,
    an_edit_behind_the_page,
    an_emptied_platform,
    an_unrecognisable_create,
)

NEVER: Final = timedelta(0)


def _no_fingerprint(_plain: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _seen_fp, record, mapper: mapper.read(record)


def _done_first(plain: Callable[..., Any]) -> Callable[..., Any]:
    """A delivery is done, and then what it tells is taken in."""

    def take(run: Any, side: Any, one: Any, *, finishes: bool) -> Any:
        with run.store.write() as tx:
            finish(tx, side.name, [one.id])
        return plain(run, side, one, finishes=finishes)

    return take


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


def _sent_forgotten(plain: Callable[..., Any]) -> Callable[..., Any]:
    """What stands on a record is never our own word that has come late."""

    def observe(self: Any, link: Any, record: Any, view: Any, lines: Any = reconcile.NO_LINES, **given: Any) -> None:
        plain(self, link, record, view, lines, **{**given, "own": given.get("own") or {}})

    return observe


def _not_sent(error: RequestError) -> RequestError:
    """An error that leaves it open whether the request took effect, as one that says that it did not."""
    return TransientError(str(error), executed=Executed.NO) if error.executed is Executed.MAYBE else error


def _error_means_no(plain: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: plain(*given[:-1], _not_sent(given[-1]))


def _message_means_no(plain: Callable[..., Any]) -> Callable[..., Any]:
    def deliver(*given: Any) -> Any:
        try:
            return plain(*given)
        except RequestError as error:
            raise _not_sent(error) from None

    return deliver


def _repeated(_plain: Callable[..., Any]) -> Callable[..., Any]:
    """A create is repeated wherever it is due, whether anything there could tell it again or not."""

    def again(run: Any, side: Any, link: Any) -> None:
        capabilities = side.capabilities(link.collection)
        births = create._claim(run, side, capabilities, [link])
        create._send(run, side, capabilities, births)

    return again


def _one_census(plain: Callable[..., Any]) -> Callable[..., Any]:
    def miss(run: Any, side: Any, name: str, ids: Any, _number: int) -> None:
        for number in (1, 2):
            plain(run, side, name, ids, number)

    return miss


def _hidden_is_gone(plain: Callable[..., Any]) -> Callable[..., Any]:
    def fetch(*given: Any) -> Any:
        answers = plain(*given)
        return {ref: Absent(ref, "gone") if isinstance(one, Absent) else one for ref, one in answers.items()}

    return fetch


def _unguarded(_plain: Callable[..., Any]) -> Callable[..., Any]:
    """However many a census misses: they are asked for one by one."""

    def census(run: Any, side: Any, name: str, number: int) -> None:
        with run.store.read() as tx:
            known = known_rids(tx, side.name, name)
        seen, _ = sweep._listed(run, side, name)
        sweep._miss(run, side, name, [known[rid] for rid in sorted(known.keys() - seen)], number)
        with run.store.write() as tx:
            save_stream(tx, side.name, name, sweep.CENSUS, Stream(run.now(), str(number)))

    return census


#: Nothing beside what a mutant names.
CALM: Final = {"swarm": ()}
LAG: Final = {"index_lag": timedelta(minutes=3), "scan": False}
#: Two people at one record, between every two calls of the engine, on a platform without conditions.
CROWD: Final = {"races": 5, "most_records": 1, "edited": ("title",), "wrong": ("edit", "edit", "tick")}
#: One inquiry that stands everywhere, nobody at it but between runs, and answers that get lost.
LOST: Final = {
    **CALM,
    "races": 2,
    "racing": False,
    "most_records": 1,
    "edited": ("priority",),
    "wrong": ("tick",),
    "losses": ("lost_answer",),
}
SWIFT: Final = {"index_lag": NEVER, "scan": False, "precision": timedelta(milliseconds=1)}
BARE: Final = {"conditions": False, "history": "full", "scan": False, "index_lag": NEVER}

MUTANTS: Final[Mapping[str, Mutant]] = {
    # ---------------------------------------------------------------------------------------------------------- reading
    "no overlap window": Mutant(owner=pull, name="overlap", without=always(NEVER), weather={"pinned": LAG}),
    "a mark on a listed record is not known": Mutant(
        owner=pull,
        name="links_by_corr",
        without=always({}),
        weather={
            **CALM,
            "pinned": {**SWIFT, "plant": Plant.ATOMIC, "find": "strong"},
            "wrong": ("tick",),
            "losses": ("lost_answer",),
        },
    ),
    "a record that is joined is not known": Mutant(owner=pull, name="scan_links", without=always({})),
    "no fingerprint": Mutant(owner=pull, name="glance", without=_no_fingerprint),
    "watermark before rows": Mutant(owner=pull, name="take_page", without=_watermark_first, weather={"wrong": ("crash",)}),
    "watermark to the newest seen": Mutant(
        owner=MemoryConnection,
        name="changes",
        without=_newest_seen,
        scene=an_edit_behind_the_page,
    ),
    # ---------------------------------------------------------------------------------------------------------- merging
    "values in flight forgotten": Mutant(
        owner=reconcile.Reconciliation, name="observe", without=_sent_forgotten, weather={**LOST, "pinned": SWIFT}
    ),
    "two-way merge without a base": Mutant(
        owner=reconcile, name="merge", without=lambda plain: lambda **given: plain(**{**given, "base": given["projected"]})
    ),
    "compared in our words": Mutant(
        owner=reconcile, name="merge", without=lambda plain: lambda **given: plain(**{**given, "base": {}, "projected": {}})
    ),
    "no history read when an answer was lost": Mutant(
        owner=reconcile.Reconciliation,
        name="observe",
        without=_no_history_on_recovery,
        weather={**CROWD, **CALM, "pinned": BARE, "losses": ("lost_answer",)},
    ),
    # ---------------------------------------------------------------------------------------------------------- writing
    "written without merging what was read before": Mutant(
        owner=push, name="_claim", without=_write_unmerged, scene=an_edit_before_the_look
    ),
    "the answer to a write is not read back": Mutant(
        owner=push,
        name="_acknowledge",
        without=_answer_unread,
        weather={**CROWD, **CALM, "pinned": BARE, "edited": ("title", "priority")},
    ),
    "no look at the gap between versions": Mutant(
        owner=push, name="_unseen", without=always({}), weather={**CROWD, **CALM, "pinned": BARE, "wrong": ("edit",)}
    ),
    "a change without an answer is taken for none": Mutant(
        owner=push, name="_failed", without=_error_means_no, weather={**LOST, "pinned": SWIFT}
    ),
    # --------------------------------------------------------------------------------------------------------- creating
    "no search before a create is repeated": Mutant(
        owner=create,
        name="_search",
        without=always(False),
        weather={**CALM, "pinned": {**LAG, "plant": Plant.ATOMIC, "find": "strong"}, "wrong": ("tick",)},
    ),
    "no wait before a create is repeated": Mutant(
        owner=create, name="wait_of", without=always(NEVER), weather={"pinned": {"plant": Plant.ATOMIC}, "wrong": ("tick",)}
    ),
    "a create without an answer is taken for none": Mutant(
        owner=create,
        name="_failed",
        without=_error_means_no,
        weather={**CALM, "pinned": {**LAG, "plant": Plant.ATOMIC}, "wrong": ("tick",), "losses": ("lost_answer",)},
    ),
    "a create that nothing can recognise is repeated": Mutant(
        owner=create, name="_unknown", without=_repeated, scene=an_unrecognisable_create
    ),
    # --------------------------------------------------------------------------------------------------------- messages
    "carried messages not recognised": Mutant(
        owner=messages, name="parse", without=always(None), weather={"pinned": {"message_plant": Plant.AFTER}}
    ),
    "messages written out of their order": Mutant(
        owner=engine,
        name="push_messages",
        without=_unordered,
        weather={**LOST, "pinned": {**SWIFT, "message_plant": Plant.AFTER}, "talkative": True, "losses": ("lost_request",)},
    ),
    "a message without an answer is taken for none": Mutant(
        owner=messages,
        name="_deliver",
        without=_message_means_no,
        weather={**LOST, "pinned": {**LAG, "message_plant": Plant.AFTER, "messages": "feed"}, "talkative": True},
    ),
    # ----------------------------------------------------------------------------------------------------------- limits
    "calls are not counted": Mutant(owner=MemoryBudget, name="take", without=always(None), weather={**CALM, "always": ("budget",)}),
    "a limit is not kept": Mutant(owner=Run, name="limited", without=always(None), scene=a_limit),
    "the store's lease is not asked for": Mutant(
        owner=Lease, name="require", without=always(None), weather={**CALM, "always": ("second",)}
    ),
    "written before a changed mapping was seen": Mutant(
        owner=remap, name="require_seen", without=always(None), scene=a_changed_mapping
    ),
    "gone after one census": Mutant(
        owner=sweep, name="_miss", without=_one_census, weather={**CALM, "always": ("deletes",), "pinned": {"absent": "gone"}}
    ),
    "what is hidden is taken for gone": Mutant(
        owner=sweep, name="fetch", without=_hidden_is_gone, weather={**CALM, "always": ("deletes",), "pinned": {"absent": "hidden"}}
    ),
    "an emptied platform is believed": Mutant(owner=sweep, name="_census", without=_unguarded, scene=an_emptied_platform),
    "deliveries are done before their rows": Mutant(
        owner=inbox, name="_take", without=_done_first, weather={"swarm": (), "wrong": ("crash",)}, machine=CallingMachine
    ),
    "overtaken deliveries are taken for news": Mutant(
        owner=pull, name="_outdated", without=always(False), weather={"swarm": (), "wrong": ("tick",)}, machine=CallingMachine
    ),
}

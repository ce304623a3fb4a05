"""The stateful test is worth something only if it notices when a protection is taken away."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import deskweave.sync.create
import deskweave.sync.messages
import deskweave.sync.pull
import deskweave.sync.push
import deskweave.sync.reconcile
from deskweave.connector import Plant
from deskweave.testing.machine import SyncMachine, bind

EXAMPLES = int(os.environ.get("DESKWEAVE_EXAMPLES", "0")) or 150
LAG = {"index_lag": timedelta(minutes=3), "scan": False}


def no_overlap(patch):
    patch.setattr(deskweave.sync.pull, "overlap", lambda capabilities: timedelta(0))


def no_search(patch):
    patch.setattr(deskweave.sync.create, "_search", lambda *_: False)


def no_settle(patch):
    patch.setattr(deskweave.sync.create, "wait_of", lambda capabilities: timedelta(0))


def no_fingerprint(patch):
    counted = iter(range(10**9))
    for module in (deskweave.sync.pull, deskweave.sync.push, deskweave.sync.reconcile):
        patch.setattr(module, "fingerprint", lambda view, digest: f"{digest[:12]}:{next(counted)}")


def no_base(patch):
    merge = deskweave.sync.reconcile.merge
    patch.setattr(deskweave.sync.reconcile, "merge", lambda **given: merge(**{**given, "base": given["projected"]}))


def no_inflight(patch):
    observe = deskweave.sync.reconcile.Reconciliation.observe

    def forgetful(self, link, record, view, lines=deskweave.sync.reconcile.NO_LINES, *, own=None, applied=None):
        observe(self, link, record, view, lines, own={}, applied=applied)

    patch.setattr(deskweave.sync.reconcile.Reconciliation, "observe", forgetful)


def no_projection(patch):
    """What a platform says is compared with what we say, not with what it would say."""
    merge = deskweave.sync.reconcile.merge
    patch.setattr(deskweave.sync.reconcile, "merge", lambda **given: merge(**{**given, "base": {}, "projected": {}}))


def no_marks(patch):
    patch.setattr(deskweave.sync.messages, "parse", lambda text: None)


def watermark_first(patch):
    """The watermark is saved before the rows are."""
    take, save = deskweave.sync.pull.take_page, deskweave.sync.pull.save_stream

    def early(run, side, name, records, to=None):
        if to is not None:
            with run.store.write() as tx:
                save(tx, side.name, name, deskweave.sync.pull.RECORDS, to)
        return take(run, side, name, records, to)

    patch.setattr(deskweave.sync.pull, "take_page", early)


MUTANTS = {
    "no overlap window": (no_overlap, {"pinned": LAG}),
    "no search before a retry": (no_search, {"pinned": {**LAG, "plant": Plant.ATOMIC, "find": "strong"}, "wrong": ("tick",)}),
    "no wait before a retry": (no_settle, {"pinned": {"plant": Plant.ATOMIC}, "wrong": ("tick",)}),
    "no fingerprint": (no_fingerprint, {}),
    "two-way merge without a base": (no_base, {}),
    "in-flight values forgotten": (no_inflight, {"pinned": {"tells": False, "history": "none"}}),
    "compared in our words": (no_projection, {}),
    "carried messages not recognised": (no_marks, {"pinned": {"message_plant": Plant.AFTER}}),
    "watermark before rows": (watermark_first, {"wrong": ("crash",)}),
}


#: Noticed within seconds; the others take a minute or more each and run when DESKWEAVE_EXAMPLES asks for a long hunt.
QUICK = ("no overlap window", "compared in our words", "carried messages not recognised", "watermark before rows")


@pytest.mark.parametrize("name", MUTANTS if "DESKWEAVE_EXAMPLES" in os.environ else QUICK)
def test_the_machine_notices(name, monkeypatch):
    mutate, changes = MUTANTS[name]
    mutate(monkeypatch)
    hunting = settings(
        max_examples=EXAMPLES,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(bind(SyncMachine, **changes), settings=hunting)

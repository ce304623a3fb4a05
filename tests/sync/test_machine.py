"""The stateful test: always the same examples, few enough for `make test`. DESKWEAVE_EXAMPLES=6000 hunts for new ones."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from deskweave.testing.machine import CallingMachine, SyncMachine, bind

HUNT = int(os.environ.get("DESKWEAVE_EXAMPLES", "0"))
#: What hypothesis finds is printed with a blob to repeat it; to shrink a machine of this size takes longer than to read its log.
SETTINGS = settings(
    stateful_step_count=30,
    deadline=None,
    derandomize=not HUNT,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_two_platforms_under_attack():
    run_state_machine_as_test(SyncMachine, settings=settings(SETTINGS, max_examples=HUNT or 25))


def test_three_platforms_under_attack():
    machine = bind(SyncMachine, sides=("a", "b", "c"))
    run_state_machine_as_test(machine, settings=settings(SETTINGS, max_examples=HUNT // 4 or 8))


def test_a_platform_that_only_calls_back_under_attack():
    run_state_machine_as_test(CallingMachine, settings=settings(SETTINGS, max_examples=HUNT // 4 or 8))


SHARDS, EACH = 12, 250  #: 3,000 examples other than those above, the same ones every time, on every core at once


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_three_thousand_examples(shard):
    run_state_machine_as_test(seed(shard)(bind(SyncMachine)), settings=settings(SETTINGS, max_examples=HUNT // SHARDS or EACH))

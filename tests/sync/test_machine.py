"""The stateful test: always the same examples, few enough for `make test`. DESKWEAVE_EXAMPLES=6000 hunts for new ones."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from deskweave.testing.machine import LIMITS, CallingMachine, SyncMachine, bind

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


def attack(machine, examples):
    """Every value that was lost by an accepted limit is counted: limits that are met often would be faults."""
    machine = bind(machine, tally=Counter())
    run_state_machine_as_test(machine, settings=settings(SETTINGS, max_examples=examples))
    judged = machine.tally["values"]
    assert judged > 5 * examples
    assert sum(machine.tally[limit] for limit in LIMITS) <= judged / 20


def test_two_platforms_under_attack():
    attack(SyncMachine, HUNT or 25)


def test_three_platforms_under_attack():
    attack(bind(SyncMachine, sides=("a", "b", "c")), HUNT // 4 or 8)


def test_a_platform_that_only_calls_back_under_attack():
    run_state_machine_as_test(CallingMachine, settings=settings(SETTINGS, max_examples=HUNT // 4 or 8))


SHARDS, EACH = 12, 250  #: 3,000 examples other than those above, the same ones every time, on every core at once


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_three_thousand_examples(shard):
    run_state_machine_as_test(seed(shard)(bind(SyncMachine)), settings=settings(SETTINGS, max_examples=HUNT // SHARDS or EACH))

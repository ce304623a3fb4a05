"""The stateful test. DESKWEAVE_EXAMPLES=6000 for the nightly run; the default fits into `make test`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from deskweave.testing.machine import SyncMachine, bind

EXAMPLES = int(os.environ.get("DESKWEAVE_EXAMPLES", "20"))
SETTINGS = settings(
    max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def test_two_platforms_under_attack():
    run_state_machine_as_test(SyncMachine, settings=SETTINGS)


def test_three_platforms_under_attack():
    run_state_machine_as_test(
        bind(SyncMachine, sides=("a", "b", "c")), settings=settings(SETTINGS, max_examples=max(10, EXAMPLES // 4))
    )

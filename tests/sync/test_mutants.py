"""The stateful test is worth something only if it notices when a protection is taken away."""

from __future__ import annotations

import os

import pytest

from deskweave.testing.mutants import MUTANTS, hunted

EXAMPLES = int(os.environ.get("DESKWEAVE_EXAMPLES", "0")) or 150
#: Noticed within seconds, with the property that breaks; the others take a minute or more each: `make mutants` runs all.
QUICK = {
    "no overlap window": "P1",
    "compared in our words": "P13",
    "carried messages not recognised": "P0",
    "watermark before rows": "P6",
}


@pytest.mark.parametrize("name", MUTANTS if "DESKWEAVE_EXAMPLES" in os.environ else QUICK)
def test_the_machine_notices(name):
    assert hunted(MUTANTS[name], EXAMPLES)

"""The stateful test is worth something only if it notices when a protection is taken away."""

from __future__ import annotations

import os

import pytest

from deskweave.sync import pull
from deskweave.testing.mutants import MUTANTS, Mutant, hunted
from deskweave.testing.mutants.hunt import play
from deskweave.testing.mutants.mutant import always

EXAMPLES = int(os.environ.get("DESKWEAVE_EXAMPLES", "0")) or 250
SCENES = [name for name, mutant in MUTANTS.items() if mutant.scene is not None]
#: Noticed within a second or two. `make mutants` runs all.
QUICK = ["no overlap window", "compared in our words", "watermark before rows", *SCENES]
#: Noticed within ten seconds: `.ci/run` has them.
SLOWER = [
    "a change without an answer is taken for none",
    "a create without an answer is taken for none",
    "a message without an answer is taken for none",
    "calls are not counted",
    "carried messages not recognised",
    "deliveries are done before their rows",
    "gone after one census",
    "messages written out of their order",
    "no search before a create is repeated",
]
CHOSEN = MUTANTS if "DESKWEAVE_EXAMPLES" in os.environ else [*QUICK, *SLOWER]


@pytest.mark.parametrize("name", [pytest.param(one, marks=[pytest.mark.slow] * (one not in QUICK)) for one in CHOSEN])
def test_a_protection_that_is_gone_is_noticed(name):
    assert hunted(MUTANTS[name], EXAMPLES)


@pytest.mark.parametrize("name", SCENES)
def test_an_intact_engine_comes_through_a_scene(name):
    play(MUTANTS[name], 1)


def test_a_mutant_that_nothing_reaches_proves_nothing():
    idle = Mutant(owner=pull, name="overlap", without=always(None), scene=lambda: None)
    with pytest.raises(AssertionError, match="overlap was never called"):
        hunted(idle, 1)

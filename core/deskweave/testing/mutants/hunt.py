"""The hunt: each mutant in its weather until a property breaks, and a table of which did and how soon."""

from __future__ import annotations

import argparse
import gc
import re
import time
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from deskweave.testing.machine import bind
from deskweave.testing.mutants.mutant import Mutant
from deskweave.testing.mutants.protections import MUTANTS


def hunted(mutant: Mutant, examples: int, *, seed: bool = False) -> str | None:
    """The property that breaks without the protection; None: nobody noticed. `seed`: other examples at every call.

    Raises:
        AssertionError: what the mutant takes away was never asked for: it is not in the way of the engine any more.
    """
    with mutant.applied() as reached:
        try:
            play(mutant, examples, seed=seed)
        except Exception as error:  # noqa: BLE001  whatever a broken engine raises is noticed
            return _property(error)
    assert reached(), f"{mutant.name} was never called"
    return None


def play(mutant: Mutant, examples: int, *, seed: bool = False) -> None:
    """What a mutant is hunted in, with whatever engine there is: an intact one comes through it."""
    if mutant.scene is not None:
        mutant.scene()
        return
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
    run_state_machine_as_test(bind(mutant.machine, **mutant.weather), settings=chosen)


def _property(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return _property(error.exceptions[0])
    found = re.match(r"(P\d+): ", str(error))
    return found[1] if found else type(error).__name__


def main(arguments: Sequence[str] | None = None) -> int:
    """Print which property notices each mutant, and after how many seconds of work; 1: one of them goes unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1500, help="at most so many for each")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these mutants; default: all")
    parser.add_argument("--seed", action="store_true", help="other examples at every call")
    parser.add_argument("--intact", action="store_true", help="take nothing away: nothing may be noticed then")
    chosen = parser.parse_args(arguments)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # machines come and go by the hundred thousand objects, and leave no circles
    wrong = 0
    for name in chosen.only or MUTANTS:
        begun = time.process_time()
        if chosen.intact:
            try:
                play(MUTANTS[name], chosen.examples, seed=chosen.seed)
                found = None
            except Exception as error:  # noqa: BLE001  told in the table
                found = f"{_property(error)} BROKEN"
        else:
            found = hunted(MUTANTS[name], chosen.examples, seed=chosen.seed)
        wrong += (found is None) is not chosen.intact
        said = found or ("intact" if chosen.intact else "NOT NOTICED")
        print(f"{name:52} {said:16} {time.process_time() - begun:6.1f} s", flush=True)
    return int(bool(wrong))

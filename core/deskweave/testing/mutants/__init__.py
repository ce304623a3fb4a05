"""Protections of the engine, taken away one at a time: a stateful test that does not notice proves nothing.

Each mutant removes one of what `sync` does so that nothing is lost, doubled or told wrongly. The machine is pointed at the weather
in which that protection matters, or a scene is played where no weather leads there, and one of the properties has to break. Run
all of them: `python -m deskweave.testing.mutants`.
"""

from deskweave.testing.mutants.hunt import hunted, main
from deskweave.testing.mutants.mutant import Mutant
from deskweave.testing.mutants.protections import MUTANTS

__all__ = ["MUTANTS", "Mutant", "hunted", "main"]

"""Exit codes: one table, for `--help`, the documentation and the tests."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    DONE = 0  #: nothing needs a person
    FAILED = 1  #: a platform could not be worked with, or a bug of ours
    INPUT = 2  #: what was typed or written is wrong; nothing was sent
    PERSON = 3  #: done, and something needs a person
    DIFFERENT = 4  #: differences, only with --exit-code
    STOPPED = 5  #: a guard said no; nothing more was written
    INTERRUPTED = 130


_WORST: Final = (Exit.INTERRUPTED, Exit.INPUT, Exit.FAILED, Exit.STOPPED, Exit.PERSON, Exit.DIFFERENT, Exit.DONE)


def worst(codes: Iterable[Exit]) -> Exit:
    """The one that counts when several apply: 1 before 5 before 3 before 4. Wrong input stops before anything else can happen."""
    found = set(codes)
    return next((code for code in _WORST if code in found), Exit.DONE)

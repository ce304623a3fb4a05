"""What differs between two practices, for the people who work by them: typed changes, by whom they touch. Pure.

`compare(old, new)` is the whole of it; the command line has the words.
"""

from deskweave.practice.difference.change import Change, Difference, Effect, Sort, Touches
from deskweave.practice.difference.compare import compare

__all__ = ["Change", "Difference", "Effect", "Sort", "Touches", "compare"]

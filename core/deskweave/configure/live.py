"""Reading a connection's own elements, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from deskweave.configure.patience import WaitUntil, patiently
from deskweave.connector import ConfigurationSource, Element
from deskweave.errors import RemoteError

MAX_PAGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Live:
    """What a connection holds. `kinds` says of each element what it was listed as: one that is not ours has no id to say it."""

    elements: Sequence[Element] = ()
    kinds: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.elements)


def read_live(source: ConfigurationSource, kinds: Iterable[str] | None = None, *, wait: WaitUntil | None = None) -> Live:
    """All live elements of these kinds (default: all the source knows), in the order the platform lists them.

    A page the platform puts off is waited for by itself: a long listing would else start over with every quota that is used up.

    Raises:
        RemoteError: the platform's, or the listing does not come to an end.
    """
    found: list[Element] = []
    listed: list[str] = []
    for kind in sorted(source.kinds if kinds is None else source.kinds & frozenset(kinds)):
        resume: str | None = None
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            page = patiently(partial(source.elements, kind, resume), wait)
            found += page.items
            listed += [kind] * len(page.items)
            resume = page.resume
            if resume is None:
                break
            if resume in seen:
                message = f"listing {kind}: the platform gave the same page twice, so what follows cannot be read"
                raise RemoteError(message)
            seen.add(resume)
        else:
            message = f"listing {kind}: more than {MAX_PAGES} pages"
            raise RemoteError(message)
    return Live(tuple(found), tuple(listed))

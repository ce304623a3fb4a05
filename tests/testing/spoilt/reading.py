"""Connections that read wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deskweave.connector import Absent, Page, Stub
from deskweave.testing.memory import MemoryConnection

NO_PAGE: Page[Any] = Page(items=(), resume=None)


class ForgetsTheLastOne(MemoryConnection):
    """An end that is one too early."""

    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(page, items=page.items[:-1]) if page.resume is None else page


class OnlyLater(MemoryConnection):
    """`>` where `>=` is meant."""

    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(page, items=[one for one in page.items if since is None or one.updated_at > since])


class SkipsTies(MemoryConnection):
    """A cursor of the stamp alone: what has the same one as the last of a page is passed over."""

    def changes(self, collection, since, resume):
        return super().changes(collection, since, resume and resume.partition("|")[0] + "|~")


class RemembersByItself(MemoryConnection):
    """The place to resume is kept in the process and not in what is handed out."""

    def __init__(self, *given):
        super().__init__(*given)
        self.places: dict[str, str] = {}

    def changes(self, collection, since, resume):
        if resume is not None and resume not in self.places:
            return NO_PAGE
        page = super().changes(collection, since, self.places.get(resume or ""))
        if page.resume is None:
            return page
        self.places[str(len(self.places))] = page.resume
        return replace(page, resume=str(len(self.places) - 1))


class PromisesTooMuch(MemoryConnection):
    """An unordered listing that says it covers everything until its end, not until its beginning."""

    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(page, covers_until=self.platform.now()) if page.resume is None else page


class CountsPages(MemoryConnection):
    """Paging by offset over what moves."""

    def changes(self, collection, since, resume):
        rest = super().changes(collection, since, None)
        every = list(rest.items)
        while rest.resume is not None:
            rest = super().changes(collection, since, rest.resume)
            every += rest.items
        start = int(resume or 0)
        page, further = every[start : start + 3], start + 3 < len(every)
        covers = None if further else self.platform.now()
        return Page(items=page, resume=str(start + 3) if further else None, covers_until=covers)


class AnswersInItsOwnOrder(MemoryConnection):
    def fetch(self, refs):
        return sorted(super().fetch(refs), key=lambda one: one.ref.rid)


class LeavesOutTheMissing(MemoryConnection):
    def fetch(self, refs):
        return [one for one in super().fetch(refs) if not isinstance(one, Absent)]


class NeverLooksAgain(MemoryConnection):
    """A cache that nobody empties."""

    def __init__(self, *given):
        super().__init__(*given)
        self.kept: dict[Any, Any] = {}

    def fetch(self, refs):
        for one in super().fetch([ref for ref in refs if ref not in self.kept]):
            self.kept[one.ref] = one
        return [self.kept[ref] for ref in refs]


class HidesTheEmpty(MemoryConnection):
    """Empty fields are left out of an answer, as many an API does."""

    def _filled(self, record):
        return {name: value for name, value in super()._filled(record).items() if value is not None}


class CensusOfOnePage(MemoryConnection):
    def census(self, collection, resume):
        return replace(super().census(collection, resume), resume=None)


class CensusOfTheDead(NeverLooksAgain):
    """Whatever was once seen is counted for ever."""

    def census(self, collection, resume):
        return Page(items=[Stub(ref) for ref in self.kept], resume=None)


class ForgetsHistory(MemoryConnection):
    """Only the newest line of each record."""

    def history(self, refs, since, resume):
        page = super().history(refs, since, resume)
        return replace(page, items=list({line.ref: line for line in page.items}.values()))


class TellsBackwards(MemoryConnection):
    def history(self, refs, since, resume):
        page = super().history(refs, since, resume)
        return replace(page, items=page.items[::-1])


class OneHandForAll(MemoryConnection):
    def _remote(self, record):
        return replace(super()._remote(record), updated_by="api")

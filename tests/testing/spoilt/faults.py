"""Connections that fail wrongly."""

from __future__ import annotations

from typing import Any

from deskweave.connector import Absent, Outcome, Page
from deskweave.errors import CredentialError, Executed, RateLimited, Rejected, RequestError, TransientError
from deskweave.testing.memory import MemoryConnection

NO_PAGE: Page[Any] = Page(items=(), resume=None)


class SendsAgain(MemoryConnection):
    """A create without an answer is blindly repeated: the oldest way to fifteen copies."""

    def create(self, drafts):
        try:
            return super().create(drafts)
        except TransientError:
            return super().create(drafts)


class SureOfNothingDone(MemoryConnection):
    """No answer is taken for no effect."""

    def _sure(self, write, items):
        try:
            return write(items)
        except TransientError as error:
            raise TransientError(str(error), executed=Executed.NO) from None

    def create(self, drafts):
        return self._sure(super().create, drafts)

    def patch(self, patches):
        return self._sure(super().patch, patches)


class SwallowsLimits(MemoryConnection):
    def changes(self, collection, since, resume):
        try:
            return super().changes(collection, since, resume)
        except RateLimited:
            return NO_PAGE


class LimitsAreRefusals(MemoryConnection):
    """A 429 in the same drawer as a 400: the item would be parked for ever."""

    def create(self, drafts):
        try:
            return super().create(drafts)
        except RateLimited as error:
            return [Outcome(executed=Executed.NO, error=Rejected(str(error))) for _ in drafts]


class GivesUpTheBatch(MemoryConnection):
    """A limit at the second item, and the first is said not to be done either."""

    def patch(self, patches):
        outcomes = [super(GivesUpTheBatch, self).patch([patch])[0] for patch in patches[:1]]
        try:
            outcomes += [super(GivesUpTheBatch, self).patch([patch])[0] for patch in patches[1:]]
        except RequestError as error:
            return [Outcome(executed=Executed.NO, error=error) for _ in patches]
        return outcomes


class AwayIsEmpty(MemoryConnection):
    def changes(self, collection, since, resume):
        try:
            return super().changes(collection, since, resume)
        except TransientError:
            return NO_PAGE


class AwayIsGone(MemoryConnection):
    """The most expensive mistake there is: a platform that is away empties the other ones."""

    def fetch(self, refs):
        try:
            return super().fetch(refs)
        except TransientError:
            return [Absent(ref, "gone") for ref in refs]


class NobodyIsEmpty(MemoryConnection):
    """A refused token is answered as an anonymous visitor's: with nothing."""

    def census(self, collection, resume):
        try:
            return super().census(collection, resume)
        except CredentialError:
            return NO_PAGE


class AsksNoBudget(MemoryConnection):
    def _call(self, what):
        self.budget = None
        super()._call(what)


class Chatters(MemoryConnection):
    """The token in an error's text."""

    def fetch(self, refs):
        try:
            return super().fetch(refs)
        except CredentialError as error:
            message = f"{error}: tried with {self.token}"
            raise CredentialError(message) from None

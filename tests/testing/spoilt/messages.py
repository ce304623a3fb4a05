"""Connections that are wrong about messages, or about who they are."""

from __future__ import annotations

from dataclasses import replace

from deskweave.connector import Outcome
from deskweave.errors import Executed, TransientError
from deskweave.model import Visibility
from deskweave.testing.memory import MemoryConnection


class SeesNoLock(MemoryConnection):
    """Internal messages are read as public ones, and would be carried on as such."""

    def _message(self, comment):
        return replace(super()._message(comment), visibility=Visibility.PUBLIC)


class ReadsLastFirst(MemoryConnection):
    def messages_of(self, parent):
        page = super().messages_of(parent)
        return replace(page, items=page.items[::-1])


class HearsOnlyLater(MemoryConnection):
    def messages_changes(self, collection, since, resume):
        page = super().messages_changes(collection, since, resume)
        return replace(page, items=[one for one in page.items if since is None or one.at > since])


class SaysTwice(MemoryConnection):
    def _speak(self, *given):
        super()._speak(*given)
        return super()._speak(*given)


class SaysItInPublic(MemoryConnection):
    """The worst of all: an internal note before the requester's eyes."""

    def speak(self, parent, visibility, body, corr, key):
        return super().speak(parent, Visibility.PUBLIC, body, corr, key)


class SaysItSomehow(MemoryConnection):
    """What the collection does not have is said the way it has."""

    def speak(self, parent, visibility, body, corr, key):
        known = self._switches(parent.collection).visibilities
        return super().speak(parent, visibility if visibility in known else next(iter(known)), body, corr, key)


class LosesItInSilence(MemoryConnection):
    def speak(self, parent, visibility, body, corr, key):
        known = visibility in self._switches(parent.collection).visibilities
        return super().speak(parent, visibility, body, corr, key) if known else Outcome(executed=Executed.YES)


class ForgetsWhoSpoke(MemoryConnection):
    def _message(self, comment):
        return replace(super()._message(comment), corr=None, author_side="unknown")


class SpeaksAgain(MemoryConnection):
    def speak(self, *given):
        try:
            return super().speak(*given)
        except TransientError:
            return super().speak(*given)


class NewEveryTime(MemoryConnection):
    @property
    def identity(self):
        return replace(super().identity, instance=f"{self.platform.name}-{id(self)}")


class OneNameForAll(MemoryConnection):
    @property
    def identity(self):
        return replace(super().identity, instance="the cloud")


class LeavesNoMark(MemoryConnection):
    """No mark is left, and nobody is told that there is no place for one."""

    def plant_identity(self, install, epoch):
        return


class RemembersWhoAnswered(MemoryConnection):
    @property
    def identity(self):
        self.said = getattr(self, "said", None) or super().identity
        return self.said


class ReadsAnOldMark(MemoryConnection):
    def plant_identity(self, install, epoch):
        self.platform.mark = self.platform.mark or (install, epoch)

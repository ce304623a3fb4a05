"""Connections that write wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deskweave.connector import Outcome
from deskweave.errors import Executed
from deskweave.testing.memory import MemoryConnection


class DropsSilently(MemoryConnection):
    """One field is not sent, and nobody is told."""

    def _create(self, draft):
        return super()._create(replace(draft, fields={name: raw for name, raw in draft.fields.items() if name != "impact"}))


class FindsAnything(MemoryConnection):
    """A search whose condition the platform ignores."""

    def find(self, collection, corr, created_after):
        records = [one for key, one in self.platform.records.items() if key[0] == collection]
        return [self._remote(one) for one in records]


class LosesTheMark(MemoryConnection):
    def _create(self, draft):
        return super()._create(replace(draft, corr=""))


class IgnoresTheKey(MemoryConnection):
    """The key is not sent along, so a repetition is a second create."""

    def _create(self, draft):
        return super()._create(replace(draft, key=f"{draft.key}-{self.platform.calls}"))


class AppliesLessThanItSays(MemoryConnection):
    def _patch(self, patch):
        last = list(patch.set)[-1:]
        return super()._patch(replace(patch, set={name: raw for name, raw in patch.set.items() if name not in last}))


class ReplacesTheWhole(MemoryConnection):
    """PUT where PATCH is meant: what is not named is emptied."""

    def _patch(self, patch):
        keep = ("short", "state", *patch.set)
        record = self.platform.records[patch.ref.collection, patch.ref.rid]
        wiped = dict.fromkeys(name for name in record.fields if name not in keep and name != "opened")
        return super()._patch(replace(patch, set={**wiped, **patch.set}))


class SaysNothingOfAFate(MemoryConnection):
    """Neither applied nor dropped."""

    def _patch(self, patch):
        return replace(super()._patch(patch), applied=frozenset())


class NeverEmpties(MemoryConnection):
    def _patch(self, patch):
        return super()._patch(replace(patch, set={name: raw for name, raw in patch.set.items() if raw is not None}))


class LosesOrder(MemoryConnection):
    """The write before is sent once more behind this one."""

    before: Any = None

    def _patch(self, patch):
        outcome = super()._patch(patch)
        if self.before is not None and self.before.ref == patch.ref:
            super()._patch(replace(self.before, if_version=None))
        self.before = patch
        return outcome


class KnowsTwoStatuses(MemoryConnection):
    """A status it has not heard of becomes another one, politely."""

    def _patch(self, patch):
        state = patch.set.get("state")
        return super()._patch(replace(patch, set={**patch.set, "state": "2"}) if state not in (None, "1", "2") else patch)


class OneForAll(MemoryConnection):
    """A batch falls with its worst item."""

    def patch(self, patches):
        outcomes = super().patch(patches)
        for one in outcomes:
            if one.error is not None:
                raise one.error
        return outcomes


class AnswersTheGoodOnes(MemoryConnection):
    def patch(self, patches):
        return [one for one in super().patch(patches) if one.error is None]


class NeverAsksTheVersion(MemoryConnection):
    def _patch(self, patch):
        return super()._patch(replace(patch, if_version=None))


class DeletesUnasked(MemoryConnection):
    """Deletes is not declared, and done."""

    def _delete(self, ref):
        self.platform.records.pop((ref.collection, ref.rid), None)
        return Outcome(executed=Executed.YES, ref=ref)


class KeepsWhatItDeletes(MemoryConnection):
    def _delete(self, ref):
        return Outcome(executed=Executed.YES, ref=ref)


class ListsInCapitals(MemoryConnection):
    """A listing that shows a record otherwise than a look at it: every write of ours would come back as somebody's edit."""

    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(
            page, items=[replace(one, fields={**one.fields, "short": str(one.fields["short"]).upper()}) for one in page.items]
        )

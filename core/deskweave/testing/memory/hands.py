"""What people do on a platform in memory: in its own pages, past our account's rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from deskweave.connector import Mapper, Ref, RemoteRecord, View
from deskweave.model import FieldId, Json, Value, Visibility
from deskweave.testing.memory.platform import MemoryPlatform, Record


class MemoryHands:
    """`connector.Hands` for a `MemoryPlatform`. Attachments it has none."""

    def __init__(self, platform: MemoryPlatform, mapper: Mapper) -> None:
        self._platform, self._mapper = platform, mapper

    def create(self, collection: str, values: Mapping[FieldId, Value], by: str) -> Ref:
        self._platform.settle()
        self._platform.people.setdefault(by)
        draft = self._mapper.draft(collection, values, corr="", key="")
        record = self._platform.insert(collection, draft.fields, by, corr=None, key=None)
        return Ref(collection, record.rid)

    def edit(self, ref: Ref, values: Mapping[FieldId, Value], by: str) -> None:
        self._platform.settle()
        record = self._platform.records[ref.collection, ref.rid]
        patch = self._mapper.patch(View(dict(values)), whole(record), key="")
        if patch.set:
            self._platform.update(record, patch.set, by)

    def shows(self, ref: Ref) -> Mapping[FieldId, Value]:
        """What a person reads on the record."""
        self._platform.settle()
        return self._mapper.read(whole(self._platform.records[ref.collection, ref.rid])).values

    def said(self, parent: Ref) -> Sequence[tuple[Visibility, str]]:
        """What a person reads under the record, oldest first."""
        self._platform.settle()
        under = parent.collection, parent.rid
        return [(one.visibility, one.body) for one in self._platform.comments if (one.collection, one.rid) == under]

    def write(self, parent: Ref, visibility: Visibility, body: str, by: str) -> Ref:
        self._platform.settle()
        self._platform.people.setdefault(by)
        record = self._platform.records[parent.collection, parent.rid]
        return Ref("comment", str(self._platform.comment(record, visibility, body, by).number))

    def rewrite(self, message: Ref, body: str, by: str) -> None:
        """Change what was said."""
        self._platform.settle()
        (found,) = [one for one in self._platform.comments if str(one.number) == message.rid]
        self._platform.rewrite(found, body, by)

    def attach(self, parent: Ref, visibility: Visibility, name: str, content: bytes, by: str) -> Ref:
        raise NotImplementedError("a platform in memory keeps no files")

    def remove(self, ref: Ref) -> None:
        self._platform.settle()
        self._platform.remove(ref.collection, ref.rid)

    def restore(self, ref: Ref, by: str) -> None:
        """Take a record back out of the bin."""
        self._platform.restore(ref.collection, ref.rid, by)

    def answer(self, corr: str, kind: str, value: Json, by: str) -> None:
        """Somebody presses a button or types a reply: it is told once, and stands nowhere."""
        at = self._platform.stamp().isoformat()
        self._platform.posts.now = self._platform.now
        self._platform.posts.tell({"answers": [{"corr": corr, "kind": kind, "value": value, "account": by, "at": at}]})

    def replay(self, collection: str, history: Sequence[tuple[datetime, str, Mapping[FieldId, Value]]]) -> Sequence[Ref]:
        """Each named record in the order it first appears. The caller turns the clock."""
        refs: dict[str, Ref] = {}
        for _, whose, values in history:
            if whose in refs:
                self.edit(refs[whose], values, "someone")
            else:
                refs[whose] = self.create(collection, values, "someone")
        return list(refs.values())


def whole(record: Record) -> RemoteRecord:
    """A record with everything on it, as a person sees it."""
    return RemoteRecord(
        ref=Ref(record.collection, record.rid),
        fields=dict(record.fields),
        corr=None,
        updated_at=record.updated_at,
        version=None,
        updated_by=record.by,
        label=record.label,
    )

"""A connection to a platform in memory: every facet the engine asks for, every door with a hook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from deskweave.connector import (
    Absent,
    Capabilities,
    Draft,
    InstanceIdentity,
    Mapper,
    Outcome,
    Page,
    Patch,
    Plant,
    Ref,
    RemoteChange,
    RemoteMessage,
    RemoteRecord,
    Stub,
)
from deskweave.errors import (
    CredentialError,
    Executed,
    RateLimited,
    Rejected,
    RequestError,
    Scope,
    Stale,
    TransientError,
)
from deskweave.model import Binding, InternalMessage, Json, PublicMessage, Visibility
from deskweave.testing.memory.platform import US, Comment, MemoryPlatform, Record, Switches

T = TypeVar("T")


@dataclass(slots=True)
class _Messages:
    """The messages facet."""

    home: MemoryConnection

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        return self.home.messages_changes(collection, since, resume)

    def of(self, parent: Ref, resume: str | None) -> Page[RemoteMessage]:
        return self.home.messages_of(parent)

    def say(self, parent: Ref, message: PublicMessage, *, corr: str, key: str) -> Outcome:
        assert isinstance(message, PublicMessage), "an internal message was about to be said in public"
        return self.home.speak(parent, Visibility.PUBLIC, message.body, corr, key)

    def note(self, parent: Ref, message: InternalMessage, *, corr: str, key: str) -> Outcome:
        assert isinstance(message, InternalMessage)
        return self.home.speak(parent, Visibility.INTERNAL, message.body, corr, key)


class MemoryConnection:
    """`connector.Connection`, records and sink in one. Faults of the platform strike its writing calls."""

    people = None
    attachments = None
    outreach = None
    configuration = None
    target = None
    scoreboard = None
    webhooks = None

    def __init__(self, platform: MemoryPlatform, mapper: Callable[[Binding], Mapper]) -> None:
        self.platform, self._mapper = platform, mapper
        self.messages: _Messages | None = _Messages(self) if platform.switches.messages != "none" else None

    @property
    def capabilities(self) -> Capabilities:
        platform = self.platform
        names = platform.collections or {"ticket": platform.switches}
        return Capabilities(
            collections={name: switches.capabilities() for name, switches in names.items()},
            rates=platform.rates,
            max_parallel=1,
            lost=(),
            probed_at=platform.now(),
        )

    @property
    def identity(self) -> InstanceIdentity:
        return InstanceIdentity(f"memory://{self.platform.name}", self.platform.name, None, None)

    @property
    def records(self) -> MemoryConnection:
        return self

    @property
    def sink(self) -> MemoryConnection:
        return self

    def mapper(self, binding: Binding) -> Mapper:
        return self._mapper(binding)

    def plant_identity(self, install: str, epoch: str) -> None:
        raise NotImplementedError("a platform in memory has no place for a mark")

    def close(self) -> None:
        """Nothing to close."""

    # ------------------------------------------------------------------------------------------------------------ reading
    def _switches(self, collection: str) -> Switches:
        return self.platform.collections.get(collection, self.platform.switches)

    def _read(self, what: str) -> None:
        platform = self.platform
        platform.calls += 1
        platform.hook(f"before {what}")
        platform.settle()
        if platform.read_faults:
            _strike(platform.read_faults.pop(0), platform.now())

    def _remote(self, record: Record) -> RemoteRecord:
        switches = self._switches(record.collection)
        return RemoteRecord(
            ref=Ref(record.collection, record.rid),
            fields={name: value for name, value in self._filled(record).items() if name not in switches.unreadable},
            corr=record.corr,
            updated_at=record.updated_at,
            version=str(record.version) if switches.versions else None,
            updated_by=record.by,
            label=record.label,
            url=f"memory://{self.platform.name}/{record.label}",
        )

    @staticmethod
    def _filled(record: Record) -> dict[str, Json]:
        return {**dict.fromkeys(("short", "long", "prio", "state", "links")), **record.fields}

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        self._read("records.changes")
        switches, platform, now = self._switches(collection), self.platform, self.platform.now()
        listed: list[tuple[datetime, Record]] = []
        for record in platform.records.values():
            if record.collection != collection:
                continue
            at = record.listed(now)
            if at is not None and (since is None or switches.scan or at >= platform.stamp(since)):
                listed.append((at, record))
        if switches.ordered:
            listed.sort(key=lambda one: (one[0], one[1].rid))
            keys = [f"{at.isoformat()}|{record.rid}" for at, record in listed]
            start = next((n for n, key in enumerate(keys) if resume is None or key > resume), len(keys))
            items = listed[start : start + switches.page]
            last = start + switches.page >= len(listed)
            covers: datetime | None = platform.stamp() if last else items[-1][0]
            token = None if last else keys[start + switches.page - 1]
        else:
            begun, _, after = (resume or f"{platform.stamp().isoformat()}|").partition("|")
            listed.sort(key=lambda one: one[1].rid)
            rest = [one for one in listed if one[1].rid > after]
            items, last = rest[: switches.page], len(rest) <= switches.page
            covers = datetime.fromisoformat(begun) if last else None
            token = None if last else f"{begun}|{items[-1][1].rid}"
        page = Page(items=[self._remote(record) for _, record in items], resume=token, covers_until=covers, expected=len(listed))
        platform.hook("after records.changes")
        return page

    def fetch(self, refs: Sequence[Ref]) -> Sequence[RemoteRecord | Absent]:
        self._read("records.fetch")
        found: list[RemoteRecord | Absent] = []
        for ref in refs:
            record = self.platform.records.get((ref.collection, ref.rid))
            found.append(Absent(ref, "gone") if record is None else self._remote(record))
        self.platform.hook("after records.fetch")
        return found

    def find(self, collection: str, corr: str, created_after: datetime) -> Sequence[RemoteRecord]:
        self._read("records.find")
        lagging = self._switches(collection).find == "lagging"
        now = self.platform.now()
        found = [
            self._remote(record)
            for record in self.platform.records.values()
            if record.collection == collection
            and record.corr == corr
            and record.created_at >= self.platform.stamp(created_after)
            and not (lagging and record.listed(now) is None)
        ]
        self.platform.hook("after records.find")
        return found

    def census(self, collection: str, resume: str | None) -> Page[Stub]:
        self._read("records.census")
        stubs = [Stub(Ref(*key), record.updated_at) for key, record in self.platform.records.items() if key[0] == collection]
        return Page(items=stubs, resume=None, expected=len(stubs))

    def history(self, refs: Sequence[Ref], since: datetime | None, resume: str | None) -> Page[RemoteChange]:
        self._read("records.history")
        wanted, now = {(ref.collection, ref.rid) for ref in refs}, self.platform.now()
        lines = [
            RemoteChange(
                change_id=str(line.number),
                ref=Ref(line.collection, line.rid),
                field=line.field,
                old=line.old,
                new=line.new,
                at=line.at,
                order=line.number,
                by=line.by,
                version=str(line.version),
            )
            for line in self.platform.lines
            if (line.collection, line.rid) in wanted
            and line.field not in self._switches(line.collection).unreadable
            and (since is None or line.at >= self.platform.stamp(since))
            and line.at + self._switches(line.collection).history_lag <= now
        ]
        self.platform.hook("after records.history")
        return Page(items=lines, resume=None)

    # ------------------------------------------------------------------------------------------------------------ writing
    def _write(self, what: str, act: Callable[[], T]) -> T:
        """One writing call: hooks at its doors, and the next armed fault in it."""
        platform = self.platform
        platform.calls += 1
        platform.hook(f"before {what}")
        platform.settle()
        fault = platform.faults.pop(0) if platform.faults else None
        if fault == "lost_request":
            raise TransientError("no answer", executed=Executed.MAYBE)
        if fault == "late_request":
            platform.late.append((platform.now() + platform.switches.settle * platform.random.random(), act))
            raise TransientError("no answer", executed=Executed.MAYBE)
        if fault == "lost_answer":
            act()
            platform.hook(f"after {what}")
            raise TransientError("no answer", executed=Executed.MAYBE)
        if fault is not None:
            _strike(fault, platform.now())
        done = act()
        platform.hook(f"after {what}")
        return done

    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        return self._write("sink.create", lambda: [self._create(draft) for draft in drafts])

    def _create(self, draft: Draft) -> Outcome:
        platform, switches = self.platform, self._switches(draft.collection)
        fields = dict(draft.fields)
        if fields.get("short") == "refused":
            return Outcome(executed=Executed.NO, error=Rejected("short: refused is not allowed"))
        record = next(
            (
                one
                for one in platform.records.values()
                if one.collection == draft.collection
                and (
                    (switches.plant is Plant.UPSERT and one.corr == draft.corr)
                    or (switches.plant is Plant.KEY and one.key == draft.key)
                )
            ),
            None,
        )
        if record is None:
            planted = None if switches.plant in (Plant.NONE, Plant.AFTER) else draft.corr
            record = platform.insert(draft.collection, fields, US, corr=planted, key=draft.key)
            platform.writes += 1
            if switches.plant is Plant.AFTER:
                platform.hook("between sink.create and its mark")
                record.corr = draft.corr
        elif switches.plant is Plant.UPSERT:
            platform.update(record, fields, US)
            platform.writes += 1
        ref = Ref(record.collection, record.rid)
        return Outcome(
            executed=Executed.YES,
            ref=None if switches.plant is Plant.NONE and not switches.tells else ref,
            record=self._remote(record) if switches.tells else None,
        )

    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        return self._write("sink.patch", lambda: [self._patch(patch) for patch in patches])

    def _patch(self, patch: Patch) -> Outcome:
        platform, switches = self.platform, self._switches(patch.ref.collection)
        record = platform.records.get((patch.ref.collection, patch.ref.rid))
        error: RequestError | None = None
        if record is None:
            error = Rejected("there is no such record")
        elif switches.conditions and patch.if_version is not None and patch.if_version != str(record.version):
            error = Stale("changed in between", executed=Executed.NO)
        elif patch.set.get("short") == "refused":
            error = Rejected("short: refused is not allowed")
        if record is None or error is not None:
            return Outcome(executed=Executed.NO, ref=patch.ref, error=error)
        platform.update(record, patch.set, US)
        platform.writes += 1
        return Outcome(
            executed=Executed.YES, ref=patch.ref, record=self._remote(record) if switches.tells else None, applied=patch.covers
        )

    def delete(self, refs: Sequence[Ref]) -> Sequence[Outcome]:
        return [Outcome(executed=Executed.NO, ref=ref, error=Rejected("nothing is deleted here")) for ref in refs]

    # ----------------------------------------------------------------------------------------------------------- messages
    def _message(self, comment: Comment) -> RemoteMessage:
        return RemoteMessage(
            ref=Ref("comment", str(comment.number)),
            parent=Ref(comment.collection, comment.rid),
            visibility=comment.visibility,
            body=comment.body,
            author=comment.by,
            author_side="us" if comment.by == US else "unknown",
            at=comment.at,
            edited_at=None,
            corr=comment.corr,
        )

    def messages_changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        self._read("messages.changes")
        now, platform = self.platform.now(), self.platform
        items = [
            self._message(one)
            for one in platform.comments
            if one.collection == collection and one.indexed_at <= now and (since is None or one.at >= platform.stamp(since))
        ]
        page = Page(items=items, resume=None, covers_until=platform.stamp())
        platform.hook("after messages.changes")
        return page

    def messages_of(self, parent: Ref) -> Page[RemoteMessage]:
        self._read("messages.of")
        return Page(
            items=[
                self._message(one) for one in self.platform.comments if (one.collection, one.rid) == (parent.collection, parent.rid)
            ],
            resume=None,
        )

    def speak(self, parent: Ref, visibility: Visibility, body: str, corr: str, key: str) -> Outcome:
        return self._write("messages.say", lambda: self._speak(parent, visibility, body, corr, key))

    def _speak(self, parent: Ref, visibility: Visibility, body: str, corr: str, key: str) -> Outcome:
        platform, switches = self.platform, self._switches(parent.collection)
        found = next((one for one in platform.comments if switches.message_plant is Plant.KEY and one.key == key), None)
        if found is None:
            planted = corr if switches.message_plant in (Plant.ATOMIC, Plant.UPSERT, Plant.KEY) else None
            record = platform.records[parent.collection, parent.rid]
            found = platform.comment(record, visibility, body, US, corr=planted, key=key)
            platform.writes += 1
        return Outcome(executed=Executed.YES, ref=Ref("comment", str(found.number)) if switches.tells else None)


def _strike(fault: str, now: datetime) -> None:
    later = now + timedelta(seconds=45)
    if fault == "limited":
        raise RateLimited("too many calls", scope=Scope.CONNECTION, retry_at=later)
    if fault == "limited_class":
        raise RateLimited("too many calls of this kind", scope=Scope.RATE_CLASS, rate_class="write", retry_at=later)
    if fault == "rejected":
        raise Rejected("not like this")
    if fault == "down":
        raise TransientError("not reachable", executed=Executed.NO)
    if fault == "forbidden":
        raise CredentialError("the password has expired")
    if fault == "bug":
        raise ZeroDivisionError
    message = f"no such fault: {fault}"
    raise ValueError(message)

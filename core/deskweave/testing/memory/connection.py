"""A connection to a platform in memory: every facet the engine asks for, every door with a hook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from deskweave.connector import (
    Absent,
    Budget,
    Capabilities,
    Draft,
    InstanceIdentity,
    Mapper,
    Outcome,
    Page,
    Patch,
    People,
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
    Missing,
    PermissionMissing,
    RateLimited,
    Rejected,
    RemoteError,
    RequestError,
    Scope,
    Stale,
    TransientError,
)
from deskweave.model import Binding, FieldId, InternalMessage, Json, PublicMessage, Visibility
from deskweave.testing.memory.configuration import MemoryConfiguration
from deskweave.testing.memory.platform import US, Comment, MemoryPlatform, Passed, Record, Switches
from deskweave.testing.memory.posts import MemoryReceiver

T = TypeVar("T")
NOTHING: Final[Mapping[str, Json]] = {}
READING: Final = ("rate_limited", "down", "unauthorised", "lost_request", "lost_answer")
WRITING: Final = ("lost_request", "lost_answer", "rate_limited", "down", "unauthorised")


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

    people: People | None = None
    attachments = None
    outreach = None
    scoreboard = None
    receives: type[MemoryReceiver] = MemoryReceiver

    def __init__(self, platform: MemoryPlatform, mapper: Callable[[Binding], Mapper]) -> None:
        self.platform, self._mapper = platform, mapper
        self.messages: _Messages | None = _Messages(self) if platform.switches.messages != "none" else None
        self.configuration = self.target = MemoryConfiguration(self) if platform.elements is not None else None
        self.address = f"memory://{platform.name}"
        self.budget: Budget | None = None
        self.token = ""
        self._bound: dict[str, FieldId] = {}
        self._counting: set[str] = set()  #: whom the census that is under way has listed
        self._answers: list[Passed] = []  #: records in the answer of the writing call that is under way

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
        install, epoch = self.platform.mark or (None, None)
        return InstanceIdentity(self.address, self.platform.name, install, epoch)

    @property
    def records(self) -> MemoryConnection | None:
        return self if self.platform.switches.fetches else None

    @property
    def webhooks(self) -> MemoryReceiver | None:
        every = [self.platform.switches, *self.platform.collections.values()]
        return self.receives(self) if any(one.callback or one.hints for one in every) else None

    @property
    def sink(self) -> MemoryConnection:
        return self

    def mapper(self, binding: Binding) -> Mapper:
        """The mapper of a binding; from now on the connection says which of its fields were not kept."""
        self._bound = {at.native: name for bound in binding.collections.values() for name, at in bound.fields.items()}
        return self._mapper(binding)

    def plant_identity(self, install: str, epoch: str) -> None:
        self.platform.mark = (install, epoch)

    def close(self) -> None:
        """Nothing to close."""

    # ------------------------------------------------------------------------------------------------------------ reading
    def _switches(self, collection: str) -> Switches:
        return self.platform.habits(collection)

    def _call(self, what: str) -> None:
        """Every call: our own budget is asked first, then it goes out."""
        if self.budget is not None:
            self.budget.take("calls")
        self.platform.calls += 1
        self.platform.hook(f"before {what}")
        self.platform.settle()
        again = self.platform.let_in()
        if again is not None:
            if self.budget is not None:
                self.budget.learn("calls", 0, again)
            raise RateLimited("too many calls", scope=Scope.RATE_CLASS, rate_class="calls", retry_at=again)

    def _read(self, what: str) -> None:
        platform = self.platform
        self._call(what)
        if platform.read_faults and platform.read_faults[0] != "stuck":
            strike(platform.read_faults.pop(0), platform.now())
        for word in READING:
            how = platform.strikes(what, word, writes=False)
            if how is not None:
                strike(word, platform.now(), how)

    def _listed(self, collection: str) -> None:
        """A source that calls back has nothing to list."""
        if self._switches(collection).callback:
            message = f"{collection} is not listed: it calls back"
            raise Rejected(message)

    def _page(self, what: str, size: int) -> int:
        """How many a listing gives at once: less than it could, where it is told to."""
        how = self.platform.strikes(what, "small_pages", writes=False)
        most = how.get("size") if how else None
        return min(size, most) if isinstance(most, int) else size

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

    def _show(self, records: Iterable[Record]) -> None:
        """Write down on the platform that we are shown these records as they stand."""
        platform = self.platform
        platform.passed += [Passed(key=(one.collection, one.rid), version=one.version, at=platform.now()) for one in records]

    def _filled(self, record: Record) -> dict[str, Json]:
        return {**dict.fromkeys(self.platform.columns), **record.fields}

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        self._read("records.changes")
        self._listed(collection)
        switches, platform, now = self._switches(collection), self.platform, self.platform.now()
        if platform.read_faults[:1] == ["stuck"] and resume is not None:
            platform.read_faults.pop(0)
            return Page(items=(), resume=resume)
        size = self._page("records.changes", switches.page)
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
            items = listed[start : start + size]
            last = start + size >= len(listed)
            covers: datetime | None = platform.stamp() if last else items[-1][0]
            token = None if last else keys[start + size - 1]
        else:
            begun, _, after = (resume or f"{platform.stamp().isoformat()}|").partition("|")
            listed.sort(key=lambda one: one[1].rid)
            rest = [one for one in listed if one[1].rid > after]
            items, last = rest[:size], len(rest) <= size
            covers = datetime.fromisoformat(begun) if last else None
            token = None if last else f"{begun}|{items[-1][1].rid}"
        page = Page(items=[self._remote(record) for _, record in items], resume=token, covers_until=covers, expected=len(listed))
        self._show(record for _, record in items)
        platform.hook("after records.changes")
        return page

    def fetch(self, refs: Sequence[Ref]) -> Sequence[RemoteRecord | Absent]:
        self._read("records.fetch")
        found: list[RemoteRecord | Absent] = []
        for ref in refs:
            record = self.platform.records.get((ref.collection, ref.rid))
            found.append(Absent(ref, self._switches(ref.collection).absent) if record is None else self._remote(record))
            self._show([record] if record is not None else ())
        self.platform.hook("after records.fetch")
        return found

    def find(self, collection: str, corr: str, created_after: datetime) -> Sequence[RemoteRecord]:
        self._read("records.find")
        lagging = self._switches(collection).find == "lagging"
        now = self.platform.now()
        found = [
            record
            for record in self.platform.records.values()
            if record.collection == collection
            and record.corr == corr
            and record.created_at >= self.platform.stamp(created_after)
            and not (lagging and record.listed(now) is None)
        ]
        remote = [self._remote(record) for record in found]
        self._show(found)
        self.platform.hook("after records.find")
        return remote

    def census(self, collection: str, resume: str | None) -> Page[Stub]:
        self._read("records.census")
        self._listed(collection)
        keys = sorted(key for key in self.platform.records if key[0] == collection)
        rest = [key for key in keys if resume is None or key[1] > resume]
        size = self._page("records.census", self._switches(collection).page)
        stubs = [Stub(Ref(*key), self.platform.records[key].updated_at) for key in rest[:size]]
        begun = self._counting if resume is not None else set()
        self._counting = begun | {key[1] for key in rest[:size]}
        if len(rest) <= size:
            self.platform.counted.append((self.platform.now(), frozenset(self._counting)))
        return Page(items=stubs, resume=rest[size - 1][1] if len(rest) > size else None, expected=len(keys))

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
    def _write(self, what: str, items: Sequence[T], act: Callable[[T], Outcome]) -> Sequence[Outcome]:
        """One writing call: hooks at its doors, and the next armed fault in it, over the whole of it or one item."""
        platform = self.platform
        self._call(what)
        self._answers.clear()
        fault = platform.faults.pop(0) if platform.faults else None
        how: Mapping[str, Json] = {}
        for word in WRITING:
            struck = None if fault is not None else platform.strikes(what, word, writes=True)
            if struck is not None:
                fault, how = word, struck
        if fault is not None and isinstance(how.get("item"), int):
            return self._struck(items, act, fault, how)
        if fault == "lost_request":
            raise TransientError("no answer", executed=Executed.MAYBE)
        if fault == "late_request":
            moment = platform.now() + platform.switches.settle * platform.random.random()
            platform.late.append((moment, lambda: [act(item) for item in items]))
            raise TransientError("no answer", executed=Executed.MAYBE)
        if fault == "lost_answer":
            for item in items:
                act(item)
            platform.hook(f"after {what}")
            raise TransientError("no answer", executed=Executed.MAYBE)
        if fault is not None:
            strike(fault, platform.now(), how)
        done = [act(item) for item in items]
        answers = list(self._answers)
        platform.hook(f"after {what}")
        platform.passed += answers
        return done

    def carry_out(self, what: str, item: T, act: Callable[[T], Outcome]) -> Outcome:
        """One writing call of a facet that is not the sink."""
        return self._write(what, [item], act)[0]

    def _struck(self, items: Sequence[T], act: Callable[[T], Outcome], fault: str, how: Mapping[str, Json]) -> Sequence[Outcome]:
        """A batch of which one item meets with a fault; a limit leaves what comes after it unsent."""
        done: list[Outcome] = []
        unsent: RequestError | None = None
        for number, item in enumerate(items):
            if unsent is not None:
                done.append(Outcome(executed=Executed.NO, error=unsent))
            elif number != how["item"]:
                done.append(act(item))
            elif fault in ("lost_request", "lost_answer"):
                if fault == "lost_answer":
                    act(item)
                    self._answers.clear()
                error = TransientError("no answer", executed=Executed.MAYBE)
                done.append(Outcome(executed=Executed.MAYBE, error=error))
            else:
                try:
                    strike(fault, self.platform.now(), how)
                except RequestError as met:
                    unsent = met
                    done.append(Outcome(executed=met.executed, error=met))
        return done

    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        return self._write("sink.create", drafts, self._create)

    def _create(self, draft: Draft) -> Outcome:
        platform, switches = self.platform, self._switches(draft.collection)
        fields = dict(draft.fields)
        refused = self._refused(fields)
        if refused is not None:
            return Outcome(executed=Executed.NO, error=refused)
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
            record=self._answer(record),
            dropped=self._lost(fields),
        )

    def _refused(self, fields: Mapping[str, Json]) -> Rejected | None:
        """A rule there refuses these values, whoever may have seen to it."""
        refuses = [("short", "refused"), *self.platform.refuses]
        found = next((f"{native}: {raw} is not allowed" for native, raw in fields.items() if (native, raw) in refuses), None)
        return None if found is None else Rejected(found)

    def _lost(self, fields: Mapping[str, Json]) -> frozenset[FieldId]:
        """Fields of ours that there is no place for."""
        return frozenset(self._bound[name] for name in fields if name in self._bound and not self.platform.has(name))

    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        """Change records; what is asked for is written down, and when it is answered."""
        platform = self.platform
        asked = [Passed(key=(one.ref.collection, one.ref.rid), asked=dict(one.set), at=platform.now()) for one in patches]
        platform.passed += asked
        executed = [Executed.MAYBE for _ in patches]
        try:
            outcomes = self._write("sink.patch", patches, self._patch)
            executed = [one.executed for one in outcomes]
        except RemoteError as error:
            executed = [error.executed if isinstance(error, RequestError) else Executed.NO for _ in patches]
            raise
        finally:
            for one, how in zip(asked, executed, strict=True):
                one.answered = None if how is Executed.MAYBE else len(platform.passed)
        return outcomes

    def _answer(self, record: Record) -> RemoteRecord | None:
        """The record as the answer to a write carries it."""
        if not self._switches(record.collection).tells:
            return None
        self._answers.append(Passed(key=(record.collection, record.rid), version=record.version, at=self.platform.now()))
        return self._remote(record)

    def _patch(self, patch: Patch) -> Outcome:
        platform, switches = self.platform, self._switches(patch.ref.collection)
        record = platform.records.get((patch.ref.collection, patch.ref.rid))
        error: RequestError | None = None
        if record is None:
            error = Rejected("there is no such record")
        elif switches.conditions and patch.if_version is not None and patch.if_version != str(record.version):
            error = Stale("changed in between", executed=Executed.NO)
        else:
            error = self._refused(patch.set) or _barred(switches, record.fields.get("state"), patch.set.get("state"))
        if record is None or error is not None:
            return Outcome(executed=Executed.NO, ref=patch.ref, error=error)
        platform.update(record, patch.set, US)
        platform.writes += 1
        dropped = self._lost(patch.set)
        return Outcome(
            executed=Executed.YES,
            ref=patch.ref,
            record=self._answer(record),
            applied=patch.covers - dropped,
            dropped=dropped,
        )

    def delete(self, refs: Sequence[Ref]) -> Sequence[Outcome]:
        return self._write("sink.delete", refs, self._delete)

    def _delete(self, ref: Ref) -> Outcome:
        if not self._switches(ref.collection).deletes:
            return Outcome(executed=Executed.NO, ref=ref, error=Rejected("nothing is deleted here"))
        if (ref.collection, ref.rid) in self.platform.records:
            self.platform.remove(ref.collection, ref.rid)
        self.platform.writes += 1
        return Outcome(executed=Executed.YES, ref=ref)

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
            edited_at=comment.edited_at if self._switches(comment.collection).message_edits == "seen" else None,
            corr=comment.corr,
        )

    def messages_changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        self._read("messages.changes")
        self._listed(collection)
        now, platform = self.platform.now(), self.platform
        items = [
            self._message(one)
            for one in platform.comments
            if (one.collection, one.rid) in platform.records
            and one.collection == collection
            and one.indexed_at <= now
            and (since is None or (one.edited_at or one.at) >= platform.stamp(since))
        ]
        page = Page(items=items, resume=None, covers_until=platform.stamp())
        platform.hook("after messages.changes")
        return page

    def messages_of(self, parent: Ref) -> Page[RemoteMessage]:
        self._read("messages.of")
        self._listed(parent.collection)
        if (parent.collection, parent.rid) not in self.platform.records:
            raise Missing("there is no such record", executed=Executed.NO)
        return Page(
            items=[
                self._message(one) for one in self.platform.comments if (one.collection, one.rid) == (parent.collection, parent.rid)
            ],
            resume=None,
        )

    def speak(self, parent: Ref, visibility: Visibility, body: str, corr: str, key: str) -> Outcome:
        if visibility not in self._switches(parent.collection).visibilities:
            return Outcome(executed=Executed.NO, error=Rejected(f"{parent.collection} knows no {visibility.value} messages"))
        return self._write("messages.say", [body], lambda said: self._speak(parent, visibility, said, corr, key))[0]

    def _speak(self, parent: Ref, visibility: Visibility, body: str, corr: str, key: str) -> Outcome:
        platform, switches = self.platform, self._switches(parent.collection)
        if (parent.collection, parent.rid) not in platform.records:
            return Outcome(executed=Executed.NO, error=Missing("there is no such record", executed=Executed.NO))
        found = next((one for one in platform.comments if switches.message_plant is Plant.KEY and one.key == key), None)
        if found is None:
            planted = corr if switches.message_plant in (Plant.ATOMIC, Plant.UPSERT, Plant.KEY) else None
            record = platform.records[parent.collection, parent.rid]
            found = platform.comment(record, visibility, body, US, corr=planted, key=key)
            platform.writes += 1
        return Outcome(executed=Executed.YES, ref=Ref("comment", str(found.number)) if switches.tells else None)


def strike(fault: str, now: datetime, how: Mapping[str, Json] = NOTHING) -> None:
    """Raise what a platform answers with where this fault is armed."""
    after = how.get("retry_after", 45)
    later = now + timedelta(seconds=after if isinstance(after, (int, float)) else 45)
    if fault in ("limited", "rate_limited"):
        raise RateLimited("too many calls", scope=Scope.CONNECTION, retry_at=later)
    if fault == "limited_class":
        raise RateLimited("too many calls of this kind", scope=Scope.RATE_CLASS, rate_class="write", retry_at=later)
    if fault == "rejected":
        raise Rejected("not like this")
    if fault in ("down", "lost_request", "lost_answer"):
        raise TransientError("not reachable", executed=Executed.NO)
    if fault in ("forbidden", "unauthorised"):
        raise CredentialError("the password has expired")
    if fault == "no_right":
        raise PermissionMissing("the account lacks a role")
    if fault == "bug":
        raise ZeroDivisionError
    message = f"no such fault: {fault}"
    raise ValueError(message)


def _barred(switches: Switches, state: Json, wanted: Json) -> RequestError | None:
    """Why a record cannot be brought from one state to another, where the platform has a workflow."""
    if switches.flow is None or wanted in (None, state) or (str(state), str(wanted)) in switches.flow:
        return None
    return Rejected(f"no way leads from state {state} to {wanted}")

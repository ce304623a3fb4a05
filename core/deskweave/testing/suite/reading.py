"""What is on the platform is seen: all of it, in any order, across pages, ties, restarts, and while people write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from deskweave.connector import Absent, Change, Ref, RemoteRecord
from deskweave.model import FieldId, Value
from deskweave.sync.merge import same
from deskweave.sync.pull import overlap
from deskweave.testing.suite.ground import PEOPLE, Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.values import STATUS, TITLE

SMALL = 3  #: items on a page, where the emulator gives small ones


class Follower:
    """Reads a collection as the engine does: from the watermark less the overlap, which only `covers_until` moves."""

    def __init__(self, ground: Ground, collection: str) -> None:
        self.ground, self.collection = ground, collection
        self.watermark: datetime | None = None
        self.seen: dict[Ref, Value] = {}

    def pull(self, between: Callable[[Sequence[Ref]], None] = lambda _: None) -> None:
        back = overlap(self.ground.of(self.collection))
        since = None if self.watermark is None else self.watermark - back
        for page in self.ground.pages(self.collection, since):
            for record in page.items:
                self.seen[record.ref] = self.ground.title_of(record)
            if page.covers_until is not None:
                self.watermark = page.covers_until if self.watermark is None else max(self.watermark, page.covers_until)
            between([record.ref for record in page.items])


class Reading:
    """Records as they come from the platform."""

    @guarantee(
        "reading/complete",
        en="A listing from the beginning names every record there is.",
        zh="从头列出时，每一条记录都会出现。",
        needs="hands listing",
    )
    def test_a_listing_names_every_record(self, ground: Ground, collection: str) -> None:
        refs = []
        for _ in range(5):
            refs.append(ground.raise_one(collection))
            ground.later(timedelta(minutes=1))
        ground.later()
        found = {record.ref: record for record in ground.listed(collection)}
        missing = [ref for ref in refs if ref not in found]
        assert not missing, f"{len(missing)} of {len(refs)} records are in no page"
        for ref in refs:
            shown = ground.hands.shows(ref)[TITLE]
            assert same(ground.title_of(found[ref]), shown), f"listed with the title {ground.title_of(found[ref])!r}, not {shown!r}"

    @guarantee(
        "reading/since",
        en="A listing since an instant names what changed at that very instant.",
        zh="从某一时刻起列出时，恰在该时刻的改动也在其中。",
        needs="hands listing",
    )
    def test_since_means_at_or_after(self, ground: Ground, collection: str) -> None:
        ref = ground.raise_one(collection)
        ground.later()
        stamped = ground.look(ref).updated_at
        if stamped is None:
            pytest.skip(f"{collection}: the platform states no time of a record's last change")
        assert stamped.tzinfo is not None, f"updated_at is naive: {stamped}"
        assert any(record.ref == ref for record in ground.listed(collection, stamped)), (
            f"changed at {stamped}, and not in the listing since {stamped}"
        )

    @guarantee(
        "reading/ties",
        en="Records stamped with one instant are all listed, also where a page ends among them.",
        zh="同一时刻的多条记录全部列出，即使分页恰好断在其中。",
        needs="hands listing",
        faults="small_pages",
    )
    def test_a_page_that_ends_among_equal_stamps_loses_none(self, ground: Ground, collection: str) -> None:
        since = ground.now()
        refs = [ground.raise_one(collection) for _ in range(2 * SMALL + 2)]  # the clock stands still meanwhile
        ground.later()
        ground.running.faults.arm("small_pages", times=None, size=SMALL)
        found = {record.ref for page in ground.pages(collection, since) for record in page.items}
        assert not set(refs) - found, f"{len(set(refs) - found)} of {len(refs)} records of one instant are in no page"

    @guarantee(
        "reading/restart",
        en="A listing goes on where it stopped, on a new connection.",
        zh="列表中断后，换一个新连接也能从中断处继续。",
        needs="hands listing",
        faults="small_pages",
    )
    def test_a_listing_goes_on_after_a_restart(self, ground: Ground, collection: str) -> None:
        since = ground.now()
        refs = {ground.raise_one(collection) for _ in range(2 * SMALL + 1)}
        ground.later()
        ground.running.faults.arm("small_pages", times=None, size=SMALL)
        first = next(ground.pages(collection, since))
        if first.resume is None:
            assert refs <= {record.ref for record in first.items}, "one page, and not everything is on it"
            pytest.skip(f"{collection}: this listing comes in one page, however small pages are")
        rest = ground.pages(collection, since, first.resume, connection=ground.connect())
        found = {record.ref for record in first.items} | {record.ref for page in rest for record in page.items}
        assert refs <= found, f"{len(refs - found)} records were lost with the connection"

    @guarantee(
        "reading/watermark",
        en="While people write between pages, nothing is lost: `covers_until` never promises what was not delivered.",
        zh="翻页期间有人改动，也不会漏：`covers_until` 从不承诺尚未给出的内容。",
        needs="hands listing",
    )
    def test_paging_while_others_write_loses_nothing(self, ground: Ground, collection: str) -> None:
        if "small_pages" in ground.running.faults.names:
            ground.running.faults.arm("small_pages", times=None, size=SMALL)
        editable = TITLE in ground.editable(collection)
        refs = [ground.raise_one(collection) for _ in range(2 * SMALL)]
        pause = overlap(ground.of(collection)) + timedelta(minutes=2)
        ground.later()
        changed: list[Ref] = []

        def others_write(delivered: Sequence[Ref]) -> None:
            """Somebody changes a record of the page just delivered, and raises another; then time passes beyond the overlap."""
            ours = [ref for ref in delivered if ref in refs and ref not in changed]
            if ours and len(changed) < 2 * SMALL:
                changed.append(ours[0])
                if editable:
                    ground.hands.edit(ours[0], {TITLE: f"Kit changed {len(changed)}"}, PEOPLE[1])
                if len(changed) % 3 == 0:
                    refs.append(ground.raise_one(collection))
                ground.later(pause)

        follower = Follower(ground, collection)
        for _ in range(6):
            follower.pull(others_write)
            ground.later(pause)
        follower.pull()
        unseen = [ref for ref in refs if ref not in follower.seen]
        assert not unseen, f"{len(unseen)} records raised between pages were never delivered"
        stale = [ref for ref in refs if not same(follower.seen[ref], ground.hands.shows(ref)[TITLE])]
        assert not stale, f"{len(stale)} changes made between pages were never delivered; the watermark went past them"

    @guarantee(
        "reading/fetch",
        en="Records asked for by id come one each, in the order asked, as they are now.",
        zh="按编号读取时，逐条、按请求的顺序、以当前内容返回。",
        needs="hands fetch",
    )
    def test_fetch_answers_each_in_order(self, ground: Ground, collection: str) -> None:
        source = ground.connection.records
        assert source is not None
        refs = [ground.raise_one(collection) for _ in range(3)]
        if not ground.of(collection).fetch_is_strong:
            ground.later()
        asked = [refs[2], Ref(collection, "no-such-record"), refs[0], refs[1]]
        found: list[RemoteRecord | Absent] = []
        batch = max(ground.of(collection).fetch_batch, 1)
        for start in range(0, len(asked), batch):
            part = asked[start : start + batch]
            answered = ground.patiently(lambda: source.fetch(part))  # noqa: B023  called before it changes
            assert len(answered) == len(part), f"{len(part)} records were asked for, {len(answered)} answers came"
            found += answered
        assert [one.ref for one in found] == asked, "not in the order asked"
        assert isinstance(found[1], Absent), "a record that never was is answered with something"
        for one in (found[0], found[2], found[3]):
            assert isinstance(one, RemoteRecord), f"a record that is there is called {one}"
            assert same(ground.title_of(one), ground.hands.shows(one.ref)[TITLE])

    @guarantee(
        "reading/now",
        en="A finished edit is read at the next look, and moves the record's time and version.",
        zh="完成的修改在下一次读取时可见，并使记录的时间与版本前移。",
        needs="hands fetch",
    )
    def test_an_edit_is_seen_and_moves_time_and_version(self, ground: Ground, collection: str) -> None:
        if TITLE not in ground.editable(collection):
            pytest.skip(f"{collection}: nobody can change a title there")
        ref = ground.raise_one(collection)
        before, again = ground.look(ref), ground.look(ref)
        assert (again.fields, again.version) == (before.fields, before.version), "two looks at an untouched record differ"
        ground.later(timedelta(minutes=2))
        ground.hands.edit(ref, {TITLE: "Kit edited"}, PEOPLE[1])
        after = ground.look(ref)
        assert same(ground.title_of(after), "Kit edited"), f"the title reads {ground.title_of(after)!r} after an edit"
        if before.version is not None:
            assert after.version != before.version, "the version stays although the record changed"
        if before.updated_at is not None:
            assert after.updated_at is not None
            assert after.updated_at > before.updated_at, "updated_at stays although the record changed"

    @guarantee(
        "reading/empty",
        en="An emptied field reads as empty, which is not the same as not readable.",
        zh="被清空的字段读作“空”，而不是“读不到”。",
        needs="hands fetch",
    )
    def test_an_emptied_field_is_empty_and_not_absent(self, ground: Ground, collection: str) -> None:
        texts = [name for name in ground.editable(collection) if name != TITLE and ground.binding.fields[name].type in TEXTUAL]
        if not texts:
            pytest.skip(f"{collection}: no text that can be emptied is bound")
        ref = ground.raise_one(collection, **{str(texts[0]): "Kit to be emptied"})
        assert ground.says(ref).get(texts[0]) == "Kit to be emptied"
        ground.hands.edit(ref, {texts[0]: None}, PEOPLE[1])
        told = ground.says(ref)
        assert texts[0] in told, f"{texts[0]} was emptied and is not read any more: the engine takes that for hidden"
        assert told[texts[0]] is None, f"{texts[0]} was emptied and reads {told[texts[0]]!r}"

    @guarantee(
        "reading/census",
        en="A census names every record there is, over all its pages.",
        zh="普查列出现存的每一条记录。",
        needs="hands census",
    )
    def test_a_census_names_every_record(self, ground: Ground, collection: str) -> None:
        source = ground.connection.records
        assert source is not None
        refs = {ground.raise_one(collection) for _ in range(2 * SMALL + 1)}
        ground.later()
        if "small_pages" in ground.running.faults.names:
            ground.running.faults.arm("small_pages", times=None, size=SMALL)
        found = {stub.ref for stub in ground.everything(lambda resume: source.census(collection, resume))}
        assert refs <= found, f"{len(refs - found)} records are in no page of the census"

    @guarantee(
        "reading/removed",
        en="A removed record is absent, and leaves the census; a record that is there is never called gone.",
        zh="已删除的记录读作“不存在”并退出普查；现存的记录绝不会被说成已删除。",
        needs="hands census",
    )
    def test_a_removed_record_is_absent(self, ground: Ground, collection: str) -> None:
        source = ground.connection.records
        assert source is not None
        kept, removed = ground.raise_one(collection), ground.raise_one(collection)
        ground.later()
        try:
            ground.hands.remove(removed)
        except ValueError as reason:
            pytest.skip(f"{collection}: {reason}")
        ground.later()
        found = ground.ask(removed)
        assert isinstance(found, Absent), f"a removed record is still answered: {found}"
        assert isinstance(ground.ask(kept), RemoteRecord), "a record that is there is called absent"
        stubs = {stub.ref for stub in ground.everything(lambda resume: source.census(collection, resume))}
        assert removed not in stubs, "a removed record is in the census"
        assert kept in stubs

    @guarantee(
        "reading/history",
        en="The platform's history tells each change once, in order, with its time and its own id.",
        zh="平台历史按顺序、带时间与编号，把每次改动讲述一次。",
        needs="hands history",
    )
    def test_history_tells_every_change_in_order(self, ground: Ground, collection: str) -> None:
        source = ground.connection.records
        assert source is not None
        field, steps = self._story(ground, collection)
        ref = ground.raise_one(collection)
        ground.later(timedelta(minutes=5))
        for value in steps:
            ground.hands.edit(ref, {field: value}, PEOPLE[1])
            ground.later(timedelta(minutes=5))
        ground.later()
        lines = ground.everything(lambda resume: source.history([ref], None, resume))
        assert len({line.change_id for line in lines}) == len(lines), "two lines of history have one id"
        told = [change for line in lines if (change := ground.mapper.read_change(line)) and change.field == field]
        wanted = [ground.mapper.project(collection, {field: value}).values[field] for value in steps]
        last = [change.new for change in told][-len(steps) :]
        assert last == wanted, f"history tells {last} of {field} where it became {wanted}"
        stamps = [change.source.at for change in told]
        assert stamps == sorted(stamps), "history is not told oldest first"
        assert all(at.tzinfo is not None for at in stamps)
        again = ground.everything(lambda resume: source.history([ref], None, resume))
        assert [line.change_id for line in again] == [line.change_id for line in lines], "read again, history has other ids"
        self._since(ground, ref, field, told[-1])

    @staticmethod
    def _story(ground: Ground, collection: str) -> tuple[FieldId, Sequence[Value]]:
        if ground.of(collection).history == "full" and TITLE in ground.editable(collection):
            return TITLE, ["Kit first", "Kit second", "Kit third"]
        statuses = list(ground.binding.collections[collection].statuses)
        return STATUS, statuses[1:3]

    @staticmethod
    def _since(ground: Ground, ref: Ref, field: FieldId, last: Change) -> None:
        source = ground.connection.records
        assert source is not None
        lines = ground.everything(lambda resume: source.history([ref], last.source.at, resume))
        assert last.source.change_id in {line.change_id for line in lines}, (
            f"the change of {field} at {last.source.at} is missing from the history since {last.source.at}"
        )

    @guarantee(
        "reading/author",
        en="Our own writes are told apart from people's.",
        zh="我们自己的写入与人的修改可以区分。",
        needs="hands creates fetch",
    )
    def test_our_own_hand_is_told_from_others(self, ground: Ground, collection: str) -> None:
        ours, _ = ground.made(collection, ground.values(collection))
        theirs = ground.raise_one(collection)
        by_us, by_them = ground.look(ours).updated_by, ground.look(theirs).updated_by
        if by_us is None and by_them is None:
            pytest.skip(f"{collection}: the platform does not say who wrote last")
        assert by_us != by_them, f"our own write and a person's both carry {by_us!r}"


TEXTUAL = frozenset({"text", "long_text"})

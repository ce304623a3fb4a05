"""What is written stands there: whole, once, in the order asked; what does not stand is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deskweave.connector import Absent, Ref, RemoteRecord, View
from deskweave.errors import Executed, RateLimited, Rejected, RequestError, Stale
from deskweave.model import FieldId, Value
from deskweave.sync.merge import same
from deskweave.testing.suite.ground import PEOPLE, START, Ground, patch_of
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.values import STATUS, TITLE


class Writing:
    """Records as we write them."""

    @guarantee(
        "writing/create",
        en="A created record reads as it was drafted, field by field; what was not kept is in `dropped`.",
        zh="新建的记录逐字段与草稿一致；没有保留的字段列在 `dropped` 中。",
        needs="hands creates fetch",
    )
    def test_what_is_created_stands_there(self, ground: Ground, collection: str) -> None:
        values = ground.values(collection, whole=True)
        ground.hands.create(collection, values, PEOPLE[0])  # whoever and whatever is named there is known from now on
        outcome = ground.create(ground.draft(collection, values))
        assert outcome.executed is Executed.YES, f"the create failed: {outcome.error}"
        ref = outcome.ref
        assert ref is not None, "created, and where it is is not said"
        assert TITLE not in outcome.dropped, "the title was dropped"
        ground.agrees(ref, values, except_=outcome.dropped)
        if outcome.record is not None:
            assert outcome.record.ref == ref
            told, read = ground.mapper.read(outcome.record).values, ground.says(ref)
            wrong = [name for name in values if name in told and name in read and not same(told[name], read[name])]
            assert not wrong, f"the answer to the create says something else than the record: {wrong}"

    @guarantee(
        "writing/mark",
        en="A created record is found again by our mark, and by no other.",
        zh="新建的记录能凭我们的标记找回，且只凭该标记。",
        needs="creates mark",
    )
    def test_a_created_record_is_found_by_its_mark(self, ground: Ground, collection: str) -> None:
        source = ground.connection.records
        assert source is not None
        ref, draft = ground.made(collection, ground.values(collection))
        other, _ = ground.made(collection, ground.values(collection))
        ground.later()
        found = ground.patiently(lambda: source.find(collection, draft.corr, START))
        assert [record.ref for record in found] == [ref], f"{len(found)} records are found by the mark of one"
        assert found[0].corr == draft.corr, f"the mark reads {found[0].corr!r}"
        assert ground.look(ref).corr == draft.corr, "fetched, the record does not carry its mark"
        assert ground.look(other).corr != draft.corr
        nobody = ground.mark()
        assert not ground.patiently(lambda: source.find(collection, nobody, START)), "a mark nobody planted finds something"

    @guarantee(
        "writing/repeat",
        en="A create that may be repeated makes one record, however often it is sent.",
        zh="可重复发送的新建，无论发几次都只产生一条记录。",
        needs="creates repeats",
    )
    def test_a_repeated_create_makes_one_record(self, ground: Ground, collection: str) -> None:
        ref, draft = ground.made(collection, ground.values(collection))
        ground.later()
        outcome = ground.create(draft)
        assert outcome.executed is Executed.YES, f"the repetition failed: {outcome.error}"
        assert outcome.ref in (None, ref), "the repetition made another record"
        assert [record.ref for record in ground.whose(collection, draft)] == [ref]

    @guarantee(
        "writing/patch",
        en="A patch changes what it covers and nothing else; each field is either applied or dropped, and applied is true.",
        zh="修改只改其所涵盖的字段；每个字段要么生效、要么列为丢弃，且“生效”属实。",
        needs="hands patches fetch",
    )
    def test_a_patch_changes_what_it_covers(self, ground: Ground, collection: str) -> None:
        before = ground.values(collection, whole=True)
        ref = ground.hands.create(collection, before, PEOPLE[0])
        ground.later()
        names = ground.editable(collection)
        if not names:
            pytest.skip(f"{collection}: the binding has no field that may be changed")
        others = ground.values(collection, whole=True)
        wanted = {name: others[name] for name in names[::2]}
        stood = ground.says(ref)
        made = ground.mapper.patch(View(wanted), ground.look(ref), key=ground.key())
        outcome = ground.patch(ref, wanted)
        assert outcome.executed is Executed.YES, f"the patch failed: {outcome.error}"
        silent = made.covers - outcome.applied - outcome.dropped
        assert not silent, f"neither applied nor dropped: {sorted(silent)}"
        assert outcome.applied, "nothing was applied"
        ground.agrees(ref, {name: value for name, value in wanted.items() if name not in outcome.dropped})
        after = ground.says(ref)
        moved = [name for name in stood if name in names and name not in wanted and not same(stood[name], after.get(name))]
        assert not moved, f"changed although the patch does not cover it: {moved}"

    @guarantee(
        "writing/clear",
        en="A field can be emptied.",
        zh="字段可以清空。",
        needs="hands patches fetch",
    )
    def test_a_field_can_be_emptied(self, ground: Ground, collection: str) -> None:
        texts = [n for n in ground.editable(collection) if n != TITLE and ground.binding.fields[n].type in ("text", "long_text")]
        if not texts:
            pytest.skip(f"{collection}: no text that can be emptied is bound")
        field = texts[0]
        ref = ground.raise_one(collection, **{str(field): "Kit to be emptied"})
        ground.later()
        outcome = ground.patch(ref, {field: None})
        assert outcome.executed is Executed.YES, f"emptying {field} failed: {outcome.error}"
        ground.agrees(ref, {field: None}, except_=outcome.dropped)

    @guarantee(
        "writing/order",
        en="Of two changes of one field the later one stands.",
        zh="对同一字段的两次修改，后者生效。",
        needs="hands patches fetch",
    )
    def test_the_later_change_stands(self, ground: Ground, collection: str) -> None:
        if TITLE not in ground.editable(collection):
            pytest.skip(f"{collection}: titles are not written")
        ref = ground.raise_one(collection)
        ground.later()
        for title in ("Kit one", "Kit two", "Kit three"):
            outcome = ground.patch(ref, {TITLE: title})
            assert outcome.executed is Executed.YES, f"{outcome.error}"
            ground.agrees(ref, {TITLE: title})
        ground.later()
        ground.agrees(ref, {TITLE: "Kit three"})
        if ground.of(collection).changes in ("filter", "scan"):
            listed = {record.ref: record for record in ground.listed(collection, START)}
            assert same(ground.title_of(listed[ref]), "Kit three"), "the listing shows an earlier value"

    @guarantee(
        "writing/statuses",
        en="Every bound status can be reached and reads back, with all a platform asks for beside it.",
        zh="绑定的每个状态都能到达并读回，平台随状态要求的内容一并写入。",
        needs="hands patches fetch statuses",
    )
    def test_every_status_is_reached(self, ground: Ground, collection: str) -> None:
        solution = FieldId("solution")
        slugs = list(ground.binding.collections[collection].statuses)
        for slug in slugs:
            ref = ground.raise_one(collection, status=slugs[0])
            ground.later()
            values: dict[FieldId, Value] = {STATUS: slug}
            if solution in ground.editable(collection):
                values[solution] = "Kit solved"
            outcome = ground.patch(ref, values)
            assert outcome.error is None, f"{slug}: {outcome.error}"
            ground.agrees(ref, {STATUS: slug})

    @guarantee(
        "writing/batch",
        en="A batch answers each item in the order asked; one that is refused spoils no other.",
        zh="批量写入按请求顺序逐条答复；其中一条被拒不影响其他。",
        needs="hands patches fetch",
    )
    def test_one_bad_item_spoils_no_other(self, ground: Ground, collection: str) -> None:
        if TITLE not in ground.editable(collection):
            pytest.skip(f"{collection}: titles are not written")
        sink = ground.connection.sink
        assert sink is not None
        refs = [ground.raise_one(collection), ground.raise_one(collection)]
        ground.later()
        patches = [ground.retitled(ref, f"Kit batch {n}") for n, ref in enumerate(refs)]
        nowhere = patch_of(Ref(collection, "no-such-record"), ground.key(), set=dict(patches[0].set), covers=frozenset({TITLE}))
        asked = [patches[0], nowhere, patches[1]]
        try:
            outcomes = list(ground.patiently(lambda: sink.patch(asked)))
        except RequestError as error:
            pytest.fail(f"one item that is refused fails the whole batch: {error}")
        assert len(outcomes) == len(asked), f"{len(asked)} items, {len(outcomes)} outcomes"
        assert outcomes[1].error is not None, "a record that is not there was patched without a complaint"
        assert outcomes[1].executed is not Executed.YES
        for number, outcome in ((0, outcomes[0]), (1, outcomes[2])):
            if isinstance(outcome.error, RateLimited):
                continue
            assert outcome.executed is Executed.YES, f"item {number} fell with another one: {outcome.error}"
            assert outcome.ref in (None, refs[number]), "outcomes are not in the order asked"
            ground.agrees(refs[number], {TITLE: f"Kit batch {number}"})

    @guarantee(
        "writing/conflict",
        en="A write on a version somebody has replaced is refused, and changes nothing.",
        zh="基于已被他人替换的版本写入时会被拒绝，且什么都不改。",
        needs="hands patches fetch conditions",
    )
    def test_a_stale_write_is_refused(self, ground: Ground, collection: str) -> None:
        ref = ground.raise_one(collection)
        ground.later()
        seen = ground.look(ref)
        ground.later(timedelta(minutes=2))
        ground.hands.edit(ref, {TITLE: "Kit theirs"}, PEOPLE[1])
        sink = ground.connection.sink
        assert sink is not None
        stale = ground.mapper.patch(View({TITLE: "Kit ours"}), seen, key=ground.key())
        assert stale.if_version is not None, "conditions are declared, and the patch carries no version"
        outcome = ground.attempt(lambda: sink.patch([stale]))
        assert outcome.executed is Executed.NO, f"a stale write was answered with executed={outcome.executed}"
        assert isinstance(outcome.error, Stale), f"a stale write is a Stale, not {outcome.error!r}"
        ground.agrees(ref, {TITLE: "Kit theirs"})

    @guarantee(
        "writing/delete",
        en="Deleting removes the record where it is declared; elsewhere it is refused, and the record stays.",
        zh="声明可删除时确实删除；否则拒绝，记录保留。",
        needs="hands fetch sink",
    )
    def test_delete_does_what_is_declared(self, ground: Ground, collection: str) -> None:
        sink = ground.connection.sink
        assert sink is not None
        ref = ground.raise_one(collection)
        ground.later()
        outcome = ground.attempt(lambda: sink.delete([ref]))
        ground.later()
        found = ground.ask(ref)
        if ground.of(collection).deletes:
            assert outcome.executed is Executed.YES, f"deletes is declared, and: {outcome.error}"
            assert isinstance(found, Absent), "deleted, and still there"
        else:
            assert outcome.executed is Executed.NO, "deletes is not declared, and something was deleted"
            assert isinstance(outcome.error, Rejected), f"what is not offered is Rejected, not {outcome.error!r}"
            assert isinstance(found, RemoteRecord), "deletes is not declared, and the record is gone"

    @guarantee(
        "writing/echo",
        en="What was written reads as written at every later look: an echo is told from an edit.",
        zh="写入的内容以后每次读取都一样：回声不会被当成修改。",
        needs="hands creates fetch listing",
    )
    def test_an_echo_reads_as_what_was_written(self, ground: Ground, collection: str) -> None:
        since = ground.now()
        ref, _ = ground.made(collection, ground.values(collection, whole=True))
        ground.later()
        first = ground.mapper.read(ground.look(ref))
        listed = {record.ref: record for record in ground.listed(collection, since)}
        assert ref in listed, "our own record is in no listing"
        assert ground.mapper.read(listed[ref]) == first, "listed, the record reads otherwise than fetched"
        ground.later()
        assert ground.mapper.read(ground.look(ref, ground.connect())) == first, "a new connection reads the record otherwise"

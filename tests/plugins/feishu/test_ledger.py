"""Rows of the ledger, read and written over real HTTP against the emulator."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deskweave.connector import Absent, Draft, Patch, Plant, Ref, RemoteRecord
from deskweave.errors import ConfigurationError, Executed, Missing, PermissionMissing, Rejected, TransientError
from deskweave.model import FieldId
from deskweave_feishu.client import uuid4_of


def test_what_is_created_reads_back_as_it_was_projected(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    outcome = connection.sink.create([rows.draft(mapper)])[0]
    assert (outcome.executed, outcome.error) == (Executed.YES, None)
    record = connection.records.fetch([outcome.ref])[0]
    assert rows.read(mapper, record) == dict(mapper.project("ledger", rows.DOCUMENT).values)
    assert record.corr == "i:L1"
    assert record.label == "FS-0001"  # the auto number, before the first column
    assert record.updated_at == ready.platform.now()


def test_absent_cells_are_empty_and_an_unticked_box_is_false(ready, connect, binding):
    connection = connect()
    mapper = connection.mapper(binding)
    ref = ready.hands(mapper).create("ledger", {FieldId("title"): "空行"}, "林涛")
    record = connection.records.fetch([ref])[0]
    sent = [one for one in ready.platform.traffic if one.path.endswith("batch_get")][-1].answer["data"]["records"][0]["fields"]
    assert set(sent) == {"标题", "编号", "用户登记时间"}
    assert record.fields["问题描述"] is None
    assert record.fields["问题是否重复"] is False
    assert mapper.read(record).values[FieldId("tags")] == ()


def test_a_scan_covers_nothing_before_its_last_page(ready, connect, binding, clock):
    connection = connect()
    mapper = connection.mapper(binding)
    hands = ready.hands(mapper)
    refs = {hands.create("ledger", {FieldId("title"): f"第{n}行"}, "林涛") for n in range(503)}
    begun = clock()
    page = connection.records.changes("ledger", None, None)
    assert (len(page.items), page.expected, page.covers_until) == (500, 503, None)
    clock.advance(timedelta(minutes=3))
    last = connection.records.changes("ledger", None, page.resume)
    assert {record.ref for record in (*page.items, *last.items)} == refs
    assert last.resume is None  # although a page token came with it
    assert last.covers_until <= begun  # and not the time of its end
    answers = [one.answer["data"] for one in ready.platform.traffic if one.path.endswith("/search")]
    assert answers[-1]["has_more"] is False
    assert answers[-1]["page_token"]


def test_an_empty_ledger_answers_null_and_is_read_as_nothing(ready, connect, binding):
    connection = connect()
    connection.mapper(binding)
    page = connection.records.changes("ledger", None, None)
    assert (list(page.items), page.resume, page.expected) == ([], None, 0)
    assert connection.records.census("ledger", None).items == []


def test_a_column_renamed_in_mid_scan_is_not_an_emptied_one(ready, connect, binding, with_ids, rows):
    connection = connect()
    mapper = connection.mapper(with_ids(binding))
    ref = connection.sink.create([rows.draft(mapper)])[0].ref
    rows.table(ready).named("问题描述").name = "现象"
    rows.table(ready).named("状态").name = "当前状态"
    record = connection.records.fetch([ref])[0]
    assert mapper.read(record).values[FieldId("symptom")] == rows.DOCUMENT[FieldId("symptom")]
    rows.table(ready).named("标题").name = "主题"
    assert rows.read(mapper, rows.everything(connection.records)[0][0])[FieldId("title")] == "打印机不工作"
    patch = mapper.patch(mapper.project("ledger", {**rows.DOCUMENT, FieldId("title"): "新标题"}), record, key="k")
    assert connection.sink.patch([patch])[0].error is None
    assert rows.cell(ready, ref.rid, "主题") == "新标题"


def test_a_renamed_column_that_is_bound_by_name_is_unreadable_not_empty(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    ref = connection.sink.create([rows.draft(mapper)])[0].ref
    rows.table(ready).named("问题描述").name = "现象"
    record = rows.everything(connection.records)[0][0]
    assert FieldId("symptom") not in mapper.read(record).values
    connection.mapper(binding)
    assert "feishu-column-missing" in [finding.rule for finding in connection.capabilities.lost]
    outcome = connection.sink.patch([Patch(ref=ref, key="k", set={"问题描述": "x"})])[0]
    assert isinstance(outcome.error, Rejected)
    assert "问题描述" in str(outcome.error)


def test_a_hidden_column_is_unreadable_not_empty(ready, connect, binding, rows):
    """Everywhere but in a search that names it, a column hidden by advanced permissions looks like an empty one."""
    mapper = connect("admin").mapper(binding)
    ref = connect("admin").sink.create([rows.draft(mapper)])[0].ref
    ready.platform.base.is_advanced = True
    ready.platform.base.hidden_columns = {rows.table(ready).named(name).field_id for name in ("问题描述", "优先级")}
    connection = connect()
    mapper = connection.mapper(binding)
    for record in (connection.records.fetch([ref])[0], rows.everything(connection.records)[0][0]):
        seen = mapper.read(record)
        assert not {FieldId("symptom"), FieldId("priority")} & set(seen.values)
        assert seen.values[FieldId("title")] == "打印机不工作"
    hidden = [finding.found for finding in connection.capabilities.lost if finding.rule == "feishu-column-hidden"]
    assert sorted(hidden) == ["优先级", "问题描述"]
    assert isinstance(connection.sink.patch([Patch(ref=ref, key="k", set={"优先级": "P2 高"})])[0].error, Rejected)


def test_fetch_tells_gone_from_hidden_from_too_young(ready, connect, binding, clock, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    gone, hidden, kept, young = (connection.sink.create([rows.draft(mapper, number)])[0].ref for number in range(4))
    clock.advance(timedelta(minutes=1))
    ready.hands(mapper).remove(gone)
    ready.platform.base.is_advanced, ready.platform.base.hidden_rows = True, {hidden.rid}
    young = connection.sink.create([rows.draft(mapper, 9)])[0].ref
    ready.platform.replica_lag = timedelta(seconds=5)
    found = connection.records.fetch([young, gone, kept, hidden, kept])
    assert [one.why if isinstance(one, Absent) else "there" for one in found] == ["unclear", "gone", "there", "hidden", "there"]
    clock.advance(timedelta(minutes=1))
    assert isinstance(connection.records.fetch([young])[0], RemoteRecord)


def test_more_than_a_hundred_are_fetched_in_order(ready, connect, binding):
    connection = connect()
    mapper = connection.mapper(binding)
    hands = ready.hands(mapper)
    refs = [hands.create("ledger", {FieldId("title"): str(n)}, "林涛") for n in range(130)]
    assert [record.ref for record in connection.records.fetch(refs[::-1])] == refs[::-1]


def test_versions_change_with_the_row_and_only_then(ready, connect, binding, clock, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    hands = ready.hands(mapper)
    ref = hands.create("ledger", rows.DOCUMENT, "林涛")
    first = connection.records.fetch([ref])[0].version
    clock.advance(timedelta(minutes=5))
    assert connection.records.fetch([ref])[0].version == first == rows.everything(connection.records)[0][0].version
    hands.edit(ref, {FieldId("title"): "改"}, "何雪")
    clock.advance(timedelta(seconds=1))
    hands.edit(ref, {FieldId("title"): "打印机不工作"}, "何雪")
    again = connection.records.fetch([ref])[0]
    assert again.version != first
    assert again.updated_by == ready.platform.person("何雪").open_id


# ------------------------------------------------------------------------------------------------------------------- creating
@pytest.mark.parametrize("repeats", ["resubmitted", "same"])
def test_a_create_repeated_after_a_lost_answer_makes_one_row(ready, connect, binding, clock, repeats, rows):
    ready.platform.token_repeats = repeats
    connection = connect()
    mapper = connection.mapper(binding)
    assert connection.capabilities.collections["ledger"].creates is Plant.KEY
    ready.faults.arm("lost_answer", writes=True)
    with pytest.raises(TransientError) as caught:
        connection.sink.create([rows.draft(mapper)])
    assert caught.value.executed is Executed.MAYBE
    again = connect()  # another process: nothing is remembered but the draft
    again.mapper(binding)
    outcome = again.sink.create([rows.draft(mapper)])[0]
    assert (outcome.executed, outcome.error) == (Executed.YES, None)
    assert list(rows.table(ready).rows) == [outcome.ref.rid]


def test_a_repeat_that_cannot_be_seen_yet_is_told_to_come_again(ready, connect, binding, clock, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    ready.platform.replica_lag = timedelta(seconds=5)
    ready.faults.arm("timed_out", writes=True)
    with pytest.raises(TransientError) as caught:
        connection.sink.create([rows.draft(mapper)])
    assert (caught.value.executed, caught.value.code) == (Executed.MAYBE, "1255040")
    outcome = connection.sink.create([rows.draft(mapper)])[0]
    assert outcome.executed is Executed.MAYBE
    assert outcome.error.retry_at > clock()
    clock.set(outcome.error.retry_at)
    assert connection.sink.create([rows.draft(mapper)])[0].executed is Executed.YES
    assert len(rows.table(ready).rows) == 1


def test_a_key_used_for_something_else_gives_way_only_after_the_row_would_be_seen(ready, connect, binding, clock, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    other = replace(rows.draft(mapper, 2), key="key-1")
    connection.sink.create([other])
    first = connection.sink.create([rows.draft(mapper, 1)])[0]
    assert (first.executed, len(rows.table(ready).rows)) == (Executed.MAYBE, 1)
    clock.advance(timedelta(minutes=3))
    assert connection.sink.create([rows.draft(mapper, 1)])[0].executed is Executed.YES
    assert len(rows.table(ready).rows) == 2


def test_the_idempotency_key_is_the_drafts_own(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    given = "6f1ed002-ab5e-4c1d-9f5e-2b1c1a2b3c4d"
    connection.sink.create([rows.draft(mapper), replace(rows.draft(mapper, 2), key=given)])
    tokens = [one.query["client_token"][0] for one in ready.platform.traffic if one.writes]
    assert tokens == [uuid4_of("key-1"), given]


def test_a_batch_is_halved_until_the_bad_row_is_alone(ready, connect, binding, rows):
    connection = connect(base={"create_batch": 8})
    mapper = connection.mapper(binding)
    capability = connection.capabilities.collections["ledger"]
    assert (capability.creates, capability.create_batch) == (Plant.ATOMIC, 8)
    drafts = [rows.draft(mapper, number) for number in range(6)]
    drafts[3] = replace(drafts[3], fields={**drafts[3].fields, "问题描述": ["not text"]})
    drafts[4] = replace(drafts[4], fields={**drafts[4].fields, "用户登记时间": -1e300})
    outcomes = connection.sink.create(drafts)
    assert [outcome.error is None for outcome in outcomes] == [True, True, True, False, False, True]
    assert [record.corr for record in connection.records.fetch([one.ref for one in outcomes if one.ref])] == [
        "i:L0",
        "i:L1",
        "i:L2",
        "i:L5",
    ]


def test_a_batch_refused_by_the_platform_is_halved_too(ready, connect, binding, monkeypatch, rows):
    """What our own check lets through (here: a column turned into another type behind our back) is found by halving."""
    connection = connect(base={"create_batch": 8})
    mapper = connection.mapper(binding)
    connection.records.changes("ledger", None, None)
    rows.table(ready).named("工时").type = 1
    drafts = [rows.draft(mapper, number, effort=None) for number in range(5)]
    drafts[2] = rows.draft(mapper, 2)
    outcomes = connection.sink.create(drafts)
    assert [outcome.error is None for outcome in outcomes] == [True, True, False, True, True]
    assert len(rows.table(ready).rows) == 4


def test_an_unknown_option_is_refused_before_feishu_makes_it_one(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    typo = rows.draft(mapper)
    outcome = connection.sink.create([replace(typo, fields={**typo.fields, "优先级": "P1 緊急"})])[0]
    assert isinstance(outcome.error, Rejected)
    assert "P1 紧急" in str(outcome.error)  # what is allowed
    assert [option["name"] for option in rows.table(ready).named("优先级").options] == ["P1 紧急", "P2 高"]
    with ready.platform.lock:  # somebody adds it meanwhile: seen without a restart
        option = {"id": "optnew", "name": "P1 緊急", "color": 5}
        column = rows.table(ready).named("优先级")
        column.setup = {"options": [*column.options, option]}
    assert connection.sink.create([replace(typo, fields={**typo.fields, "优先级": "P1 緊急"})])[0].error is None


def test_find_sees_both_of_two(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    connection.sink.create([rows.draft(mapper), replace(rows.draft(mapper), key="other"), rows.draft(mapper, 2)])
    found = connection.records.find("ledger", "i:L1", ready.platform.now())
    assert [record.corr for record in found] == ["i:L1", "i:L1"]
    assert connection.records.find("ledger", "i:L", ready.platform.now()) == []


def test_without_the_correlation_column_nothing_is_created(ready, connect, binding, rows):
    rows.table(ready).columns.remove(rows.table(ready).named("关联标识"))
    connection = connect()
    connection.mapper(binding)
    assert connection.capabilities.collections["ledger"].creates is None
    assert "feishu-correlation-missing" in [finding.rule for finding in connection.capabilities.lost]
    with pytest.raises(ConfigurationError, match="关联标识"):
        connection.records.find("ledger", "i:L1", ready.platform.now())


# ------------------------------------------------------------------------------------------------------- patching, deleting
def test_a_patch_clears_with_null_and_leaves_the_rest(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    ref = connection.sink.create([rows.draft(mapper)])[0].ref
    seen = connection.records.fetch([ref])[0]
    want = {**rows.DOCUMENT, FieldId("priority"): None, FieldId("symptom"): None, FieldId("status"): "closed"}
    patch = mapper.patch(mapper.project("ledger", want), seen, key="k")
    outcome = connection.sink.patch([patch])[0]
    assert outcome.applied == {FieldId("priority"), FieldId("symptom"), FieldId("status")}
    assert [one for one in ready.platform.traffic if one.writes][-1].body["records"][0]["fields"] == {
        "优先级": None,
        "问题描述": None,
        "状态": "已关闭",
    }
    after = rows.read(mapper, connection.records.fetch([ref])[0])
    assert after == dict(mapper.project("ledger", want).values)


def test_one_bad_row_does_not_spoil_a_batch_of_patches(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    refs = [connection.sink.create([rows.draft(mapper, number)])[0].ref for number in range(5)]
    connection.records.fetch(refs)
    ready.hands(mapper).remove(refs[1])
    patches = [Patch(ref=ref, key="k", set={"标题": f"新{n}"}, covers=frozenset({FieldId("title")})) for n, ref in enumerate(refs)]
    patches[3] = Patch(ref=refs[3], key="k", set={"工时": "viel"})
    ready.platform.now.advance(timedelta(minutes=1))
    outcomes = connection.sink.patch(patches)
    assert [type(outcome.error) for outcome in outcomes] == [type(None), Missing, type(None), Rejected, type(None)]
    assert [rows.cell(ready, ref.rid, "标题") for ref in (refs[0], refs[2], refs[4])] == ["新0", "新2", "新4"]
    assert outcomes[1].error.record == f"ledger/{refs[1].rid}"


def test_a_row_we_have_just_made_is_not_missing(ready, connect, binding, clock, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    ref = connection.sink.create([rows.draft(mapper)])[0].ref
    ready.platform.replica_lag = timedelta(seconds=5)
    outcome = connection.sink.patch([Patch(ref=ref, key="k", set={"标题": "新"})])[0]
    assert isinstance(outcome.error, TransientError)
    assert outcome.error.executed is Executed.NO
    clock.advance(timedelta(seconds=11))
    assert connection.sink.patch([Patch(ref=ref, key="k", set={"标题": "新"})])[0].error is None


def test_deleting_what_is_gone_is_done(ready, connect, binding, clock, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    refs = [connection.sink.create([rows.draft(mapper, number)])[0].ref for number in range(3)]
    clock.advance(timedelta(minutes=1))
    ready.hands(mapper).remove(refs[1])
    assert [outcome.executed for outcome in connection.sink.delete(refs)] == [Executed.YES] * 3
    assert not rows.table(ready).rows


def test_tickets_are_never_written(ready, connect, binding):
    connection = connect()
    connection.mapper(binding)
    ref = Ref("ticket", "1")
    for outcomes in (
        connection.sink.patch([Patch(ref=ref, key="k", set={"status": 51})]),
        connection.sink.create([Draft(collection="ticket", corr="c", key="k", fields={})]),
        connection.sink.delete([ref]),
    ):
        assert isinstance(outcomes[0].error, Rejected)
    assert ready.platform.traffic.writes == 0


def test_the_agent_may_not_write_where_it_only_reads(ready, connect, binding, rows):
    connection = connect("reader")
    mapper = connection.mapper(binding)
    with pytest.raises(PermissionMissing, match="bitable:app"):
        connection.sink.create([rows.draft(mapper)])

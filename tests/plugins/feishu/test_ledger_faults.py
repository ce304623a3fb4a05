"""A ledger that is away, slow or full of strange rows."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from deskweave.connector import Patch
from deskweave.errors import Executed, RateLimited, Scope, TransientError
from deskweave.http import MemoryBudget
from deskweave.model import FieldId

FAULTS = [
    # fault, how, error, executed on a write, what else
    ("rate_limited", {"reset": 52}, RateLimited, Executed.NO, timedelta(seconds=52)),
    ("rate_limited", {"status": 400, "reset": 7}, RateLimited, Executed.NO, timedelta(seconds=7)),  # some old operations
    ("too_many_requests", {}, RateLimited, Executed.NO, timedelta(seconds=1)),  # HTTP 200
    ("write_conflict", {}, TransientError, Executed.NO, timedelta(seconds=1)),  # HTTP 200
    ("copying", {}, TransientError, Executed.NO, timedelta(seconds=1)),
    ("not_ready", {}, TransientError, Executed.NO, timedelta(seconds=1)),
    ("replica_lag", {"code": 1254040}, TransientError, Executed.NO, timedelta(seconds=10)),
    ("replica_lag", {"code": 1254041}, TransientError, Executed.NO, timedelta(seconds=10)),
    ("internal_error", {}, TransientError, Executed.MAYBE, None),
    ("timed_out", {}, TransientError, Executed.MAYBE, None),
    ("unavailable", {}, TransientError, Executed.MAYBE, None),  # HTML of a gateway
    ("unavailable", {"status": 503, "after": True}, TransientError, Executed.MAYBE, None),
    ("lost_request", {}, TransientError, Executed.MAYBE, None),
]


@pytest.mark.parametrize(("fault", "how", "error", "executed", "wait"), FAULTS)
def test_faults_of_a_write(ready, connect, binding, clock, fault, how, error, executed, wait, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    connection.records.changes("ledger", None, None)
    ready.faults.arm(fault, writes=True, **how)
    with pytest.raises(error) as caught:
        connection.sink.create([rows.draft(mapper)])
    assert caught.value.executed is executed
    if wait is not None:
        assert caught.value.retry_at == clock() + wait
    assert "打印机" not in str(caught.value)
    clock.advance(timedelta(minutes=5))
    assert connection.sink.create([rows.draft(mapper)])[0].error is None
    assert len(rows.table(ready).rows) == 1


def test_faults_of_a_read_are_never_carried_out(ready, connect, binding):
    connection = connect()
    connection.mapper(binding)
    for fault in ("timed_out", "unavailable", "internal_error"):
        ready.faults.arm(fault, path="/search")
        with pytest.raises(TransientError) as caught:
            connection.records.changes("ledger", None, None)
        assert caught.value.executed is Executed.NO
    ready.faults.arm("lost_answer", path="/search")  # asked again at once: a kept line looks like this
    assert connection.records.changes("ledger", None, None).resume is None


def test_a_limit_stops_its_class_until_it_is_over(ready, connect, binding, clock):
    connection = connect(budget=MemoryBudget(now=clock))
    connection.mapper(binding)
    ready.faults.arm("rate_limited", path="/search", reset=30)
    with pytest.raises(RateLimited) as caught:
        connection.records.changes("ledger", None, None)
    assert (caught.value.scope, caught.value.rate_class) == (Scope.RATE_CLASS, "bitable.read")
    before = len(ready.platform.traffic)
    with pytest.raises(RateLimited):
        connection.records.changes("ledger", None, None)
    assert len(ready.platform.traffic) == before  # not even asked
    clock.advance(timedelta(seconds=30))
    assert connection.records.changes("ledger", None, None).resume is None


def test_a_months_quota_stops_the_connection_until_the_next(ready, connect, binding):
    connection = connect()
    connection.mapper(binding)
    ready.faults.arm("quota_spent")
    with pytest.raises(RateLimited) as caught:
        connection.identity  # noqa: B018
    assert caught.value.scope is Scope.CONNECTION
    assert caught.value.retry_at == datetime(2026, 11, 30, 16, tzinfo=UTC)  # the first of December in Beijing


def test_writes_of_two_threads_do_not_meet(ready, connect, binding, rows):
    """One is held up inside the base; the other has to wait here, or it would be refused there."""
    connection = connect()
    mapper = connection.mapper(binding)
    connection.records.changes("ledger", None, None)
    errors = []

    def write(number):
        try:
            connection.sink.create([rows.draft(mapper, number)])
        except TransientError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    with ready.platform.lock:
        threads[0].start()
        while not ready.platform._writing:
            pass
        threads[1].start()
        threads[1].join(0.3)
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(rows.table(ready).rows) == 2


# ------------------------------------------------------------------------------------------------------------ hostile records
def test_a_malformed_row_is_read_as_far_as_it_goes(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    ref = connection.sink.create([rows.draft(mapper)])[0].ref
    row = rows.table(ready).rows[ref.rid]
    row.cells[rows.table(ready).named("用户登记时间").field_id] = {"year": 2026}
    row.cells[rows.table(ready).named("工时").field_id] = "many"
    row.cells[rows.table(ready).named("标题").field_id] = "<script>alert(1)</script>" * 2000
    seen = mapper.read(connection.records.fetch([ref])[0])
    assert set(seen.unknown) == {FieldId("submitted_at"), FieldId("effort")}
    assert len(seen.values[FieldId("title")]) == 50_000
    assert seen.values[FieldId("status")] == "in_progress"


def test_an_option_nobody_bound_is_kept_raw(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    ref = connection.sink.create([rows.draft(mapper)])[0].ref
    column = rows.table(ready).named("优先级")
    column.setup = {"options": [*column.options, {"id": "optx", "name": "P0 灾难", "color": 1}]}
    rows.table(ready).rows[ref.rid].cells[column.field_id] = "optx"
    seen = mapper.read(connection.records.fetch([ref])[0])
    assert seen.unknown == {FieldId("priority"): "P0 灾难"}


def test_the_cross_reference_is_plain_text(ready, connect, binding, rows):
    connection = connect()
    mapper = connection.mapper(binding)
    ref = connection.sink.create([rows.draft(mapper)])[0].ref
    text = "INC0010007 https://acme.service-now.com/x\nITH-42"
    assert connection.sink.patch([Patch(ref=ref, key="k", set={"互查": text})])[0].error is None
    assert connection.records.fetch([ref])[0].fields["互查"] == text

"""Rows made in bulk are the rows that Python makes: every column of every inquiry, whatever is wrong with its log."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.measure import EventLog, Facts, parse_period, run
from deskweave.measure.bulk import Inexpressible, Transfer, facts_in_bulk, shape_of, table_in_bulk
from deskweave.measure.facts import FactBuilder
from deskweave.measure.table import offline
from deskweave.model import Clock, ClockEdge, Phase
from deskweave.model.promise import Goal, ServiceLevel

AT = datetime(2026, 11, 16, 1, tzinfo=UTC)
WORDS = ["awaiting_acceptance", "in_progress", "waiting_on_user", "resolved", "closed"]
AS_OF = datetime(2026, 12, 30, tzinfo=UTC)


def contents(facts: Facts) -> list[dict]:
    with facts.open() as table:
        return table.query("SELECT * FROM facts ORDER BY inquiry")


def level(name, on_change, *goals, default=False):
    made = tuple(
        Goal(slug=f"g{number}", order=number, goal=None if hours is None else timedelta(hours=hours), when=when)
        for number, (when, hours) in enumerate(goals)
    )
    return ServiceLevel(id=name, label={}, goals={"resolution": made}, default=default, on_change=on_change)


P1, FEISHU = {"classification": {"eq": "hardware"}}, {"channel": {"in": ["feishu"]}}
LEVELS = [
    {},
    {"s": level("s", "retroactive", ({"all": [P1, FEISHU]}, 1), (P1, 4), (None, 9), default=True)},
    {
        "s": level("s", "retroactive", (P1, 1), ({"not": FEISHU}, 4), default=True),
        "m": level("m", "keep", (FEISHU, 2), (None, None)),
    },
    {"s": level("s", "from_change", (P1, 1), (None, 4), default=True), "m": level("m", "retroactive", (None, 2))},
    {"m": level("m", "retroactive", (P1, 2), (None, 3))},
]


def clock(name, **more):
    return Clock(id=name, label={}, **({"calendar": "cn_5x8"} | more))


ACTIVE, CLOSED = ClockEdge(phase=Phase.ACTIVE), ClockEdge(phase=Phase.CLOSED)
CLOCKS = [
    {},
    {
        "wall": clock("wall", calendar=None, start=ACTIVE, stop=ClockEdge(status="resolved"), goal=timedelta(hours=1)),
        "idle": clock("idle", sum_statuses=("waiting_on_user",), goal=timedelta(hours=2)),
        "late": clock("late", start=ClockEdge(phase=Phase.WAITING, pick="last"), stop=replace(CLOSED, pick="last")),
    },
    {
        "rounds": clock("rounds", start=ACTIVE, stop=CLOSED, cycles="sum_of_cycles"),
        "each": clock("each", start=ClockEdge(submitted=True), stop=replace(CLOSED, require_current=True), cycles="each_cycle"),
        "first": clock("first", start=ACTIVE, stop=replace(CLOSED, pick="last"), cycles="first_close", goal=timedelta(hours=3)),
        "part": clock("part", sum_statuses=("waiting_on_user", "awaiting_acceptance"), within="first"),
        "person": clock("person", start=ClockEdge(submitted=True), stop=replace(ACTIVE, by_person=True)),
    },
]

changes = st.one_of(
    st.tuples(st.just("status"), st.sampled_from(WORDS), st.integers(0, 3_000)),
    st.tuples(st.just("status"), st.sampled_from(["limbo", None, "closed"]), st.integers(-2_000_000, 90_000)),
    st.tuples(st.just("submitted_at"), st.integers(-60, 60), st.integers(0, 9)),
    st.tuples(st.just("channel"), st.sampled_from(["feishu", "phone", None, 7, "x" * 1001, "\ud800"]), st.integers(0, 900)),
    st.tuples(st.just("classification"), st.sampled_from(["hardware", "usage"]), st.integers(0, 900)),
    st.tuples(st.just("business_category"), st.sampled_from(["hardware", "usage"]), st.integers(0, 900)),
    st.tuples(st.just("service_item"), st.sampled_from(["hardware_repair", "system_usage"]), st.integers(0, 900)),
    st.tuples(st.just("current_tier"), st.sampled_from(["first_line", "second_line", None]), st.integers(0, 900)),
    st.tuples(st.just("tags"), st.sampled_from([("first_line",), ("a", 'b"'), (), (1,)]), st.integers(0, 9)),
    st.tuples(st.just("effort"), st.sampled_from([0.1, 3, 1e300, float("nan"), -2.5e-7]), st.integers(0, 9)),
    st.tuples(st.just("due_on"), st.sampled_from(["2026-11-20", "soon"]), st.integers(0, 9)),
    st.tuples(st.just("user_satisfaction"), st.sampled_from(["satisfied", "other"]), st.integers(0, 9)),
    st.tuples(st.just("title"), st.sampled_from(["", "about a person", None]), st.integers(0, 9)),
)
more = st.fixed_dictionaries(
    {
        "order": st.integers(0, 2),
        "source": st.sampled_from(["connection:x", "connection:x", "rule:r"]),
        "precise": st.sampled_from([True, True, True, False]),
        "refines": st.sampled_from([False] * 9 + [True]),
        "tidy": st.booleans(),
    }
)


def tidy(log, inquiry, at, reopened=0):
    """A life as most are: so that SQL judges it, and not only what is broken."""
    log.add(inquiry, "submitted_at", at, at)
    for minute, word in ((0, WORDS[0]), (4, WORDS[1]), (30, WORDS[2]), (90, WORDS[1]), (200, WORDS[3]), (260, WORDS[4])):
        log.add(inquiry, "status", word, at + timedelta(minutes=minute))
    for time in range(reopened):
        log.add(inquiry, "status", (WORDS[1], WORDS[4])[time % 2], at + timedelta(days=time + 1))


@settings(max_examples=12)
@given(
    steps=st.lists(st.tuples(st.sampled_from("ABC"), changes, more), max_size=30),
    levels=st.sampled_from(LEVELS),
    clocks=st.sampled_from(CLOCKS),
    reopened=st.integers(0, 5),
)
def test_bulk_says_what_python_says(new_log, new_practice, tmp_path_factory, steps, levels, clocks, reopened):
    log, practice = new_log(), new_practice()
    practice.service_levels, practice.clocks = levels, practice.clocks | clocks
    practice.catalog = dict(practice.catalog) | {
        "system_usage": replace(practice.catalog["system_usage"], service_level="m" if "m" in levels else None)
    }
    for name in "ABD":
        tidy(log, name, AT, reopened if name == "D" else 0)
    for inquiry, (name, value, minute), how in steps:
        at = AT + timedelta(minutes=minute, microseconds=minute % 7)
        rough = [event.seq for event in log.events if event.field == name and event.inquiry == inquiry]
        said = AT + timedelta(minutes=value) if name == "submitted_at" else value
        refines = rough[-1] if how["refines"] and rough else None
        log.add(inquiry, name, said, at, order=how["order"], precise=how["precise"], refines=refines)
        log.events[-1] = replace(log.events[-1], source=how["source"])
    source = EventLog(log.events)
    bulk = Facts(practice, tmp_path_factory.mktemp("bulk"), bulk_from=1)
    plain = Facts(practice, tmp_path_factory.mktemp("plain"), bulk_from=10**9)
    bulk.rebuild(source)
    plain.rebuild(source)
    assert contents(bulk) == contents(plain)
    # a refresh by way of SQL, too
    source.append([log.add("A", "channel", "phone", AT), log.add("N", "submitted_at", AT, AT)])
    bulk.refresh(source)
    plain.refresh(source)
    assert contents(bulk) == contents(plain)


def test_most_inquiries_are_judged_in_bulk(practice, busy_week, tmp_path):
    # what is handed back is handed back for a reason: two of 122 are broken
    builder = FactBuilder(practice)
    shape = shape_of(builder)
    with Transfer(shape, tmp_path) as transfer:
        transfer.take(busy_week.events)
        made = facts_in_bulk(shape, transfer.log(offline()), tmp_path / "facts", 0)
    assert set(made.odd) == {"INQ-BAD-1", "INQ-BAD-2"}
    assert sum(made.files.values()) == 120


@pytest.mark.parametrize("chained", [True, False])
def test_a_log_that_says_what_was_before(practice, new_log, tmp_path, chained):
    # in the order of seq, each change with the status before: summed up without sorting
    log, dice = new_log(), random.Random(3)
    lives = []
    for number in range(300):
        at, before, name = AT + timedelta(seconds=dice.randrange(400_000)), None, f"I{number:03}"
        log.add(name, "submitted_at", at, at)
        for word in [*WORDS[:2], *dice.choices(WORDS, k=dice.randrange(9)), *WORDS[3:]]:
            lives.append((at, number, before, word, name))
            at, before = at + timedelta(seconds=dice.randrange(20_000)), word
    lives.sort(key=lambda one: one[0])
    for at, _, _, word, name in lives:
        log.add(name, "status", word, at)
    shape = shape_of(FactBuilder(practice))
    with Transfer(shape, tmp_path) as transfer:
        transfer.take(log.events)
        connection = offline()
        taken = transfer.log(connection)
        rows = ", ".join(
            f"({n}, {seq}, {b!r}, {w!r}, TIMESTAMP '{at:%Y-%m-%d %H:%M:%S}')" for seq, (at, n, b, w, _) in enumerate(lives)
        )
        connection.execute(
            "CREATE TABLE said AS SELECT n, seq, 'status' AS field, nullif(old, 'None') AS old, new, \"at\", 0 AS ord, TRUE AS person "
            f'FROM (VALUES {rows.replace("None", repr("None"))}) t (n, seq, old, new, "at")'
        )
        made = facts_in_bulk(shape, replace(taken, events="said", chained=chained), tmp_path / "facts", log.events[-1].seq)
        cursor = connection.read_parquet([str(path) for path in made.files]).order("inquiry")
        have = [dict(zip(cursor.columns, row, strict=True)) for row in cursor.fetchall()]
    facts = Facts(practice, tmp_path / "plain")
    facts.rebuild(EventLog(log.events))
    want = {row["inquiry"]: row for row in contents(facts)}
    assert have == [want[row["inquiry"]] for row in have]
    assert len(have) > 150
    assert {row["inquiry"] for row in have} | set(made.odd) == set(want)


def test_what_was_reopened_twice_is_judged_in_bulk(practice, log, tmp_path):
    for times in range(7):
        tidy(log, f"I{times}", AT, times)
    log.inquiry("J", AT, (AT, "awaiting_acceptance"), (AT, "closed"))  # never open
    shape = shape_of(FactBuilder(practice))
    with Transfer(shape, tmp_path) as transfer:
        transfer.take(log.events)
        connection = offline()
        made = facts_in_bulk(shape, transfer.log(connection), tmp_path / "facts", 0)
        rows = (
            connection.read_parquet([str(path) for path in made.files]).order("inquiry").project("inquiry, open_turns").fetchall()
        )
    assert made.odd == ("I4", "I5", "I6")  # opened, ended, and by turns four times and more
    assert [(name, len(turns)) for name, turns in rows] == [("I0", 2), ("I1", 3), ("I2", 4), ("I3", 5), ("J", 0)]
    ended, again = AT + timedelta(minutes=260), [AT + timedelta(days=day) for day in (1, 2, 3)]
    assert [one.replace(tzinfo=UTC) for one in rows[3][1]] == [AT, ended, *again]


def test_a_log_asked_straight_answers_as_its_facts_do(practice, busy_week, tmp_path, monkeypatch):
    # in bands of a few, of the columns that are asked for, and without a file
    monkeypatch.setattr("deskweave.measure.bulk.build.BAND", 50)
    asked = {"inquiry", "service_item", "channel", "submitted_at_day", "first_response_took", "resolution_met", "solved_at_desk"}
    shape = shape_of(FactBuilder(practice))
    with Transfer(shape, tmp_path) as transfer:
        transfer.take(busy_week.events)
        table, odd = table_in_bulk(shape, transfer.log(offline()), 7, frozenset(asked))
        with table:
            straight = table.query("SELECT * FROM facts ORDER BY inquiry")
            assert table.position == 7
    assert set(odd) == {"INQ-BAD-1", "INQ-BAD-2"}
    facts = Facts(practice, tmp_path / "facts")
    facts.refresh(EventLog(busy_week.events))
    assert straight == [{name: row[name] for name in straight[0]} for row in contents(facts) if row["inquiry"] not in odd]
    assert set(straight[0]) == asked


def test_a_chain_that_does_not_hold_is_handed_back(practice, busy_week, tmp_path):
    # a log that never says what was before cannot be summed up unsorted: nothing wrong comes out, nothing comes out
    shape = shape_of(FactBuilder(practice))
    with Transfer(shape, tmp_path) as transfer:
        transfer.take(busy_week.events)
        taken = transfer.log(offline())
        made = facts_in_bulk(shape, replace(taken, chained=True), tmp_path / "facts", 0)
    assert not made.files
    assert len(made.odd) == 122


def test_what_only_python_answers_is_named(practice, tmp_path, busy_week):
    practice.clocks = practice.clocks | {"odd": clock("odd", start=CLOSED, stop=replace(CLOSED, pick="last"))}
    with pytest.raises(Inexpressible, match="odd starts and stops by the same status"):
        shape_of(FactBuilder(practice))
    facts = Facts(practice, tmp_path, bulk_from=1)
    facts.refresh(EventLog(busy_week.events))  # and answered by Python
    assert len(contents(facts)) == 122


def test_figures_do_not_tell_how_rows_were_made(practice, busy_week, tmp_path):
    source, said = EventLog(busy_week.events), []
    for name, least in (("bulk", 1), ("plain", 10**9)):
        facts = Facts(practice, tmp_path / name, bulk_from=least)
        facts.refresh(source)
        with facts.open() as table:
            said.append(run(practice, table, [parse_period("2026-11")], AS_OF, by=("channel",)))
    assert said[0] == said[1]


@pytest.mark.parametrize("by", [(), ("channel",), ("service_item", "agent")], ids=len)
@pytest.mark.parametrize(
    "periods",
    [("2026-11",), ("2026-10", "2026-11"), ("2026-11-16", "2026-11-18"), ("2026-11", "2026-W47"), ("2026-11-18", "2026-11-16")],
    ids="/".join,
)
def test_rules_asked_in_one_reading_answer_as_each_alone(practice, busy_week, tmp_path, by, periods):
    # days with a gap between them, periods that overlap, and periods that do not ascend
    value = {"percentile": {"of": "first_response", "p": 0.9, "method": "interpolated"}}
    slow = replace(practice.metrics["average_first_response"], id="slow", value=value)
    practice.metrics = practice.metrics | {"slow": slow}
    facts, asked = Facts(practice, tmp_path), [parse_period(one) for one in periods]
    facts.refresh(EventLog(busy_week.events))
    with facts.open() as table:
        together = run(practice, table, asked, AS_OF, by=by)
        alone = [one for name in practice.metrics for one in run(practice, table, asked, AS_OF, by=by, metrics=[name])]
    assert len(together) >= len(practice.metrics)
    assert together == alone


def test_a_large_segment_is_read_where_it_is(practice, busy_week, tmp_path, monkeypatch):
    # what a later segment replaces is passed over: each inquiry stands there once, as it is now
    monkeypatch.setattr("deskweave.measure.table._LARGE", 100)
    facts, source = Facts(practice, tmp_path), EventLog(busy_week.events)
    facts.refresh(source)
    for channel in ("email", "phone"):
        source.append([busy_week.add("INQ-007", "channel", channel, AT), busy_week.add(channel, "submitted_at", AT, AT)])
        facts.refresh(source)
    found = contents(facts)
    assert len(found) == len({row["inquiry"] for row in found}) == 124
    assert next(row["channel"] for row in found if row["inquiry"] == "INQ-007") == "phone"

"""How long calendars and clocks take: `python tests/bench/clock.py [instants]`. Not part of the tests.

Seconds are of the processor. Ratios to the scalar call hold from one machine to the next; seconds are this machine's.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from deskweave.clock import Clocks, CompiledCalendar, Targets, compile_calendars, cumulative, grid, moments, status_time, timeline
from deskweave.clock.zone import epoch
from deskweave.documents import read
from deskweave.model import Event, FieldId, InquiryId
from deskweave.practice import Practice, compose

TOP = """apiVersion: deskweave/v1
kind: Practice
id: acme
version: '1'
label: {en: ACME, zh: 艾克米}
languages: [en, zh]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""
SINCE, UNTIL = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def timed(what: Callable[[], Any], times: int = 5) -> tuple[Any, float]:
    """The result, and the processor seconds of the quickest of several runs."""
    best = float("inf")
    for _ in range(times):
        begun = time.process_time()
        result = what()
        best = min(best, time.process_time() - begun)
    return result, best


def by_days(calendar: CompiledCalendar, windows: Mapping[date, list[tuple[int, int]]], at: int) -> int:
    """C(at) as people write it: over the days from the first on. Stands for itself; it is not how anything here counts."""
    total, day = 0, SINCE.date()
    while day in windows:
        for opens, closes in windows[day]:
            if opens >= at:
                return total
            total += min(closes, at) - opens
        day += timedelta(days=1)
    return total


def instants(count: int) -> None:
    """Many instants on one calendar: one by one, and by the numbers."""
    calendar = compile_calendars(practice())["cn_5x8"]
    assert isinstance(calendar, CompiledCalendar)
    dice = random.Random(7)
    seconds = [epoch(SINCE) + dice.randrange(731 * 86_400) for _ in range(count)]
    moments = [datetime.fromtimestamp(second, UTC) for second in seconds]
    scalar, alone = timed(lambda: [calendar.cumulative(at) for at in moments], 3)
    numbers, laying = timed(lambda: cumulative(calendar, SINCE, UNTIL))
    cells, filling = timed(lambda: grid(calendar, SINCE, UNTIL))
    pointed, breakpoints = timed(lambda: numbers.of(seconds), 3)
    celled, cell = timed(lambda: cells.of(seconds), 3)
    assert scalar == pointed.tolist() == celled.tolist()
    size = sum(len(column) * column.itemsize for column in (cells.base, cells.slope))
    print(f"{count:,} instants over two years")
    print(f"breakpoints: {len(numbers.at):,}, laid out in {laying * 1e3:.1f} ms")
    print(f"cells of {cells.cell} s: {len(cells):,}, {size / 1e3:.0f} kB, laid out in {filling * 1e3:.1f} ms")
    print(f"{'one by one':<34} {alone / count * 1e9:8.0f} ns each     1.0")
    for name, spent in (("breakpoints, plain Python", breakpoints), ("cells, plain Python", cell)):
        print(f"{name:<34} {spent / count * 1e9:8.0f} ns each  {alone / spent:6.1f} times as fast")
    due, ahead = timed(lambda: [calendar.due(at, 14_400, provisional=True) for at in moments], 1)
    many, numbers_ahead = timed(lambda: numbers.due(seconds, [14_400] * count), 1)
    assert all(late == -1 or epoch(one.at) == late for one, late in zip(due, many, strict=True))
    print(f"{'due moments, one by one':<34} {ahead / count * 1e9:8.0f} ns each     1.0")
    print(
        f"{'due moments, breakpoints':<34} {numbers_ahead / count * 1e9:8.0f} ns each  {ahead / numbers_ahead:6.1f} times as fast"
    )
    few = seconds[:200]
    windows: dict[date, list[tuple[int, int]]] = {SINCE.date() + timedelta(days=n): [] for n in range(732)}
    for opens, closes in calendar.windows(SINCE, UNTIL):
        windows[opens.date()].append((epoch(opens), epoch(closes)))
    looped, looping = timed(lambda: [by_days(calendar, windows, second) for second in few], 1)
    begin = calendar.cumulative(SINCE)
    assert looped == [calendar.cumulative(datetime.fromtimestamp(second, UTC)) - begin for second in few]
    print(
        f"{'a loop over days':<34} {looping / len(few) * 1e9:8.0f} ns each  {looping / len(few) / (alone / count):6.1f} times as slow"
    )
    in_an_engine(cells, seconds, scalar, alone)


def in_an_engine(cells: Any, seconds: list[int], scalar: list[int], alone: float) -> None:
    """The cells as a table that DuckDB joins by equality; on one thread."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as engine:
        load = "CREATE OR REPLACE TABLE cells AS SELECT unnest($1) AS q, unnest($2) AS base, unnest($3) AS slope, unnest($4) AS day"
        _, loading = timed(lambda: engine.execute(load, list(cells.columns())), 3)
        engine.execute("CREATE TABLE moments AS SELECT unnest($1) AS second", [seconds])
        ask = f"SELECT sum(base + slope * (second % {cells.cell})) FROM moments JOIN cells ON q = second // {cells.cell}"
        found, joining = timed(lambda: engine.execute(ask).fetchall(), 5)
        assert found == [(sum(scalar),)]
    print(f"cells into a table of DuckDB: {loading * 1e3:.0f} ms")
    print(f"{'cells, joined by DuckDB':<34} {joining / len(seconds) * 1e9:8.1f} ns each  {alone / joining:6.1f} times as fast")


def practice() -> Practice:
    return compose(read(TOP, "practice.yaml"))


def inquiries(count: int) -> None:
    """The built-in clocks of whole inquiries: six statuses, a priority set at triage and raised once."""
    desk = practice()
    calendars, statuses = compile_calendars(desk), desk.statuses.statuses
    clocks, plain = Clocks(desk.clocks, calendars, Targets(desk)), Clocks(desk.clocks, calendars)
    histories = [_history(number) for number in range(count)]
    lines, reading = timed(lambda: [timeline(events, statuses, watched=clocks.watched) for events in histories], 3)
    _, without = timed(lambda: [plain.evaluate(line) for line in lines], 3)
    found, evaluating = timed(lambda: [clocks.evaluate(line) for line in lines], 3)
    _, spent = timed(lambda: [status_time(line, calendars["cn_5x8"]) for line in lines], 3)  # type: ignore[arg-type]
    _, ahead = timed(lambda: [[moments(run) for run in clocks.runs(line).values()] for line in lines], 3)
    judged = sum(fact.goal is not None for one in found for fact in one.facts.values())
    print(f"{count:,} inquiries of {len(histories[0])} events, {judged:,} goals found")
    for name, seconds in (
        ("read a timeline", reading), ("evaluate four clocks, own goals", without), ("evaluate four clocks, levels", evaluating),
        ("time in each status", spent), ("moments ahead of every clock", ahead),
    ):  # fmt: skip
        print(f"{name:<34} {seconds / count * 1e6:8.1f} us an inquiry")


def _history(number: int) -> list[Event]:
    dice = random.Random(number)
    at = SINCE + timedelta(seconds=dice.randrange(700 * 86_400))
    said: list[tuple[str, Any, datetime]] = [("submitted_at", at, at), ("channel", "phone", at), ("title", "x", at)]
    for place, status in enumerate(("awaiting_acceptance", "in_progress", "waiting_on_user", "in_progress", "resolved", "closed")):
        said.append(("status", status, at))
        if place == 1:
            said += [("stream", "incident", at + timedelta(seconds=30)), ("priority", "p3", at + timedelta(seconds=30))]
        if place == 2:
            said.append(("priority", "p2", at + timedelta(seconds=30)))
        at += timedelta(seconds=dice.randrange(60, 40_000))
    return [
        Event(seq=seq, inquiry=InquiryId(str(number)), field=FieldId(name), old=None, new=value, at=when, order=0, recorded_at=when,
              actor=None, source="connection:x", origin_id=str(seq), precise=True, refines=None, cause=None, practice="p")
        for seq, (name, value, when) in enumerate(said, 1)
    ]  # fmt: skip


if __name__ == "__main__":
    instants(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
    inquiries(5_000)

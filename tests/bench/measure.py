"""How long facts and KPIs take, as ratios to reading the facts: `python tests/bench/measure.py [inquiries]`. Not part of the tests.

Prints seconds and peak memory. The ratios are what holds from one machine to the next; seconds are this machine's.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "measure"))

from conftest import ITEMS, Practice
from deskweave.measure import Facts, parse_period, period_of, run
from deskweave.measure.table import offline
from deskweave.model import Event, FieldId, InquiryId

BEGIN = datetime(2024, 1, 2, 1, tzinfo=UTC)
AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
EACH = 11  #: events of an inquiry: five fields, six statuses


class Generated:
    """Two years of inquiries, made when they are asked for, so that the log itself takes no memory."""

    def __init__(self, inquiries: int) -> None:
        self.inquiries = inquiries

    def events(self, after_seq: int) -> Iterator[Event]:
        for number in range(after_seq // EACH, self.inquiries):
            yield from (event for event in self.of(number) if event.seq > after_seq)

    def events_of(self, inquiries: Collection[InquiryId]) -> Iterator[Event]:
        for name in inquiries:
            yield from self.of(int(name))

    def of(self, number: int) -> Iterator[Event]:
        dice = random.Random(number)
        at = BEGIN + timedelta(seconds=int(number / self.inquiries * 730 * 86_400))
        changes = [
            ("submitted_at", at), ("channel", dice.choice(("feishu", "phone", "email"))), ("service_item", dice.choice(tuple(ITEMS))),
            ("agent", f"per_{dice.randrange(30)}"), ("user_satisfaction", dice.choice(("satisfied", "neutral"))),
        ]  # fmt: skip
        moments = [at] * len(changes)
        for status in ("awaiting_acceptance", "in_progress", "waiting_on_user", "in_progress", "resolved", "closed"):
            changes.append(("status", status))
            moments.append(at)
            at += timedelta(seconds=dice.randrange(60, 40_000))
        for place, ((name, value), moment) in enumerate(zip(changes, moments, strict=True)):
            seq = number * EACH + place + 1
            yield Event(seq=seq, inquiry=InquiryId(f"{number:08}"), field=FieldId(name), old=None, new=value, at=moment, order=0,
                        recorded_at=moment, actor=None, source="bench", origin_id=str(seq), precise=True, refines=None, cause=None,
                        practice="p1")  # fmt: skip


def timed(what, times=1):
    best = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        result = what()
        best = min(best, time.perf_counter() - begun)
    return result, best


def main(inquiries: int) -> None:
    source, practice = Generated(inquiries), Practice()
    with tempfile.TemporaryDirectory() as folder:
        facts = Facts(practice, Path(folder))
        _, walking = timed(lambda: sum(1 for n in range(inquiries) for _ in source.of(n)))
        _, building = timed(lambda: facts.refresh(source))
        size = sum(path.stat().st_size for path in Path(folder).glob("*.parquet"))
        months = [period_of(BEGIN.date() + timedelta(days=31 * n), "month") for n in range(24)]
        files = [str(path) for path in Path(folder).glob("*.parquet")]
        connection = offline()

        def scan():
            table = connection.read_parquet(files)
            return table.aggregate(", ".join(f'max("{name}")' for name in table.columns)).fetchall()

        _, scanning = timed(scan, 5)
        connection.close()
        with facts.open() as table:
            _, kpis = timed(lambda: run(practice, table, months, AS_OF, by=()), 5)
            _, broken = timed(lambda: run(practice, table, months, AS_OF, by=("service_item", "agent")), 3)
            _, one = timed(lambda: run(practice, table, [parse_period("2025-03")], AS_OF, by=()), 5)
    # The generator walks the log twice in a build; what it costs is not the product's.
    print(f"{inquiries:,} inquiries, {inquiries * EACH:,} events, facts {size / 1e6:.1f} MB")
    print(
        f"build from events      {building:8.2f} s   {(building - 2 * walking) / inquiries * 1e6:6.1f} us an inquiry without the generator"
    )
    print(f"scan of all facts      {scanning:8.3f} s   1.0")
    for name, seconds in (("9 KPIs, one month", one), ("9 KPIs, 24 months", kpis), ("9 KPIs, months x item x agent", broken)):
        print(f"{name:<30} {seconds:.3f} s   {seconds / scanning:.1f} of the scan")
    print(f"peak memory            {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

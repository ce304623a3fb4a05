"""KPIs over millions of inquiries: `python tests/bench/kpi.py [inquiries ...]`, or `make bench-kpi`. Not part of the tests.

A generated log of two years (about six events an inquiry, as Parquet) is measured in five ways, each in processes of their own: by our
rules from facts and from the raw log, by a careful pandas script (`kpi_pandas.py`) from the same facts and the same log, and as
the bare scan of the columns that the KPIs look at. The KPIs are those of the built-in practice that are about inquiries, the share
that fulfils each criterion of two of them, and two percentiles, by month and service item. All ways must give the same figures, or
the run fails. Ratios hold from one machine to the next; seconds are this machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

BEGIN, AS_OF = date(2024, 3, 1), datetime(2026, 11, 22, tzinfo=UTC)
MONTHS = 24
BY = ("service_item",)
COPIED = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"

LIVES = {
    # share of inquiries up to which: the statuses they go through
    40: ["awaiting_acceptance", "in_progress", "waiting_on_user", "in_progress", "resolved", "closed"],
    85: ["awaiting_acceptance", "in_progress", "resolved", "closed"],
    93: ["awaiting_acceptance", "in_progress", "waiting_on_user", "in_progress", "waiting_on_third_party", "in_progress", "resolved", "closed"],
    96: ["awaiting_acceptance", "in_progress", "resolved", "closed", "in_progress", "resolved", "closed"],
    97: ["awaiting_acceptance", "cancelled"],
    98: ["awaiting_acceptance", "closed"],
    100: ["awaiting_acceptance", "in_progress", "waiting_on_user", "in_progress"],
}  # fmt: skip
SAID = {"status", "current_tier", "first_line", "second_line", *(word for life in LIVES.values() for word in life)}


def words(some: Any) -> str:
    return "[" + ", ".join("NULL" if one is None else f"'{one}'" for one in some) + "]"


def pick(salt: int, some: Any) -> str:
    said = list(some)
    return f"{words(said)}[1 + (hash(n, {salt}) % {len(said)})::INT]"


def chance(salt: int, percent: int) -> str:
    return f"hash(n, {salt}) % 100 < {percent}"


def generate(count: int, folder: Path) -> None:
    """`events.parquet` in the order in which things happened, `values.parquet` with a row for each inquiry."""
    from deskweave.measure.table import offline

    items = sorted(practice().catalog)[:20]
    streams = list(practice().fields["stream"].choices)
    classes = list(practice().fields["classification"].choices)[:8]
    lives = " ".join(f"WHEN kind < {share} THEN {words(said)}" for share, said in LIVES.items())
    ends = " ".join(f"WHEN kind < {share} THEN '{said[-1]}'" for share, said in LIVES.items())
    span = MONTHS * 365 // 12 * 86_400 - 200_000
    connection = offline()
    connection.execute("SET memory_limit = '8GB'")
    connection.execute("SET temp_directory = $spill", {"spill": str(folder / "spill")})
    connection.execute(
        f"CREATE TABLE made AS SELECT n, TIMESTAMP '{BEGIN}' + to_seconds((n::HUGEINT * {span} // {count})::BIGINT + (hash(n, 1) % 900)::BIGINT) "
        f"AS submitted_at, (hash(n, 2) % 100)::INT AS kind FROM range({count}) t(n)"
    )
    connection.execute(
        f"""COPY (SELECT n, 'INQ-' || lpad(n::VARCHAR, 8, '0') AS inquiry, submitted_at, CASE {ends} END AS status,
        {pick(11, ["feishu", "phone", "email", "self_service"])} AS channel, {pick(12, items)} AS service_item,
        'per_' || (hash(n, 13) % 20000) AS "user", {pick(14, [*streams, None])} AS stream, {pick(15, classes)} AS classification,
        CASE WHEN {chance(16, 96)} THEN {pick(15, classes)} ELSE {pick(17, classes)} END AS business_category,
        {chance(18, 3)} AS returned, {chance(19, 2)} AS misclassified,
        CASE WHEN {chance(20, 60)} THEN {pick(21, ["satisfied", "satisfied", "satisfied", "neutral", "dissatisfied"])} END AS user_satisfaction,
        CASE WHEN {chance(22, 50)} THEN {pick(23, ["one_system", "several"])} END AS system_module,
        CASE WHEN {chance(24, 70)} THEN {pick(25, ["hardware", "usage", "access"])} END AS problem_category,
        CASE WHEN {chance(26, 60)} THEN submitted_at - INTERVAL 1 HOUR END AS occurred_at,
        TRUE AS title_filled, {chance(27, 90)} AS symptom_filled, {chance(28, 80)} AS email_filled, {chance(29, 40)} AS contact_phone_filled,
        {chance(30, 85)} AS solution_filled, {chance(31, 30)} AS scope_of_impact_filled, {chance(32, 10)} AS related_incident_filled,
        {chance(33, 10)} AS configuration_item_filled FROM made ORDER BY n) TO '{folder}/values.parquet' {COPIED}"""
    )
    # words as numbers until they are in order: sorting is most of the work
    connection.execute(f"CREATE TYPE word AS ENUM {tuple(sorted(SAID))}")
    connection.execute(
        f"""CREATE TABLE happened AS
        SELECT n, k::UTINYINT AS k, 'status'::word AS field, old, new, submitted_at + to_seconds(CASE k WHEN 0 THEN 0 WHEN 1 THEN (hash(n, 3) % 900)::BIGINT
          ELSE 900 + k * (1 + (hash(n, 4) % 40000)::BIGINT) END) AS "at"
        FROM (SELECT n, submitted_at, unnest(range(len(w))) AS k, unnest(w) AS new, unnest([NULL] || w[:-2]) AS old
          FROM (SELECT n, submitted_at, (CASE {lives} END)::word[] AS w FROM made))
        UNION ALL SELECT n, 100, 'current_tier', NULL, 'first_line', submitted_at FROM made
        UNION ALL SELECT n, 101, 'current_tier', 'first_line', 'second_line', submitted_at + INTERVAL 30 MINUTE FROM made WHERE {chance(5, 15)}
        ORDER BY "at", n, k"""
    )
    connection.execute(
        f"""COPY (SELECT row_number() OVER () AS seq, n, field::VARCHAR AS field, old::VARCHAR AS old, new::VARCHAR AS new, "at", 0::SMALLINT AS ord,
        TRUE AS person FROM happened) TO '{folder}/events.parquet' {COPIED}"""
    )
    connection.close()


@cache
def practice() -> Any:
    """The practice that ships."""
    from deskweave.practice import builtin

    return builtin()


@cache
def metrics() -> list[Any]:
    """The KPIs of the built-in practice about inquiries, and two percentiles."""
    found = [one for one in practice().metrics.values() if one.grain == "inquiry" and "composite" not in one.value]
    like = practice().metrics["mean_time_to_resolve"]
    for of, p in (("resolution", 0.9), ("first_response", 0.5)):
        value = {"percentile": {"of": of, "p": p, "method": "interpolated"}}
        found.append(replace(like, id=f"{of}_p{int(p * 100)}", value=value, examples=()))
    return found


@cache
def columns() -> frozenset[str]:
    """The columns that these KPIs look at."""
    from deskweave.measure.columns import Column, Columns
    from deskweave.measure.planner import Planner

    planner = Planner(practice(), Columns(practice()))

    def named(part: object) -> Iterator[str]:
        if isinstance(part, Column):
            yield part.name
        elif is_dataclass(part):
            for one in fields(part):
                yield from named(getattr(part, one.name))
        elif isinstance(part, tuple):
            for one in part:
                yield from named(one)

    wanted = frozenset(name for metric in metrics() for name in named(planner.plan(metric, BY)))
    return wanted | {"_practice", "_calendars"}


def logged(folder: Path) -> tuple[Any, Any]:
    """The generated log where DuckDB can read it, and the practice as SQL."""
    from deskweave.measure.bulk import BulkLog, ready, shape_of
    from deskweave.measure.facts import FactBuilder
    from deskweave.measure.table import offline

    connection = offline()
    ready(connection, "2GB", folder / "spill")
    connection.execute(f"CREATE VIEW events AS FROM '{folder}/events.parquet'")
    connection.execute(f"CREATE VIEW known AS FROM '{folder}/values.parquet'")
    (count,) = connection.execute("SELECT count(*) FROM known").fetchone() or (0,)
    log = BulkLog(connection=connection, events="events", values="known", count=count, chained=True)
    return shape_of(FactBuilder(practice())), log


def write(folder: Path, target: Path) -> None:
    """Facts of the generated log, every column, as they are kept."""
    from deskweave.measure.bulk import facts_in_bulk

    shape, log = logged(folder)
    made = facts_in_bulk(shape, log, target, 1)
    log.connection.close()
    assert not made.odd, made.odd[:3]


def opened(files: list[Path]) -> Any:
    from deskweave.measure import FactTable
    from deskweave.measure.columns import Columns

    return FactTable.of_segments(Columns(practice()), files[0].parent, [[one.name for one in files]], 1)


def straight(folder: Path) -> Any:
    """Facts of the generated log, those that the KPIs look at, without a file."""
    from deskweave.measure.bulk import table_in_bulk

    table, odd = table_in_bulk(*logged(folder), 1, columns())
    assert not odd, odd[:3]
    return table


def figures(table: Any) -> list[list[Any]]:
    """The KPIs by our rules."""
    from deskweave.measure import period_of, run

    months = [
        period_of(date(BEGIN.year + (BEGIN.month - 1 + n) // 12, (BEGIN.month - 1 + n) % 12 + 1, 1), "month") for n in range(MONTHS)
    ]
    with table:
        found = run(practice(), table, months, AS_OF, by=BY, metrics=metrics())
    return [
        [name, one.period.since.isoformat(), one.by["service_item"], value]
        for one in found
        for name, value in [(one.metric, one.value), *((f"{one.metric}: {slug}", share) for slug, share in one.parts.items())]
    ]


def refresh(folder: Path) -> tuple[int, list[float], list[float]]:
    """Events; what facts of them take through `Facts`, and what a refresh takes that touches all of them again: seconds, of them cpu."""
    from deskweave.measure import EventLog, Facts
    from deskweave.measure.table import offline
    from deskweave.model import Event, FieldId, InquiryId

    connection = offline()
    rows = connection.execute(
        f'SELECT row_number() OVER (ORDER BY seq, inquiry), inquiry, field, new, "at" FROM (SELECT e.seq, e.n, field, new, "at" '
        f"FROM '{folder}/events.parquet' e WHERE n < 100000 UNION ALL SELECT 0, n, 'submitted_at', NULL, submitted_at "
        f"FROM '{folder}/values.parquet' WHERE n < 100000) JOIN '{folder}/values.parquet' USING (n)"
    ).fetchall()
    connection.close()

    def event(seq: int, inquiry: str, field: str, new: str | None, at: datetime) -> Event:
        at = at.replace(tzinfo=UTC)
        return Event(seq=seq, inquiry=InquiryId(inquiry), field=FieldId(field), old=None, new=at if new is None else new, at=at, order=0,
                     recorded_at=at, actor=None, source="connection:x", origin_id=str(seq), precise=True, refines=None, cause=None,
                     practice="p")  # fmt: skip

    log = EventLog(event(*row) for row in rows)
    with tempfile.TemporaryDirectory() as own:
        facts = Facts(practice(), Path(own))

        def taken() -> list[float]:
            begun = time.perf_counter(), time.process_time()
            facts.refresh(log)
            return [time.perf_counter() - begun[0], time.process_time() - begun[1]]

        built = taken()
        last = len(rows)
        names = sorted({row[1] for row in rows})
        log.append(event(last + n, name, "channel", "phone", rows[-1][4]) for n, name in enumerate(names, 1))
        return last, built, taken()


EVENTS = ["n", "field", "old", "new", "at", "person"]  #: what rules look at in an event


def known(file: Path) -> list[str]:
    """The columns of a file that the KPIs look at."""
    import pyarrow.parquet as pq

    here = set(pq.read_schema(file).names)
    if "old" in here:
        return EVENTS
    # whether somebody put it in another category is derived from the last of these
    wanted = columns() if "reclassified" in here else columns() | {"n", "business_category"}
    return sorted(wanted & here - {"_practice", "_calendars"})


def scan(files: list[Path]) -> None:
    from deskweave.measure.table import offline

    connection = offline()
    table = connection.read_parquet([str(one) for one in files])
    wanted = known(files[0])
    # `last` has to read every value, which min, max and count do not: they are answered by the files' own statistics
    table.aggregate(", ".join(f'last("{name}")' for name in wanted)).fetchall()
    connection.close()


def one(way: str, folder: Path) -> None:
    """Run one way in this process, and say how long it took and how much memory."""
    facts = sorted(folder.glob("facts-*.parquet"))
    log = [folder / "events.parquet", folder / "values.parquet"]
    said: Any = None
    import pyarrow.parquet  # noqa: F401

    if way.startswith("pandas"):
        import kpi_pandas
    elif way.startswith("ours"):
        import sqlglot  # noqa: F401
    columns()  # starting Python, libraries and the practice is no way's work
    begun, used = time.perf_counter(), time.process_time()
    match way:
        case "generate":
            generate(int(folder.name), folder)
        case "facts, written":
            write(folder, folder / "facts")
        case "scan of facts":
            scan(facts)
        case "scan of the log":
            for path in log:
                scan([path])
        case "ours from facts":
            said = figures(opened(facts))
        case "ours from the log":
            said = figures(straight(folder))
        case "pandas from facts" | "pandas from the log":
            said = (
                kpi_pandas.from_facts(facts, known(facts[0])) if way.endswith("facts") else kpi_pandas.from_log(log, known(log[1]))
            )
        case "refresh":
            said = refresh(folder)
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": used, "peak": peak, "said": said}))


WRITTEN = "facts, written"
WAYS = (
    "scan of facts", "ours from facts", "pandas from facts", "scan of the log", "ours from the log", "pandas from the log",
)  # fmt: skip


def child(way: str, folder: Path) -> dict[str, Any]:
    """One way in a process of its own: what a parent has used, a child is told to have used too."""
    done = subprocess.run([sys.executable, __file__, "--way", way, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{way}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The shortest of several runs, with the least processor time and the greatest peak of any."""
    shortest = min(runs, key=lambda run: run["seconds"])
    return shortest | {"cpu": min(run["cpu"] for run in runs), "peak": max(run["peak"] for run in runs)}


def same(one: list[list[Any]], other: list[list[Any]]) -> str:
    """How many figures two ways gave, and how far they differ: by rounding at most."""
    left, right = ({tuple(row[:3]): row[3] for row in rows if row[3] is not None} for rows in (one, other))
    assert left.keys() == right.keys(), sorted(left.keys() ^ right.keys())[:3]
    worst = max(abs(left[key] - right[key]) / max(abs(right[key]), 1e-9) for key in left)
    assert worst < 1e-9, worst
    return f"{len(left)} figures, equal to {worst:.0e}"


def main(count: int, keep: Path | None, times: int) -> None:
    with tempfile.TemporaryDirectory() as own:
        folder = (keep or Path(own)) / str(count)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "events.parquet").exists():
            child("generate", folder)
        for path in folder.glob("facts-*.parquet"):
            path.unlink()
        written = {WRITTEN: child(WRITTEN, folder)}
        load = os.getloadavg()[0]
        # one after another and again, so that what else the machine does falls upon all alike
        runs = [{way: child(way, folder) for way in WAYS} for _ in range(times)]
        found = {way: best([run[way] for run in runs]) for way in WAYS} | written
        print(f"{count:,} inquiries; load before {load:.1f}")
        for way, run in found.items():
            print(f"  {way:<26} {run['seconds']:8.2f} s   {run['cpu']:8.2f} s of processor time   {run['peak'] / 1024:5.2f} GB")
        reference = found["ours from facts"]["said"]
        for way in ("ours from the log", "pandas from facts", "pandas from the log"):
            print(f"  ours from facts and {way}: {same(reference, found[way]['said'])}")

        def ratio(words: str, of: str, over: str, most: float = 0, least: float = 0) -> None:
            value, work = (found[of][what] / found[over][what] for what in ("seconds", "cpu"))
            good = value <= most if most else value >= least
            print(f"  {words:<50} {value:6.1f} {work:6.1f}   goal {most or least:4g}: {'reached' if good else 'missed'}")

        print(f"  {'':<50} {'time':>6} {'cpu':>6}")
        ratio("from facts, of the scan of the same columns", "ours from facts", "scan of facts", most=6)
        ratio("from facts, faster than pandas on the same facts", "pandas from facts", "ours from facts", least=2.5)
        ratio("from facts, faster than pandas from the raw log", "pandas from the log", "ours from facts", least=12)
        ratio("from the log, faster than pandas from the raw log", "pandas from the log", "ours from the log", least=3.5)
        ratio("from the log, of the scan of the same columns", "ours from the log", "scan of the log", most=8)
        peak = max(found[way]["peak"] for way in ("ours from facts", "ours from the log", WRITTEN)) / 1024
        print(f"  {'peak memory of ours, GB':<50} {peak:6.1f} {'':6}   goal    3: {'reached' if peak <= 3 else 'missed'}")
        events, *taken = child("refresh", folder)["said"]
        for words, (seconds, cpu) in zip(
            ("facts of a store's events, by way of Python", "a refresh that touches them all"), taken, strict=True
        ):
            print(
                f"  {f'{words}, a million events':<70} {seconds * 1e6 / events:6.1f} s   {cpu * 1e6 / events:6.1f} s of processor time"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", nargs="*", default=["1000000", "10000000"])
    parser.add_argument("--way")
    parser.add_argument("--keep", type=Path, help="folder in which the generated log stays")
    parser.add_argument("--times", type=int, default=3, help="runs of each way; the best counts")
    said = parser.parse_args()
    if said.way:
        one(said.way, Path(said.counts[0]))
    else:
        for number in said.counts:
            main(int(number), said.keep, said.times)

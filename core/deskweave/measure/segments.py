"""Facts on disk: immutable Parquet segments by event position, and a manifest that says which of them count.

Everything here can be thrown away and made again from the events. A segment is written under another name and renamed, the manifest
after it, so that a reader sees the state before or after and never between. One process writes at a time; readers never wait.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deskweave.clock.timeline import SUBMITTED
from deskweave.errors import DeskweaveError
from deskweave.findings import Finding, Place, Severity
from deskweave.measure.facts import FactBuilder, Problem
from deskweave.measure.periods import Period
from deskweave.measure.sources import EventSource, Rulebook
from deskweave.measure.table import FactTable, offline
from deskweave.model import Event, InquiryId

if TYPE_CHECKING:
    from deskweave.measure.bulk import Transfer

FORMAT: Final = 1
_BATCH: Final = 5_000  #: inquiries whose events are held in memory at once
BULK_FROM: Final = 5_000  #: inquiries from which on SQL makes rows: below, starting it takes longer than it saves
_MEMORY: Final = "2GB"  #: of DuckDB while rows are made in bulk; beyond, it spills beside the facts
_COMPACT_AT: Final = 12  #: segments after which a refresh joins them: each costs a reader one file and a share of the sorting


class FactsBusy(DeskweaveError):
    """Another process is writing these facts."""


@dataclass(frozen=True, slots=True)
class Segment:
    file: str
    position: int
    rows: int
    group: str = ""  #: files of one group were written together and hold no inquiry twice; empty: this file alone


@dataclass(frozen=True, slots=True)
class Manifest:
    columns: str
    position: int = 0
    segments: tuple[Segment, ...] = ()
    generation: str = ""  #: another one: rows are others now though no event came

    @property
    def groups(self) -> list[list[str]]:
        """Files by segment, the oldest first."""
        found: dict[str, list[str]] = {}
        for segment in self.segments:
            found.setdefault(segment.group or segment.file, []).append(segment.file)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did. `rebuilt` says why everything was made anew; empty: only what changed."""

    position: int
    inquiries: int
    rebuilt: str = ""


@dataclass(slots=True)
class Facts:
    """The facts of one environment under `directory` (`.deskweave/<environment>/facts/`)."""

    practice: Rulebook
    directory: Path
    bulk_from: int = BULK_FROM  #: inquiries from which on rows are made in bulk
    _builder: FactBuilder = field(init=False)

    def __post_init__(self) -> None:
        self._builder = FactBuilder(self.practice)

    @property
    def position(self) -> int:
        """The `seq` of the last event these facts know of."""
        return self._manifest().position

    @property
    def columns_kept(self) -> str:
        """The digest of the columns that the kept rows have."""
        return self._manifest().columns

    @property
    def fits(self) -> bool:
        """Whether kept rows have the columns of this practice; where nothing is kept, everything fits."""
        manifest = self._manifest()
        return not manifest.segments or manifest.columns == self._builder.columns.digest

    def open_raw(self) -> FactTable:
        """The rows as they are kept, also where their columns are another practice's: only what every row has can be asked."""
        manifest = self._manifest()
        return FactTable.of_segments(self._builder.columns, self.directory, manifest.groups, manifest.position)

    def open(self) -> FactTable:
        """The rows, ready to be asked.

        Their `generation` is another one after everything was made anew or inquiries were taken out: a copy is to be made anew too.
        """
        manifest = self._manifest()
        if manifest.columns != self._builder.columns.digest:
            return FactTable.of_segments(self._builder.columns, self.directory, [], 0)
        table = FactTable.of_segments(self._builder.columns, self.directory, manifest.groups, manifest.position)
        table.generation = manifest.generation
        return table

    def refresh(self, source: EventSource) -> Refreshed:
        """Take in the events since the last refresh: one new segment with the rows of the inquiries they touch.

        Rows that no event touched stay as they were judged, even when practice or calendars have changed since:
        `restatement.restate` shows what would change, `rebuild` changes it. Only when the columns themselves are others is
        everything made anew.

        Raises:
            FactsBusy: another process is at it.
        """
        with self._writing():
            manifest = self._manifest()
            if manifest.columns != self._builder.columns.digest:
                why = "the practice has other fields, statuses or clocks" if manifest.segments else ""
                return self._rebuild(source, why)
            touched: dict[InquiryId, None] = {}
            position = manifest.position
            for event in source.events(manifest.position):
                touched[event.inquiry] = None
                position = event.seq
            if not touched:
                return Refreshed(manifest.position, 0)
            added = self._write(source, list(touched), position)
            self._save(replace(manifest, position=position, segments=(*manifest.segments, *added)))
            if len(manifest.groups) + 1 >= _COMPACT_AT:
                self._compact()
            return Refreshed(position, len(touched))

    def rebuild(self, source: EventSource) -> Refreshed:
        """Make every row anew, under today's practice and calendars: an explicit restatement.

        Raises:
            FactsBusy: another process is at it.
        """
        with self._writing():
            return self._rebuild(source, "asked for")

    def compact(self) -> None:
        """Join the segments into one and drop rows that later ones replaced.

        Raises:
            FactsBusy: another process is at it.
        """
        with self._writing():
            self._compact()

    def forget(self, inquiries: Collection[InquiryId], after: int) -> None:
        """Drop the rows of inquiries that are about to be taken out of the store, and read events after `after` again.

        Raises:
            FactsBusy: another process is at it.
        """
        with self._writing():
            manifest = self._manifest()
            if not manifest.segments:
                return
            position = min(manifest.position, after)
            name = self._name(manifest.position)
            with self.open() as table:
                connection = table._connection
                sql = "SELECT * FROM facts WHERE inquiry NOT IN (SELECT unnest($gone)) ORDER BY inquiry"
                kept = connection.sql(sql, params={"gone": sorted(inquiries)})
                rows = len(kept)
                kept.write_parquet(str(self.directory / name), compression="zstd")
            left = (Segment(name, manifest.position, rows),) if rows else ()
            self._save(Manifest(manifest.columns, position, left, _generation()))

    @contextmanager
    def made_anew(self, source: EventSource) -> Iterator[FactTable]:
        """The rows a rebuild from the same events would make, beside the kept ones. Nothing is written here."""
        until = self.position
        with tempfile.TemporaryDirectory(prefix="deskweave-facts-") as folder:
            again = Facts(self.practice, Path(folder), self.bulk_from)
            again._rebuild(source, "compared", until)
            with again.open() as fresh:
                yield fresh

    def problems(self, period: Period | None = None) -> list[tuple[InquiryId, Problem]]:
        """Everything that is wrong with the data of inquiries, by inquiry; of a period: also of those that belong to none."""
        with self.open() as table:
            return problems_of(table, period)

    def _rebuild(self, source: EventSource, why: str, until: int | None = None) -> Refreshed:
        touched: dict[InquiryId, None] = {}
        position = 0
        with self._bulk() as bulk:
            held: list[Event] = []  # until there are so many that they go to DuckDB
            for event in source.events(0):
                if until is not None and event.seq > until:
                    break
                touched[event.inquiry] = None
                position = event.seq
                if bulk is not None:
                    held.append(event)
                    if len(touched) >= self.bulk_from:
                        bulk.take(held)
                        held.clear()
            made: tuple[Segment, ...] | None = None
            if bulk is not None and len(touched) >= self.bulk_from:
                made = self._written(bulk, source, position)
        if made is None:
            made = self._one_by_one(source, list(touched), position) if touched else ()
        self._save(Manifest(self._builder.columns.digest, position, made, _generation()))
        return Refreshed(position, len(touched), why)

    def _compact(self) -> None:
        manifest = self._manifest()
        if len(manifest.groups) < 2:
            return
        name = self._name(manifest.position)
        with self.open() as table:
            connection = table._connection
            connection.table("facts").order("inquiry").write_parquet(str(self.directory / name), compression="zstd")
            rows = len(connection.table("facts"))
        self._save(replace(manifest, segments=(Segment(name, manifest.position, rows),)))

    def _histories(self, source: EventSource, inquiries: list[InquiryId], position: int) -> Iterator[tuple[InquiryId, list[Event]]]:
        remaining = iter(sorted(inquiries))
        while batch := list(islice(remaining, _BATCH)):
            events: defaultdict[InquiryId, list[Event]] = defaultdict(list)
            for event in source.events_of(batch):
                if event.seq <= position:  # one that was committed while we read belongs to the next refresh
                    events[event.inquiry].append(event)
            for inquiry in batch:
                yield inquiry, events[inquiry]

    def _write(self, source: EventSource, inquiries: list[InquiryId], position: int) -> tuple[Segment, ...]:
        if len(inquiries) >= self.bulk_from:
            with self._bulk() as bulk:
                if bulk is not None:
                    for _, events in self._histories(source, inquiries, position):
                        bulk.take(events)
                    made = self._written(bulk, source, position)
                    if made is not None:
                        return made
        return self._one_by_one(source, inquiries, position)

    @contextmanager
    def _bulk(self) -> Iterator[Transfer | None]:
        """What takes events to DuckDB; None where the practice asks for something that only Python answers."""
        from deskweave.measure.bulk import Inexpressible, Transfer, shape_of

        try:
            shape = shape_of(self._builder)
        except Inexpressible:
            yield None
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        with Transfer(shape, self.directory) as transfer:
            yield transfer

    def _written(self, transfer: Transfer, source: EventSource, position: int) -> tuple[Segment, ...] | None:
        """The rows of everything that was transferred; those that SQL cannot judge, one by one. None: it can judge nothing."""
        from deskweave.measure.bulk import Inexpressible, facts_in_bulk, ready

        name = self._name(position).removesuffix(".parquet")
        with tempfile.TemporaryDirectory(prefix="spill-", dir=self.directory) as spill:
            connection = offline()
            try:
                ready(connection, _MEMORY, Path(spill))
                made = facts_in_bulk(transfer.shape, transfer.log(connection), self.directory / name, position)
            except Inexpressible:
                return None
            finally:
                connection.close()
        segments = [Segment(path.name, position, rows, name) for path, rows in made.files.items()]
        if made.odd:
            segments += self._one_by_one(source, [InquiryId(one) for one in made.odd], position, name)
        return tuple(segments)

    def _one_by_one(self, source: EventSource, inquiries: list[InquiryId], position: int, group: str = "") -> tuple[Segment, ...]:
        import orjson

        self.directory.mkdir(parents=True, exist_ok=True)
        name = self._name(position)
        lines = self.directory / f"{name}.lines"
        rows = 0
        try:
            with lines.open("wb") as out:
                for inquiry, events in self._histories(source, inquiries, position):
                    row, problems = self._builder.row(inquiry, events, position)
                    if problems:
                        row["_problems"] = json.dumps([asdict(problem) for problem in problems], ensure_ascii=False)
                    out.write(orjson.dumps(row) + b"\n")
                    rows += 1
            connection = offline()
            try:
                connection.read_json(
                    str(lines), format="newline_delimited", columns=self._builder.columns.types
                ).write_parquet(str(self.directory / f"{name}.part"), compression="zstd")  # fmt: skip
            finally:
                connection.close()
            os.replace(self.directory / f"{name}.part", self.directory / name)
        finally:
            lines.unlink(missing_ok=True)
        return (Segment(name, position, rows, group),)

    @staticmethod
    def _name(position: int) -> str:
        return f"facts-{position:012d}-{secrets.token_hex(4)}.parquet"

    def _manifest(self) -> Manifest:
        try:
            said: dict[str, Any] = json.loads((self.directory / "manifest.json").read_text("utf-8"))
            if said["format"] != FORMAT:
                return Manifest("")
            segments = tuple(Segment(**segment) for segment in said["segments"])
            manifest = Manifest(said["columns"], said["position"], segments, said.get("generation", ""))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return Manifest("")  # nothing, or nothing that can be read: made again from the events
        if any(not (self.directory / segment.file).is_file() for segment in manifest.segments):
            return Manifest("")
        return manifest

    def _save(self, manifest: Manifest) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        part = self.directory / "manifest.json.part"
        part.write_text(json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1), "utf-8")
        os.replace(part, self.directory / "manifest.json")
        counted = {segment.file for segment in manifest.segments}
        for path in self.directory.glob("facts-*"):
            if path.name not in counted:
                _remove(path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lock").open("a+b") as file:
            if not _lock(file.fileno()):
                raise FactsBusy(f"another process is writing the facts in {self.directory}: wait for it, then ask again")
            yield  # closing the file lets go of the lock, and so does a killed process


def problems_of(table: FactTable, period: Period | None = None, day: str = f"{SUBMITTED}_day") -> list[tuple[InquiryId, Problem]]:
    """Everything that is wrong with the data behind a fact table, by inquiry (or by what another record is called).

    Args:
        table: the facts.
        period: only inquiries of it, and those that belong to no period because the day is missing.
        day: the column that holds the day by which inquiries belong to periods.

    Raises:
        KeyError: the facts have no such column.
    """
    inside, parameters = "TRUE", {}
    if period is not None and (day in table.columns.all or day != f"{SUBMITTED}_day"):
        inside = f'COALESCE("{table.columns[day].name}" >= $since AND "{day}" < $until, TRUE)'
        parameters = {"since": period.since, "until": period.until}
    key = "inquiry" if table.columns.grain == "inquiry" else "_key"
    sql = f"SELECT {key} AS key, _problems FROM facts WHERE _problems IS NOT NULL AND {inside} ORDER BY {key}"
    rows = table.query(sql, parameters)
    return [(InquiryId(row["key"]), Problem(**said)) for row in rows for said in json.loads(row["_problems"])]


def quality_findings(problems: Iterable[tuple[InquiryId, Problem]]) -> list[Finding]:
    """Data-quality problems as findings, one each."""
    return [
        Finding(
            rule=problem.rule,
            severity=Severity.WARNING,
            place=Place("facts", f"{inquiry}/{problem.at}"),
            found=problem.found[:80],
            message=problem.message,
            remedy="Its other values still count; put the record right where it is kept, and the next refresh takes it in.",
        )
        for inquiry, problem in problems
    ]


def _generation() -> str:
    return secrets.token_hex(8)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:  # Windows: a reader still has it open; the next writer removes it
        return


def _lock(descriptor: int) -> bool:
    """Take the lock without waiting; the system gives it back when the file is closed."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

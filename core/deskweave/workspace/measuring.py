"""What a folder's store knows of its figures: facts of now or of a moment, what is behind them, and what was published."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from deskweave.model import Event, FieldId, Grain, InquiryId

if TYPE_CHECKING:
    from deskweave.measure import FactTable, Period
    from deskweave.measure.courses import Course
    from deskweave.measure.published import Moved, Published
    from deskweave.measure.reasons import Reasons
    from deskweave.measure.sources import EventSource
    from deskweave.workspace.workspace import Workspace

FOLDER: Final = "reports"  #: of published periods, in the client's folder; people commit it
FILE: Final = "figures.json"


class KnownThen:
    """The events that were recorded up to a moment: what the store knew then. An `EventSource` over another."""

    def __init__(self, source: EventSource, as_of: datetime) -> None:
        """`as_of`: aware."""
        self._source, self._as_of = source, as_of

    def events(self, after_seq: int) -> Iterator[Event]:
        """Every event whose `seq` is larger, ascending."""
        return (event for event in self._source.events(after_seq) if event.recorded_at <= self._as_of)

    def events_of(self, inquiries: Collection[InquiryId]) -> Iterator[Event]:
        """Every event of these inquiries."""
        return (event for event in self._source.events_of(inquiries) if event.recorded_at <= self._as_of)


@contextmanager
def fact_table(space: Workspace, as_of: datetime | None = None) -> Iterator[FactTable]:
    """The facts, refreshed; or as they were known at a moment. Those of contacts and answers stand beside them (`others`).

    Args:
        space: an open workspace with a store.
        as_of: aware. The rows are then made anew, beside the kept ones, from the events that had been recorded by then; they are
            judged by today's practice and calendars. None: everything that is known now.
    """
    if as_of is None:
        space.refresh_facts()
        with space.facts.open() as table, _records_beside(space, table, None):
            yield table
        return
    from deskweave.measure import Facts
    from deskweave.workspace.events import StoreEvents

    with tempfile.TemporaryDirectory(prefix="deskweave-facts-") as folder:
        facts = Facts(space.practice, Path(folder))
        facts.rebuild(KnownThen(StoreEvents(space.store), as_of))
        with facts.open() as table, _records_beside(space, table, as_of):
            yield table


@contextmanager
def in_postgres(space: Workspace, facts: FactTable, as_of: datetime | None = None) -> Iterator[FactTable]:
    """The same facts in the PostgreSQL database that `facts:` names, brought up to date first.

    Args:
        space: an open workspace with a store.
        facts: the local facts, as `fact_table` opened them.
        as_of: the moment they are of. They stand beside the kept table then, and only as long as they are asked.

    Raises:
        DocumentError: the folder names no database, or a reference in its address leads nowhere.
        PostgresError: the database cannot be used; nothing was changed.
    """
    from deskweave.documents import expand, problem
    from deskweave.errors import DocumentError
    from deskweave.measure.postgres import PostgresFacts, schema_of
    from deskweave.workspace.connecting import learn_password

    folder = space.folder
    if folder.facts is None:
        message = "no PostgreSQL database is named: the store here is a file of SQLite, and nothing of it stands in PostgreSQL"
        remedy = (
            "Add facts: postgresql://user:${FACTS_PASSWORD}@host/database, or leave out --engine: DuckDB gives the same figures."
        )
        raise DocumentError([problem("facts-database", folder.document.place(""), "facts", message, remedy=remedy)])
    address = str(expand(folder.document, "/facts", space.secrets.look_up, env_file=space.secrets.file_name))
    learn_password(address, space.redactor)
    with PostgresFacts.connect(address, facts.columns, schema_of(folder.id, folder.environment)) as there:
        if as_of is None:
            there.refresh(facts, space.store.install.id, _comments(space, facts))
        else:
            there.beside(facts)
        opened = there.open(facts.position)
        opened.others = facts.others  # contacts and answers stay where they are: the same plans, the same figures
        yield opened


def _comments(space: Workspace, facts: FactTable) -> dict[str, str]:
    """What the table and its columns are, in the practice's languages."""
    from deskweave.measure.naming import Names
    from deskweave.measure.wording import word

    languages = space.practice.languages or (space.language,)
    names = [Names(space.practice, language) for language in languages]
    said = {column.name: [one.column(column) for one in names] for column in facts.columns}
    said[""] = [word(language, "column:table") for language in languages]
    return {name: " / ".join(dict.fromkeys(some)) for name, some in said.items() if any(some)}


@contextmanager
def _records_beside(space: Workspace, table: FactTable, as_of: datetime | None) -> Iterator[None]:
    """Put the facts of contacts and answers beside those of inquiries, of each kind that anybody has handed in."""
    from deskweave.measure.collected import Collector
    from deskweave.measure.record_facts import COLLECTED, forget_kept, kept_table, record_table
    from deskweave.store import inquiries_called
    from deskweave.store.records import records_of, records_stamp
    from deskweave.workspace.known_logs import imported_logs

    def find(names: Collection[str]) -> Mapping[str, InquiryId]:
        with space.store.read() as tx:
            return inquiries_called(tx, names)

    logs = imported_logs(space)
    zone = ZoneInfo(space.practice.zone)

    def collectors(grain: Grain, sources: Collection[str] | None) -> list[Collector]:
        """Who handed records of a kind in; `sources`: only these, None: all."""
        return [
            Collector(
                says=None if one.says is None else frozenset(map(FieldId, one.says)),
                since=one.since.astimezone(zone).date(),
                until=one.until.astimezone(zone).date(),
            )
            for one in logs
            if one.grain == grain and one.since is not None and one.until is not None
            if sources is None or f"log:{one.name}" in sources
        ]

    def made(grain: Grain) -> FactTable | None:
        keep: Path | None = None
        directory = space.facts.directory
        if as_of is None:
            with space.store.read() as tx:
                stamp = records_stamp(tx, grain)
            found = kept_table(space.practice, grain, directory, f"{stamp} {table.generation} {table.position}")
            if not isinstance(found, Path):
                found.collectors = collectors(grain, None)
                return found
            keep = found
        with space.store.read() as tx:
            records = [one.record for one in records_of(tx, grain=grain, as_of=as_of)]
        if not records:
            return None
        if keep is not None:
            keep.parent.mkdir(parents=True, exist_ok=True)
            forget_kept(directory, grain, keep)
        made = record_table(space.practice, grain, records, table, find, keep)
        made.collectors = collectors(grain, {one.source for one in records})
        return made

    with ExitStack() as opened:
        others: dict[Grain, FactTable] = {}
        for grain in COLLECTED:
            one = made(grain) if grain in space.practice.records else None
            if one is not None:
                others[grain] = opened.enter_context(one)
        table.others = others
        yield


def reasons(
    space: Workspace, metric: str, period: Period, *, only: Mapping[str, str] | None = None, as_of: datetime | None = None
) -> Reasons:
    """What is behind one figure.

    Args:
        space: an open workspace with a store.
        metric: of the practice.
        period: local dates in the practice's zone.
        only: fields and the values they have to have, as people type them.
        as_of: as for `fact_table`.

    Raises:
        DocumentError: a field or a value of `only` does not fit; the findings say why.
        KeyError: the practice has no such metric.
    """
    from deskweave.measure.reasons import Asking

    with fact_table(space, as_of) as table:
        return Asking(space.practice, table, period, as_of or space.now()).reasons(space.practice.metrics[metric], only)


def clock_courses(
    space: Workspace, inquiries: Sequence[str], clocks: Sequence[str], as_of: datetime | None = None
) -> dict[str, tuple[Course, ...]]:
    """How clocks of some inquiries ran, with the events that made it so, by inquiry."""
    from deskweave.measure import FactBuilder
    from deskweave.measure.courses import courses
    from deskweave.workspace.events import StoreEvents

    if not clocks:
        return {}
    builder = FactBuilder(space.practice)
    source: EventSource = StoreEvents(space.store)
    if as_of is not None:
        source = KnownThen(source, as_of)
    return {one: courses(builder, list(source.events_of([InquiryId(one)])), clocks) for one in inquiries}


def inquiry_names(space: Workspace, ids: Collection[str]) -> dict[str, str]:
    """`INQ-42` by the id of an inquiry; what the store does not have (any more) keeps its id."""
    from deskweave.store.inquiries import numbers_of

    with space.store.read() as tx:
        numbers = numbers_of(tx, [InquiryId(one) for one in sorted(ids)])
    return {one: f"INQ-{numbers[InquiryId(one)]}" if InquiryId(one) in numbers else one for one in ids}


def report(
    space: Workspace, period: Period, *, language: str, notes: tuple[str, ...], remarks: tuple[str, ...], as_of: datetime | None
) -> str:
    """See `Workspace.report`."""
    from deskweave.measure.report import report

    with fact_table(space, as_of) as table:
        return report(
            space.practice,
            table,
            period,
            as_of or space.now(),
            language,
            client=space.practice.label.get(language) or space.folder.id,
            environment=space.folder.environment,
            notes=notes,
            remarks=remarks,
            called=partial(inquiry_names, space),
        )


# ------------------------------------------------------------------------------------------------------------------ publishing
@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What publishing came to. Nothing that was published is ever written over."""

    folder: Path
    files: tuple[Path, ...]  #: that were written
    published: Published  #: what stands there
    moved: tuple[Moved, ...] = ()  #: figures that are others now, so that nothing was written


def published_folder(space: Workspace, period: Period) -> Path:
    """Where a period is published."""
    return space.folder.root / FOLDER / period.id.replace("..", "_")


def read_published(space: Workspace, period: Period) -> Published | None:
    """What was published of a period, by whichever environment; None: nothing.

    Raises:
        DocumentError: the file is there and says nothing.
    """
    from deskweave.measure.published import read

    path = published_folder(space, period) / FILE
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    return read(text, path.relative_to(space.folder.root).as_posix())


def moved_since(space: Workspace, period: Period) -> tuple[Published, tuple[Moved, ...]] | None:
    """What was published of a period here, and the figures that are others now; None: nothing was, or by another environment.

    Raises:
        DocumentError: the published file says nothing.
    """
    from deskweave.measure.published import differences, freeze

    before = read_published(space, period)
    if before is None or before.environment != space.folder.environment:
        return None
    with fact_table(space) as table:
        now = freeze(space.practice, table, period, space.now(), space.folder.environment)
    return before, differences(before, now)


def publish(space: Workspace, period: Period, languages: Sequence[str]) -> Publication:
    """Freeze the figures of a period: `reports/<period>/figures.json`, and its page in every language.

    A period that was published stays as it was, whether its figures are still the same or not.

    Args:
        space: an open workspace with a store.
        period: one that is over.
        languages: of the pages.

    Raises:
        DocumentError: a rule cannot be understood, or what stands there is no file of published figures.
    """
    from deskweave.measure.published import differences, freeze, write

    folder = published_folder(space, period)
    with fact_table(space) as table:
        now = freeze(space.practice, table, period, space.now(), space.folder.environment)
    before = read_published(space, period)
    if before is not None:
        return Publication(folder=folder, files=(), published=before, moved=differences(before, now))
    folder.mkdir(parents=True, exist_ok=True)
    pages = {folder / f"report.{language}.html": space.report(period, language=language) for language in languages}
    # the figures last: without them nothing is published, and an interrupted attempt is made again
    for path, text in [*pages.items(), (folder / FILE, write(now))]:
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)
    return Publication(folder=folder, files=(*pages, folder / FILE), published=now)

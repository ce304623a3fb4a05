"""Last year's history into the store of a folder: a log is read by its mapping, and what it says is written as events.

Imported inquiries have no record on any platform, and sync works from records: nothing of them is ever written anywhere. They stand
under the source `log:<name>`; the same log again adds nothing, a longer one what is new, a corrected mapping tells them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from deskweave.documents import problem
from deskweave.errors import DocumentError
from deskweave.findings import Place
from deskweave.ledger import remove_records
from deskweave.measure import Problem, problems_of
from deskweave.measure.logs import Gap, Guess, Histories, LogMapping, Trouble, gaps, histories, read_table
from deskweave.measure.logs.history import SUBMITTED
from deskweave.measure.logs.records import RecordGuess, RecordMapping
from deskweave.measure.record_facts import forget_kept
from deskweave.model import Grain, InquiryId
from deskweave.store import tables
from deskweave.workspace.adoption import require
from deskweave.workspace.collecting import ImportedRecords, import_records
from deskweave.workspace.known_logs import FOLDER, Known, imported_logs, remember, state_file
from deskweave.workspace.log_events import Progress, numbers, take_out, write_log
from deskweave.workspace.log_mapping import mapping_document, mapping_of, name_of, unknown_connection

if TYPE_CHECKING:
    from deskweave.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import found and did.

    Attributes:
        mapping_file: as the folder knows it; `guessed` is what was put into it where it was not there yet, else None.
        cases: inquiries the log tells of; `events` is how many of them are events now.
        added: inquiries that are new; `added_events`: events that are new; `restated`: inquiries told anew.
        gone: inquiries of an earlier version of the log that it does not name any more, taken out.
        kept: of those told anew, inquiries that stay as they were because others have touched them since.
        troubles: what is doubtful about the rows.
        problems: what is wrong with the data of its inquiries, as `kpi --quality` lists it.
        busiest: the month in which most of them were registered, as 2026-11.
        unknown_words: statuses of the log that no status of ours is named for, how many rows say each.
        gaps: figures this log cannot give.
    """

    name: str
    mapping: LogMapping
    mapping_file: str
    guessed: Guess | None
    rows: int
    cases: int
    events: int
    added: int
    added_events: int
    restated: int
    gone: int
    kept: int
    since: datetime | None
    until: datetime | None
    troubles: tuple[Trouble, ...]
    gaps: tuple[Gap, ...]
    source: str
    problems: tuple[tuple[InquiryId, Problem], ...]
    busiest: str | None
    unknown_words: Mapping[str, int] = field(default_factory=dict)


def import_log(
    space: Workspace,
    path: Path,
    *,
    name: str | None = None,
    zone: str | None = None,
    grain: Grain | None = None,
    progress: Progress | None = None,
) -> Imported | ImportedRecords:
    """Read a log into the store: of inquiries as events, of contacts and answers as records.

    Args:
        space: the open folder.
        path: the file: XES, CSV or .xlsx, gzipped or not.
        name: of the log; default: by the file's name. A later export of the same tickets goes by the same name.
        zone: for moments without an offset, where the mapping is written now; default: the folder's.
        grain: what the rows are, where the mapping is written now; default: as the columns look.
        progress: told now and then.

    Raises:
        DocumentError: the file or its mapping cannot be read, or the mapping leaves open what has to be known. Nothing was written
            but the mapping.
        Stopped: another practice is in force than the files say.
        SafetyStop: another process holds the store.
    """
    log = name or name_of(path)
    table = read_table(path)
    mapping, guessed = mapping_of(space, table, log, zone, grain)
    unknown = unknown_connection(space, mapping_document(space.folder.root / FOLDER / f"{log}.yaml", log))
    if unknown:
        raise DocumentError(unknown)
    before = {one.name: one for one in imported_logs(space)}.get(log)
    found = before.grain if before is not None else None
    if found is not None and found != mapping.grain:
        place = Place(f"{FOLDER}/{log}.yaml", "/grain")
        message = f"the log {log} was imported as one of grain {found}"
        remedy = f"take it out first: deskweave import-log --remove {log}"
        raise DocumentError([problem("log-grain", place, mapping.grain, message, remedy=remedy)])
    if isinstance(mapping, RecordMapping):
        kept = guessed if isinstance(guessed, RecordGuess) else None
        collected = import_records(
            space, table, mapping, kept, before.mapping if before is not None else None, f"{FOLDER}/{log}.yaml"
        )
        remember(
            space,
            Known(
                name=log,
                file=path.name,
                inquiries=collected.held,
                events=0,
                since=_first(before.since if before else None, collected.since),
                until=_last_of(before.until if before else None, collected.until),
                imported_at=space.now(),
                troubles=collected.troubles,
                mapping=mapping.digest,
                grain=mapping.grain,
                says=mapping.says,
            ),
        )
        return collected
    assert guessed is None or isinstance(guessed, Guess)
    said = histories(table, mapping, space.practice, space.now())
    require(space.store, space.practice)
    with space.store.lease("import-log"):
        done = write_log(space, mapping, said, progress)
    space.refresh_facts()
    with space.facts.open() as facts:
        these = frozenset(done.inquiries.values())
        lacking = gaps(space.practice, facts, mapping, said, these)
        wrong = tuple((inquiry, one) for inquiry, one in problems_of(facts) if inquiry in these)
    troubles = (*said.troubles, *done.elsewhere)
    with space.store.read() as tx:
        counted = sa.select(sa.func.count()).select_from(tables.event).where(tables.event.c.source == mapping.source)
        events = int(tx.execute(counted).scalar_one())
    remember(
        space,
        Known(
            name=log,
            file=path.name,
            inquiries=len(done.inquiries),
            events=events,
            since=said.since,
            until=said.until,
            imported_at=space.now(),
            troubles=troubles,
            mapping=mapping.digest,
        ),
    )
    return Imported(
        name=log,
        mapping=mapping,
        mapping_file=f"{FOLDER}/{log}.yaml",
        guessed=guessed,
        rows=said.rows,
        cases=len(said.cases),
        events=events,
        added=done.added,
        added_events=done.events,
        restated=done.restated,
        gone=done.gone,
        kept=done.kept,
        since=said.since,
        until=said.until,
        troubles=troubles,
        gaps=tuple(lacking),
        source=table.source,
        problems=wrong,
        busiest=_busiest(said, space.practice.zone),
        unknown_words={one.found: one.count for one in said.troubles if one.rule == "log-status-unknown"},
    )


def _first(*moments: datetime | None) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)


def _last_of(*moments: datetime | None) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)


def _busiest(said: Histories, zone: str) -> str | None:
    months = Counter(
        step.new.astimezone(ZoneInfo(zone)).strftime("%Y-%m")
        for history in said.cases.values()
        for step in history.steps
        if step.field == SUBMITTED and isinstance(step.new, datetime)
    )
    return max(months, key=lambda month: (months[month], month), default=None)


def remove_log(space: Workspace, name: str) -> tuple[int, int]:
    """Take an import out again, whole. Its mapping stays in `logs/`.

    Returns:
        Inquiries (contacts, answers) taken out, and inquiries that stay because a platform, a rule or a person has touched them.

    Raises:
        DocumentError: no such log was imported here.
        SafetyStop: another process holds the store.
    """
    known = {one.name: one for one in imported_logs(space)}
    if name not in known:
        place = Place(FOLDER, "")
        message = f"no log {name!r} was imported here"
        raise DocumentError([problem("unknown-log", place, name, message, allowed=tuple(known), word=name)])
    source = f"log:{name}"
    if known[name].grain != "inquiry":
        with space.store.lease("import-log"):
            with space.store.write() as tx:
                count = remove_records(tx, source)
            forget_kept(space.facts.directory, known[name].grain)
            state_file(space, name).unlink(missing_ok=True)
        return count, 0
    with space.store.lease("import-log"):
        gone, stays = take_out(space, source, None)
        if not stays:
            state_file(space, name).unlink(missing_ok=True)
    space.refresh_facts()
    return len(gone), len(stays)


def give_way(space: Workspace) -> dict[str, int]:
    """Take out imported inquiries that a connection reads by now under the same number, so that none counts twice.

    Only of logs whose mapping names the connection, and only inquiries that nobody else has touched. What the connection read
    stays; the log's own events of them go, and a later import of the log leaves these tickets out.

    Returns:
        How many went, by the name of the log; logs without any are left out.

    Raises:
        SafetyStop: another process holds the store.
    """
    found: dict[str, int] = {}
    for known in imported_logs(space):
        path = space.folder.root / FOLDER / f"{known.name}.yaml"
        if known.grain != "inquiry" or not path.is_file():
            continue
        try:
            connection = mapping_document(path, known.name).body.get("connection")
        except DocumentError:
            continue  # lint tells; nothing is taken out by a file that nobody can read
        if connection is None:
            continue
        source, link = f"log:{known.name}", tables.link
        with space.store.read() as tx:
            own, _ = numbers(tx, source)
            labels = sa.select(link.c.label).where(
                link.c.kind == "inquiry", link.c.conn == connection, link.c.state == "live", link.c.inquiry.is_not(None)
            )
            twice = [own[label] for label in tx.execute(labels).scalars() if label in own]
        if twice:
            with space.store.lease("import-log"):
                gone, _ = take_out(space, source, twice)
            if gone:
                found[known.name] = len(gone)
    if found:
        space.refresh_facts()
    return found


__all__ = ["Imported", "Progress", "give_way", "import_log", "remove_log"]

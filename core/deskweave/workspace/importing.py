"""Last year's history into the store of a folder: a log is read by its mapping, and what it says is written as events.

Imported inquiries have no record on any platform, and sync works from records: nothing of them is ever written anywhere. They stand
under the source `log:<name>`; the same log again adds nothing, a longer one what is new, a corrected mapping tells them anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from deskweave.documents import Document, check, problem, read
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.ledger import Entry, Ledger, Posting, remove_records, withdraw
from deskweave.ledger.withdrawal import first_seq
from deskweave.measure import Problem, problems_of
from deskweave.measure.logs import (
    Gap,
    Guess,
    Histories,
    History,
    LogMapping,
    Trouble,
    gaps,
    guess,
    histories,
    read_mapping,
    read_table,
)
from deskweave.measure.logs.history import NUMBER, SUBMITTED
from deskweave.measure.logs.records import (
    RecordGuess,
    RecordMapping,
    grain_of,
    guess_records,
    read_record_mapping,
    write_record_mapping,
)
from deskweave.measure.logs.table import LogTable
from deskweave.measure.logs.written import write_mapping
from deskweave.measure.record_facts import forget_kept
from deskweave.model import Grain, InquiryId
from deskweave.practice import Practice
from deskweave.store import tables
from deskweave.store.inquiries import chunks
from deskweave.workspace.adoption import require
from deskweave.workspace.collecting import ImportedRecords, import_records

if TYPE_CHECKING:
    from deskweave.workspace.workspace import Workspace

FOLDER: Final = "logs"
BATCH: Final = 500  #: inquiries of one transaction

Progress = Callable[[int, int], None]
"""Told how many inquiries of how many are written."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One imported log of this environment, as it was last read. Of contacts and answers `inquiries` counts those, and there are no
    events.
    """

    name: str
    file: str
    inquiries: int
    events: int
    since: datetime | None
    until: datetime | None
    imported_at: datetime
    troubles: tuple[Trouble, ...]
    mapping: str  #: digest of the mapping it was read by
    grain: Grain = "inquiry"


def name_of(path: Path) -> str:
    """The name of a log from the name of its file: a slug."""
    stem = path.name.lower()
    for ending in (".gz", ".xes", ".csv", ".xlsx", ".txt"):
        stem = stem.removesuffix(ending)
    slug = re.sub(r"[^a-z0-9]+", "_", stem).strip("_").lstrip("0123456789_")
    return slug[:60] or "log"


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
    mapping, guessed = _mapping(space, table, log, zone, grain)
    unknown = _connection(space, _document(space.folder.root / FOLDER / f"{log}.yaml", log))
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
        _remember(
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
            ),
        )
        return collected
    assert guessed is None or isinstance(guessed, Guess)
    said = histories(table, mapping, space.practice, space.now())
    require(space.store, space.practice)
    with space.store.lease("import-log"):
        done = _write(space, mapping, said, progress)
    space.refresh_facts()
    with space.facts.open() as facts:
        these = frozenset(done.inquiries.values())
        lacking = gaps(space.practice, facts, mapping, said, these)
        wrong = tuple((inquiry, one) for inquiry, one in problems_of(facts) if inquiry in these)
    troubles = (*said.troubles, *done.elsewhere)
    with space.store.read() as tx:
        counted = sa.select(sa.func.count()).select_from(tables.event).where(tables.event.c.source == mapping.source)
        events = int(tx.execute(counted).scalar_one())
    _remember(
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
            _state_file(space, name).unlink(missing_ok=True)
        return count, 0
    with space.store.lease("import-log"):
        gone, stays = _take_out(space, source, None)
        if not stays:
            _state_file(space, name).unlink(missing_ok=True)
    space.refresh_facts()
    return len(gone), len(stays)


def imported_logs(space: Workspace) -> list[Known]:
    """The logs imported into this environment, by name."""
    found = []
    for path in sorted((space.folder.state_folder / FOLDER).glob("*.json")):
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            said["troubles"] = tuple(Trouble(**{**one, "lines": tuple(one["lines"])}) for one in said["troubles"])
            for moment in ("since", "until", "imported_at"):
                said[moment] = datetime.fromisoformat(said[moment]) if said[moment] else None
            found.append(Known(**said))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # written by another version: the log is read anew, and nothing else is lost
    return found


def log_findings(space: Workspace) -> list[Finding]:
    """What is doubtful about the rows of imported logs, as problems of data are shown everywhere."""
    return [trouble.finding(one.file) for one in imported_logs(space) for trouble in one.troubles]


def mapping_findings(space: Workspace) -> list[Finding]:
    """What is wrong with the mappings in `logs/`, without the files they are to read."""
    findings: list[Finding] = []
    for path in sorted((space.folder.root / FOLDER).glob("*.yaml")):
        try:
            document = _document(path, path.stem)
            _read(document, space.practice)
            findings += _connection(space, document)
        except DocumentError as error:
            findings += error.findings
    return findings


# ------------------------------------------------------------------------------------------------------------------- mapping
def _mapping(
    space: Workspace, table: LogTable, log: str, zone: str | None, grain: Grain | None
) -> tuple[LogMapping | RecordMapping, Guess | RecordGuess | None]:
    """The mapping of the folder; guessed and written where there is none."""
    path = space.folder.root / FOLDER / f"{log}.yaml"
    guessed: Guess | RecordGuess | None = None
    if not path.exists():
        language, wall = space.folder.language or "en", zone or space.folder.zone
        what = grain or grain_of(table, space.practice)
        if what in ("contact", "response") and what in space.practice.records:
            guessed = guess_records(table, space.practice, what, id=log, zone=wall)
            text = write_record_mapping(guessed, table, space.practice, language)
        else:
            guessed = guess(table, space.practice, id=log, zone=wall)
            text = write_mapping(guessed, table, space.practice, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return _read(_document(path, log), space.practice, table.columns), guessed


def _read(document: Document, practice: Practice, columns: tuple[str, ...] | None = None) -> LogMapping | RecordMapping:
    body = document.body
    if body.get("grain") in ("contact", "response"):
        return read_record_mapping(document, practice, columns)
    return read_mapping(document, practice, columns)


def _connection(space: Workspace, document: Document) -> list[Finding]:
    """A connection that a mapping names and the folder does not have."""
    name, known = document.body.get("connection"), tuple(space.folder.connections)
    if name is None or name in known:
        return []
    message = f"{name!r} is no connection of this folder"
    return [problem("unknown-connection", document.place("/connection"), str(name), message, allowed=known, word=str(name))]


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
            connection = _document(path, known.name).body.get("connection")
        except DocumentError:
            continue  # lint tells; nothing is taken out by a file that nobody can read
        if connection is None:
            continue
        source, link = f"log:{known.name}", tables.link
        with space.store.read() as tx:
            own, _ = _numbers(tx, source)
            labels = sa.select(link.c.label).where(
                link.c.kind == "inquiry", link.c.conn == connection, link.c.state == "live", link.c.inquiry.is_not(None)
            )
            twice = [own[label] for label in tx.execute(labels).scalars() if label in own]
        if twice:
            with space.store.lease("import-log"):
                gone, _ = _take_out(space, source, twice)
            if gone:
                found[known.name] = len(gone)
    if found:
        space.refresh_facts()
    return found


def _document(path: Path, log: str) -> Document:
    """The one document of a mapping, its shape checked."""
    name = f"{FOLDER}/{path.name}"
    documents = read(path, name)
    if len(documents) != 1 or documents[0].kind != "Log" or documents[0].id != log:
        message = f"it holds exactly one document, of kind Log and id {log}"
        found = ", ".join(one.name for one in documents)
        raise DocumentError([problem("one-log", Place(name, "", 1), found, message)])
    findings = list(check(documents[0]))
    if findings:
        raise DocumentError(findings)
    return documents[0]


# -------------------------------------------------------------------------------------------------------------------- events
@dataclass(slots=True)
class _Done:
    inquiries: dict[str, InquiryId] = field(default_factory=dict)
    added: int = 0
    events: int = 0
    restated: int = 0
    gone: int = 0
    kept: int = 0
    elsewhere: list[Trouble] = field(default_factory=list)


def _write(space: Workspace, mapping: LogMapping, said: Histories, progress: Progress | None) -> _Done:
    store, practice, source, done = space.store, space.practice, mapping.source, _Done()
    with store.read() as tx:
        own, elsewhere = _numbers(tx, source)
        known = _known_events(tx, source)
    cases = {case: one for case, one in said.cases.items() if case not in elsewhere}
    others = [place for case, place in elsewhere.items() if case in said.cases]
    done.elsewhere = [
        Trouble(rule="log-known-elsewhere", found=place, count=others.count(place), lines=()) for place in sorted(set(others))
    ]
    before = next((one.mapping for one in imported_logs(space) if one.name == mapping.id), None)
    if before == mapping.digest:
        again = [own[case] for case, one in cases.items() if case in own and not _continues(one, known.get(own[case], set()))]
    else:
        again = [own[case] for case in cases if case in own]
    gone = [inquiry for case, inquiry in own.items() if case not in said.cases] if before != mapping.digest else []
    if gone:
        done.gone = len(_take_out(space, source, gone)[0])
    if again:
        emptied, stays = _take_out(space, source, again, empty=True)
        done.restated, done.kept = len(emptied), len(stays)
    ledger = Ledger(store, fields=practice.fields, statuses=practice.statuses, practice=practice.digest)
    written = 0
    for batch in chunks(cases.values(), BATCH):
        with store.write() as tx:
            start = _last(tx)
            postings = list(_postings(space, mapping, batch, own, done))
            ledger.commit(tx, postings, settled=None)
            done.events += _last(tx) - start
        written += len(batch)
        if progress is not None:
            progress(written, len(cases))
    return done


def _postings(
    space: Workspace, mapping: LogMapping, batch: Sequence[History], own: Mapping[str, InquiryId], done: _Done
) -> Iterator[Posting]:
    for history in batch:
        inquiry = own.get(history.case)
        new = inquiry is None
        if inquiry is None:
            inquiry = InquiryId(space.store.new_id())
            done.added += 1
        done.inquiries[history.case] = inquiry
        entries = [
            Entry(
                field=step.field,
                new=step.new,
                at=step.at,
                source=mapping.source,
                origin_id=origin,
                order=step.order,
                history=True,
                precise=step.precise,
            )
            for step, origin in zip(history.steps, _origins(history), strict=True)
        ]
        yield Posting(inquiry=inquiry, entries=entries, new=new, unknown=history.unknown)


def _origins(history: History) -> list[str]:
    """What each step is known by: the same line of the log is the same event, however often it is read. The value is part of it:
    a line that says something else now is another event.
    """
    return [
        f"{history.case}/{step.field}/{step.at.isoformat()}/{step.nth}/{hashlib.sha256(repr(step.new).encode()).hexdigest()[:8]}"
        for step in history.steps
    ]


def _continues(history: History, known: set[str]) -> bool:
    """Whether a history begins with everything that was written of it: what is new came later."""
    origins = _origins(history)
    return set(origins[: len(known)]) == known


def _known_events(tx: sa.Connection, source: str) -> dict[InquiryId, set[str]]:
    event, found = tables.event, dict[InquiryId, set[str]]()
    for inquiry, origin in tx.execute(sa.select(event.c.inquiry, event.c.origin_id).where(event.c.source == source)):
        found.setdefault(InquiryId(inquiry), set()).add(origin)
    return found


def _numbers(tx: sa.Connection, source: str) -> tuple[dict[str, InquiryId], dict[str, str]]:
    """What inquiries are called: those of this log, and those known from elsewhere, with where."""
    event, link = tables.event, tables.link
    own: dict[str, InquiryId] = {}
    elsewhere: dict[str, str] = {}
    rows = tx.execute(sa.select(event.c.inquiry, event.c.source, event.c.new).where(event.c.field == NUMBER).order_by(event.c.seq))
    for inquiry, told_by, number in rows:
        if not isinstance(number, str):
            continue
        if told_by == source:
            own[number] = InquiryId(inquiry)
        else:
            elsewhere[number] = told_by
    for label, connection in tx.execute(
        sa.select(link.c.label, link.c.conn).where(link.c.kind == "inquiry", link.c.label.is_not(None))
    ):
        elsewhere[label] = connection
    return own, {number: place for number, place in elsewhere.items() if number not in own}


def _take_out(
    space: Workspace, source: str, only: Sequence[InquiryId] | None, *, empty: bool = False
) -> tuple[list[InquiryId], list[InquiryId]]:
    """Facts first: killed in between, they are read again from events that are still there."""
    from deskweave.ledger import inquiries_of

    with space.store.read() as tx:
        these = inquiries_of(tx, source) if only is None else list(only)
        first = first_seq(tx, source, these)
    if first is not None:
        space.facts.forget(these, first - 1)
    with space.store.write() as tx:
        return withdraw(tx, source, only, empty=empty)


def _last(tx: sa.Connection) -> int:
    from deskweave.store.events import last_seq

    return last_seq(tx)


# --------------------------------------------------------------------------------------------------------------------- state
def _state_file(space: Workspace, name: str) -> Path:
    return space.folder.state_folder / FOLDER / f"{name}.json"


def _remember(space: Workspace, known: Known) -> None:
    path = _state_file(space, known.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    said = asdict(known)
    for moment in ("since", "until", "imported_at"):
        said[moment] = said[moment].isoformat() if said[moment] else None
    part = path.with_suffix(".part")
    part.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(part, path)


__all__ = ["Imported", "Known", "import_log", "imported_logs", "log_findings", "mapping_findings", "name_of", "remove_log"]

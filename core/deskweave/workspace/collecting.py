"""Contacts and answers of surveys into the store: a call log or a form's export is read by its mapping, row by row (A7, A14, D2).

They stand as records beside the inquiries, under the source `log:<name>`. The same file again adds nothing; a corrected export of
the same ids restates its rows; what was known at a moment stays known. Nothing of them is ever written to a platform.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from deskweave.ledger import Collected, collect
from deskweave.measure.logs import Gap, Trouble
from deskweave.measure.logs.records import Read, RecordGuess, RecordMapping, read_records, record_gaps
from deskweave.measure.logs.table import LogTable
from deskweave.model import FieldId, Grain
from deskweave.store import inquiries_called
from deskweave.store.records import keys_elsewhere, records_of
from deskweave.workspace.adoption import require

if TYPE_CHECKING:
    from deskweave.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRecords:
    """What an import of contacts or answers found and did.

    Attributes:
        mapping_file: as the folder knows it; `guessed` is what was put into it where it was not there yet, else None.
        records: contacts or answers the file tells of, those known elsewhere left out.
        held: how many of this log are in the store now.
        written: how many are new, restated, gone.
        made: rows whose id was made of what they say.
        linked: records that name an inquiry that is here; `unlinked`: one that is not here.
        troubles: what is doubtful about the rows.
        gaps: figures of these records that this log cannot give.
        busiest: the month in which most of them happened, as 2026-11.
        open_words: words of the file that have no meaning yet, counted or answered by nobody.
    """

    name: str
    mapping: RecordMapping
    mapping_file: str
    guessed: RecordGuess | None
    rows: int
    records: int
    held: int
    written: Collected
    made: int
    linked: int
    unlinked: int
    since: datetime | None
    until: datetime | None
    troubles: tuple[Trouble, ...]
    gaps: tuple[Gap, ...]
    source: str
    busiest: str | None
    open_words: int

    @property
    def grain(self) -> Grain:
        """What they are."""
        return self.mapping.grain


def import_records(
    space: Workspace, table: LogTable, mapping: RecordMapping, guessed: RecordGuess | None, before: str | None, file: str
) -> ImportedRecords:
    """Read a log of contacts or answers into the store.

    Args:
        space: the open folder.
        table: the file.
        mapping: how it is read.
        guessed: where the mapping was written now.
        before: digest of the mapping this log was last read by; None: it is new here.
        file: the mapping's file, as the folder knows it.

    Raises:
        Stopped: another practice is in force than the files say.
        SafetyStop: another process holds the store.
    """
    said = read_records(table, mapping, space.practice, space.now())
    require(space.store, space.practice)
    troubles = list(said.troubles)
    with space.store.lease("import-log"), space.store.write() as tx:
        elsewhere = keys_elsewhere(tx, mapping.grain, mapping.source, [one.key for one in said.records])
        records = [one for one in said.records if one.key not in elsewhere]
        for place, count in sorted(Counter(elsewhere.values()).items()):
            troubles.append(Trouble(rule="log-record-elsewhere", found=place, count=count, lines=()))
        gone: list[str] = []
        if before is not None and before != mapping.digest and said.since is not None and said.until is not None:
            # told anew by another mapping: what this file no longer names, of the days it speaks of
            named = {one.key for one in said.records}
            held = records_of(tx, source=mapping.source)
            gone = [one.record.key for one in held if one.record.key not in named and said.since <= one.record.at <= said.until]
        written = collect(
            tx,
            space.store,
            mapping.grain,
            mapping.source,
            records,
            fields=space.practice.records[mapping.grain],
            practice=space.practice.digest,
            gone=gone,
        )
        links = [name for name, one in space.practice.records[mapping.grain].items() if one.type == "link"]
        named_inquiries = [str(one.values[link]) for one in records for link in links if one.values.get(link) is not None]
        known = inquiries_called(tx, set(named_inquiries)) if named_inquiries else {}
    linked = sum(name in known for name in named_inquiries)
    return ImportedRecords(
        name=mapping.id,
        mapping=mapping,
        mapping_file=file,
        guessed=guessed,
        rows=said.rows,
        records=len(records),
        held=written.held,
        written=written,
        made=said.made,
        linked=linked,
        unlinked=len(named_inquiries) - linked,
        since=said.since,
        until=said.until,
        troubles=tuple(troubles),
        gaps=tuple(record_gaps(space.practice, mapping.grain, records)),
        source=table.source,
        busiest=_busiest(said, space.practice.zone),
        open_words=_unknown(said),
    )


def _busiest(said: Read, zone: str) -> str | None:
    months = Counter(one.at.astimezone(ZoneInfo(zone)).strftime("%Y-%m") for one in said.records)
    return max(months, key=lambda month: (months[month], month), default=None)


def _unknown(said: Read) -> int:
    """Rows whose word a figure would need: whether somebody answered, and what was answered."""
    judged = {FieldId("answered"), FieldId("rating"), FieldId("question")}
    return sum(one.count for one in said.troubles if one.rule == "log-value-unknown" and one.found.partition(":")[0] in judged)

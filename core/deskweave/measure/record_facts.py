"""Fact rows of contacts and answers: their values, and what is known of the inquiry they belong to (A7, D2, E9, E13, E15)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from deskweave.clock import local_day
from deskweave.measure.columns import Columns, codes, fields_of, kept, told
from deskweave.measure.facts import Problem, Row, cell_of
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import CatalogItem, Field, FieldId, Grain, InquiryId, Record, StatusModel, Value
from deskweave.practice.succession import succession

_FORMAT: Final = 1  #: raised when rows are made otherwise than before
COLLECTED: Final[tuple[Grain, ...]] = ("contact", "response")  #: records that somebody hands in; channels stand in the practice
MOMENTS: Final[Mapping[Grain, FieldId]] = {"contact": FieldId("contact_at"), "response": FieldId("answered_at")}
"""When a record happened, by the field that says so."""

Find = Callable[[Collection[str]], Mapping[str, InquiryId]]
"""Inquiries by what people call them; what nobody knows is left out."""


def kept_table(practice: Rulebook, grain: Grain, directory: Path, stamp: str) -> FactTable | Path:
    """The facts of one kind of record as they were kept; else the file to keep them in.

    Args:
        practice: whose fields.
        grain: contact or response.
        directory: of the facts.
        stamp: changes with everything the rows are made of, but for the practice.
    """
    columns = Columns(practice, grain)
    said = "\x1f".join([str(_FORMAT), columns.digest, practice.digest, stamp])
    path = directory / f"{grain}-{hashlib.sha256(said.encode()).hexdigest()[:16]}.parquet"
    return FactTable.of_segments(columns, directory, [path.name], 0) if path.is_file() else path


def forget_kept(directory: Path, grain: Grain, but: Path | None = None) -> None:
    """Remove kept facts of one kind of record, but for one file."""
    for path in directory.glob(f"{grain}-*.parquet"):
        if path != but:
            try:
                path.unlink(missing_ok=True)
            except PermissionError:  # Windows: a reader still has it open; the next one to write removes it
                continue


def record_table(
    practice: Rulebook,
    grain: Grain,
    records: Sequence[Record],
    inquiries: FactTable,
    find: Find,
    keep: Path | None = None,
) -> FactTable:
    """The facts of one kind of record, made anew.

    Args:
        practice: whose fields.
        grain: contact or response.
        records: as they stand.
        inquiries: the facts of the inquiries that records may belong to, known as of the same moment.
        find: who is meant by the name of an inquiry.
        keep: the file to keep them in.
    """
    columns = Columns(practice, grain)
    return FactTable.of_lines(columns, _Rows(practice, grain, columns, records, inquiries, find).all(), keep)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What names the values of one kind of record: see `practice.succession`."""

    fields: Mapping[FieldId, Field]
    statuses: StatusModel
    catalog: Mapping[str, CatalogItem]


class _Rows:
    def __init__(
        self, practice: Rulebook, grain: Grain, columns: Columns, records: Sequence[Record], inquiries: FactTable, find: Find
    ) -> None:
        self.practice, self.columns, self.records = practice, columns, records
        self.zone = ZoneInfo(practice.zone)
        fields = fields_of(practice, grain).values()
        self.stated = [(one.id, one.type, columns[one.id].kind) for one in fields if kept(one) and one.computed is None]
        self.told = [one.id for one in fields if told(one)]
        self.codes = {
            name: codes(fields_of(practice, grain)[name], practice) for name, *_ in self.stated if f"{name}_code" in columns.all
        }
        #: field -> the link it looks through, and the field of the inquiry it shows
        self.linked = {one.id: pair for one in fields if kept(one) and (pair := linked_by(one.computed)) is not None}
        links = [one.id for one in fields if one.type == "link"]
        self.succession = succession(_Terms(fields_of(practice, grain), practice.statuses, practice.catalog))
        names = {name for record in map(self.today, records) for link in links if isinstance(name := record.values.get(link), str)}
        self.links, self.found = links, find(names) if names else {}
        self.shown = self._shown(inquiries)

    def _shown(self, inquiries: FactTable) -> dict[str, Row]:
        """What the inquiries that are meant hold, of the fields that records show."""
        wanted = sorted({name for _, name in self.linked.values() if name in inquiries.columns.all})
        if not wanted or not self.found:
            return {}
        stated = ", ".join(f'"{name}"' for name in wanted)  # names are columns of the checked practice
        sql = f"SELECT inquiry, {stated} FROM facts WHERE inquiry IN (SELECT unnest($these))"
        return {row["inquiry"]: row for row in inquiries.query(sql, {"these": sorted(set(self.found.values()))})}

    def all(self) -> Iterator[Row]:
        for kept_ in self.records:
            record = self.today(kept_)
            row: Row = {"_key": record.name, "_position": record.n, "_practice": self.practice.digest}
            problems: list[Problem] = []
            for name, type_, kind in self.stated:
                value = record.values.get(name)
                if value is None:
                    continue
                cell = cell_of(value, kind)
                if cell is None:
                    problems.append(Problem("value-type", name, type(value).__name__, f"{name} holds no {type_}"))
                    continue
                row[name] = cell
                if isinstance(value, datetime):
                    row[f"{name}_day"] = local_day(value.astimezone(UTC), self.zone).isoformat()
                if name in self.codes:
                    row[f"{name}_code"] = self.codes[name].get(str(cell))
            for name in self.told:
                row[f"{name}_filled"] = record.values.get(name) not in (None, "", ())
            problems += self._link(record, row)
            if problems:
                row["_problems"] = json.dumps([asdict(one) for one in problems], ensure_ascii=False)
            yield row

    def today(self, record: Record) -> Record:
        """A record in today's words: what was written before a field or a choice was renamed speaks for the new one."""
        if not self.succession:
            return record
        values: dict[FieldId, Value] = {}
        for name, value in record.values.items():
            now = self.succession.field(name)
            values[now] = self.succession.value(now, value)
        return replace(record, values=values)

    def _link(self, record: Record, row: Row) -> Iterable[Problem]:
        problems = []
        for link in self.links:
            name = record.values.get(link)
            if not isinstance(name, str):
                continue
            if name not in self.found:
                problems.append(Problem("inquiry-unknown", link, name[:80], f"no inquiry here is called {name[:80]}"))
        for field, (link, shown) in self.linked.items():
            name = record.values.get(link)
            inquiry = self.found.get(name) if isinstance(name, str) else None
            value = self.shown.get(inquiry, {}).get(shown) if inquiry is not None else None
            row[str(field)] = value.isoformat(sep=" ") if isinstance(value, datetime) else value
        return problems


def linked_by(computed: Mapping[str, Any] | None) -> tuple[FieldId, str] | None:
    """Of a field that shows something of a linked inquiry: the link, and what it shows. None: it is computed otherwise."""
    through = computed.get("linked") if computed else None
    if not isinstance(through, Mapping) or len(through) != 1:
        return None
    ((link, shown),) = through.items()
    return FieldId(str(link)), str(shown)

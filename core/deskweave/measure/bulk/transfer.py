"""Events on their way into DuckDB: what facts need of each, as lines of JSON in a file that nobody else reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from deskweave.clock.timeline import STATUS, by_person
from deskweave.clock.zone import epoch
from deskweave.measure.bulk.log import BulkLog
from deskweave.measure.bulk.promised import text
from deskweave.measure.bulk.shape import Shape
from deskweave.measure.columns import Kind
from deskweave.measure.facts import cell_of
from deskweave.model import Event, InquiryId

if TYPE_CHECKING:
    import duckdb

_FLUSH: Final = 1 << 20  #: bytes of lines that are written at once
_EVER: Final = -62_000_000_000_000_000  #: before anything happened, in microseconds
_LINE: Final = {
    "i": "VARCHAR", "s": "BIGINT", "f": "VARCHAR", "v": "VARCHAR", "a": "BIGINT", "o": "BIGINT", "p": "BOOLEAN",
}  # fmt: skip


class Transfer:
    """Takes events one by one and makes a `BulkLog` of them. A context manager: its files are gone afterwards.

    Only values that facts keep are written down; of the others, whether there is something.
    """

    def __init__(self, shape: Shape, folder: Path) -> None:
        """`folder`: where the lines are kept meanwhile; it exists."""
        self.shape = shape
        self._path = folder / f"events-{id(self):x}.lines"
        self._file = self._path.open("wb")
        self._lines = bytearray()
        builder = shape.builder
        self._kinds = {name: kind for name, _, kind in builder.stated}
        self._told = frozenset(builder.told)
        self._historic = frozenset(shape.historic)
        self._succession = builder.succession
        self._first: dict[InquiryId, datetime] = {}
        self._doubtful: set[InquiryId] = set()
        self.events = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    @property
    def inquiries(self) -> int:
        """How many inquiries the events were about."""
        return len(self._first)

    def take(self, events: Iterable[Event]) -> None:
        """Take events; they may come in any order."""
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """Take one event; they may come in any order."""
        import orjson

        if self._succession:
            (event,) = self._succession.events((event,))
        inquiry, name, value = event.inquiry, event.field, event.new
        first = self._first.setdefault(inquiry, event.recorded_at)
        self.events += 1
        if event.refines is not None or event.recorded_at < first:
            self._doubtful.add(inquiry)  # what refines what, the builder sorts out
            return
        said: str | None = None
        kind = self._kinds.get(name)
        if kind is not None:
            said = self._said(inquiry, value, kind)
        elif name in self._told:
            said = None if value in (None, "", ()) else "true"
        elif name not in self._historic:
            return
        historic = name in self._historic
        if historic and value is not None and (not isinstance(value, str) or said != value):
            self._doubtful.add(inquiry)  # no word, or one that facts do not keep as it is
            return
        line: dict[str, Any] = {"i": inquiry, "s": event.seq, "f": name, "v": said}
        if historic:
            unknown = not event.precise and name != STATUS and event.recorded_at == first
            line["a"] = _EVER if unknown else epoch(event.at) * 1_000_000 + event.at.microsecond
            line["o"], line["p"] = event.order, by_person(event)
        try:
            self._lines += orjson.dumps(line) + b"\n"
        except (TypeError, ValueError):  # half a character, or a number beyond 64 bits
            self._doubtful.add(inquiry)
            return
        if len(self._lines) > _FLUSH:
            self._file.write(self._lines)
            self._lines.clear()

    def _said(self, inquiry: InquiryId, value: Any, kind: Kind) -> str | None:
        import orjson

        if value is None:
            return None
        cell = cell_of(value, kind)
        if cell is None or (isinstance(cell, str) and "\0" in cell):
            self._doubtful.add(inquiry)
            return None
        if isinstance(cell, str):
            return cell
        return repr(cell) if isinstance(cell, float) else orjson.dumps(cell).decode()

    def log(self, connection: duckdb.DuckDBPyConnection) -> BulkLog:
        """Everything taken so far as a log in `connection`."""
        self._file.write(self._lines)
        self._lines.clear()
        self._file.flush()
        connection.read_json(str(self._path), format="newline_delimited", columns=_LINE).create_view("_lines")
        connection.execute("CREATE TEMP TABLE _ids (n BIGINT, inquiry VARCHAR)")
        self._insert(connection, "_ids", sorted(self._first))
        connection.execute("CREATE TEMP TABLE _doubtful_ids (n BIGINT, inquiry VARCHAR)")
        self._insert(connection, "_doubtful_ids", sorted(self._doubtful))
        connection.execute(
            'CREATE TEMP TABLE _read AS SELECT i.n, l.s AS seq, l.f AS field, l.v AS new, make_timestamp(l.a) AS "at", '
            "l.o AS ord, l.p AS person FROM _lines l JOIN _ids i ON i.inquiry = l.i"
        )
        historic = ", ".join(text(name) for name in self.shape.historic)
        connection.execute(f"CREATE TEMP VIEW _events AS SELECT *, NULL::VARCHAR AS old FROM _read WHERE field IN ({historic})")
        connection.execute(f"CREATE TEMP TABLE _values AS {self._pivot()}")
        connection.execute("CREATE TEMP VIEW _doubtful AS SELECT i.n FROM _ids i JOIN _doubtful_ids d USING (inquiry)")
        return BulkLog(connection=connection, events="_events", values="_values", count=len(self._first), doubtful="_doubtful")

    def _insert(self, connection: duckdb.DuckDBPyConnection, table: str, names: list[InquiryId]) -> None:
        for start in range(0, len(names), 50_000):
            some: list[str] = list(names[start : start + 50_000])
            rows = f"SELECT unnest(range({start}, {start + len(some)})), unnest($names::VARCHAR[])"
            connection.execute(f"INSERT INTO {table} {rows}", {"names": some})

    def _pivot(self) -> str:
        """The latest value of each field, by what was learned last."""
        cells = []
        for name, kind in self._kinds.items():
            latest = f"arg_max_null(new, seq) FILTER (field = {text(name)})"
            type_ = kind.value.strip()
            match kind:
                case Kind.TEXT:
                    said = latest
                case Kind.SLUGS:
                    said = f"from_json({latest}, '[\"VARCHAR\"]')"
                case _:
                    said = f"CAST({latest} AS {type_})"
            cells.append(f'{said} AS "{name}"')
        for name in sorted(self._told):
            cells.append(f'COALESCE(arg_max_null(new, seq) FILTER (field = {text(name)}) IS NOT NULL, FALSE) AS "{name}_filled"')
        latest = ", ".join(cells)
        return (
            f"SELECT i.n, i.inquiry, p.* EXCLUDE (n) FROM _ids i LEFT JOIN (SELECT n, {latest} FROM _read GROUP BY n) p USING (n)"
        )

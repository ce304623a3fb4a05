"""Rows in bulk: events are summed up band by band, each band of inquiries in one statement, so that memory stays small."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deskweave.clock import CellTooCoarse, CompiledCalendar, OutsideCoverage, grid
from deskweave.clock.timeline import STATUS, SUBMITTED
from deskweave.clock.zone import epoch, pieces
from deskweave.measure.bulk.log import BulkLog
from deskweave.measure.bulk.promised import Inexpressible, text
from deskweave.measure.bulk.shape import Shape
from deskweave.measure.table import FactTable
from deskweave.model import FieldId

if TYPE_CHECKING:
    import duckdb

BAND: Final = 500_000  #: inquiries summed up at once
_SINCE, _UNTIL = datetime(1995, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)  #: what lies outside is the builder's
_BITS: Final = 6  #: of the balance of entering and leaving, for each status
_LOST: Final = 1 << 32
_MOVE: Final = "((o * 64 + w) * 2 + person::INTEGER)::INTEGER"  #: a change of status as a number
_PERSON: Final = "(VALUES (FALSE), (TRUE)) c(person)"
_MOST: Final = (1 << _BITS) - 2  #: changes of status that the balance can tell apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What was written.

    Attributes:
        files: of Parquet, no inquiry twice, and how many rows each has.
        odd: inquiries that are not among them: only the builder can judge them.
    """

    files: dict[Path, int]
    odd: tuple[str, ...]


def facts_in_bulk(shape: Shape, log: BulkLog, target: Path, position: int) -> Rows:
    """Write the fact rows of a log.

    Args:
        shape: of the practice.
        log: all that is known of the inquiries.
        target: path of the files, without number and suffix.
        position: the largest `seq` that was known.

    Raises:
        Inexpressible: a calendar cannot be laid out in cells for these instants.
    """
    bulk, connection = Bulk(shape, log), log.connection
    files: dict[Path, int] = {}
    odd: list[str] = []
    for number, low in enumerate(range(0, log.count, BAND)):
        path = target.with_name(f"{target.name}-{number:04}.parquet")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _judged AS {bulk.judged(low, low + BAND)}")
        rows = f"COPY ({bulk.rows(position, low, low + BAND)}) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        (written,) = connection.execute(rows).fetchone() or (0,)
        if written:
            files[path] = written
        else:
            path.unlink(missing_ok=True)
        odd += bulk.odd(low, low + BAND)
    connection.execute("DROP TABLE IF EXISTS _judged")
    return Rows(files=files, odd=tuple(sorted(odd)))


def table_in_bulk(shape: Shape, log: BulkLog, position: int, columns: frozenset[str]) -> tuple[FactTable, tuple[str, ...]]:
    """The facts of a log ready to be asked, without writing them: for figures of a log that is asked once.

    Args:
        shape: of the practice.
        log: all that is known of the inquiries. Its connection is the table's from here on.
        position: the largest `seq` that was known.
        columns: those that will be asked for.

    Returns:
        The table, and the inquiries that are not in it: only the builder can judge them.

    Raises:
        Inexpressible: a calendar cannot be laid out in cells for these instants.
    """
    bulk, connection = Bulk(shape, log), log.connection
    connection.execute(f"CREATE TEMP TABLE _judged AS {bulk.judged(0, min(BAND, log.count), columns)}")
    for low in range(BAND, log.count, BAND):
        connection.execute(f"INSERT INTO _judged {bulk.judged(low, low + BAND, columns)}")
    connection.execute(f"CREATE TEMP VIEW facts AS {bulk.rows(position, 0, log.count, columns)}")
    return FactTable(connection, shape.builder.columns, position), tuple(sorted(bulk.odd(0, log.count)))


class Bulk:
    """One log under one practice, ready to be summed up."""

    def __init__(self, shape: Shape, log: BulkLog) -> None:
        """Lay out calendars over the time that the log covers.

        Raises:
            Inexpressible: one cannot be.
        """
        self.shape, self.log = shape, log
        self._connection = log.connection
        self._known = {row[0] for row in self._connection.execute(f"DESCRIBE SELECT * FROM {log.values}").fetchall()}
        if SUBMITTED not in self._known:
            raise Inexpressible(f"the log does not say {SUBMITTED}")
        self._chained = log.chained and len(shape.statuses) * _BITS < 62
        moments = [name for name, type_, _ in shape.builder.stated if type_ == "datetime" and name in self._known]
        asked = ", ".join(f'min("{name}"), max("{name}")' for name in moments)
        found = self._row(f"SELECT {asked} FROM {log.values}")
        self._moments = {name: (found[2 * n], found[2 * n + 1]) for n, name in enumerate(moments)}
        first, last = self._row(f'SELECT min("at"), max("at") FROM {log.events} WHERE field = {text(STATUS)}')
        ends = [one.replace(tzinfo=UTC) for one in (first, last, *self._moments[SUBMITTED]) if one is not None]
        self._span = min(ends, default=_SINCE), max(ends, default=_SINCE) + timedelta(seconds=1)
        self._blind: list[str] = []  # calendars that do not know every moment of the log
        self._c = {f"c{number}": self._lay_out(f"c{number}", calendar) for number, calendar in enumerate(shape.calendars)}

    def _row(self, sql: str) -> tuple[Any, ...]:
        found = self._connection.execute(sql).fetchone()
        assert found is not None
        return tuple(found)

    def _lay_out(self, name: str, calendar: CompiledCalendar | None) -> tuple[str, str]:
        """SQL of C at a moment `{at}`, and the join that it needs, called `{g}`."""
        begin, end = self._span
        since, until = max(begin, _SINCE), min(end, _UNTIL)
        if calendar is None:
            if (since, until) != self._span:
                self._blind.append(name)
            low = epoch(since)
            return f"TRY_CAST(CASE WHEN epoch_us({{at}}) >= 0 THEN epoch_us({{at}}) // 1000000 - {low} END AS INTEGER)", ""
        since = max(since, calendar.beginning)
        until = until if calendar.end is None else min(until, calendar.end)
        if (since, until) != self._span:
            self._blind.append(name)
        q: list[int] = []
        base: list[int] = []
        slope: list[int] = []
        cell = 900
        if since < until:
            try:
                cells = grid(calendar, since, until)
            except (CellTooCoarse, OutsideCoverage) as error:
                raise Inexpressible(str(error)) from error
            cell = cells.cell
            q, base, slope, _ = cells.columns()
        origin = base[0] if base else 0
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _cells_{name} AS SELECT unnest($q::BIGINT[]) AS q, unnest($base::BIGINT[]) AS base, "
            "unnest($slope::TINYINT[]) AS slope",
            {"q": q, "base": [one - origin for one in base], "slope": slope},
        )
        return (
            f"TRY_CAST({{g}}.base + {{g}}.slope * (epoch_us({{at}}) // 1000000 - {cell} * {{g}}.q) AS INTEGER)",
            f" LEFT JOIN _cells_{name} {{g}} ON {{g}}.q = epoch_us({{at}}) // {cell * 1_000_000}",
        )

    def rows(self, position: int, low: int, high: int, columns: frozenset[str] | None = None) -> str:
        """The facts of inquiries `low` <= n < `high`, once `_judged` holds what follows from their events."""
        cells = ", ".join(self._cells(position, columns))
        values = f"(SELECT * FROM {self.log.values} WHERE n >= {low} AND n < {high}) v"
        return f"SELECT {cells} FROM {values} JOIN _judged x USING (n) WHERE NOT x._odd"

    def odd(self, low: int, high: int) -> list[str]:
        """Inquiries `low` <= n < `high` that only the builder can judge."""
        inside = f"n >= {low} AND n < {high} AND n IN (SELECT n FROM _judged WHERE _odd)"
        return [row[0] for row in self._connection.execute(f"SELECT inquiry FROM {self.log.values} WHERE {inside}").fetchall()]

    def judged(self, low: int, high: int, columns: frozenset[str] | None = None) -> str:
        """SQL of what follows from the events of each inquiry: the columns that are derived, and whether it is handed back.

        It reads `_moves`, which is made here: what each change of status weighs.
        """
        shape, within = self.shape, f"n >= {low} AND n < {high}"
        odd = [*shape.odd, *(f"s{c} IS NULL" for c in self._c)]
        odd += [one for name, some in shape.odd_of.items() if columns is None or name in columns for one in some]
        # how many changes, and, far above, what nobody can judge: no known status, a moment that a calendar does not know
        moves = shape.moves | {"tally": ("sum", f"CASE WHEN w IS NULL THEN {_LOST} ELSE 1 END", "")}
        odd.append(f"tally >= {_LOST}")
        summed = shape.summed | {f"blind_{c}": ("bool_or", f"move IS NOT NULL AND {c} IS NULL") for c in self._blind}
        odd += [f"blind_{c}" for c in self._blind]
        if self._chained:
            moves["balance"] = ("sum", f"{_weight('w')} - {_weight('o')}", "")
            whens = " ".join(f"WHEN {1 << (_BITS * n)} THEN {n + 1}" for n in range(len(shape.statuses)))
            last = f"CASE balance {whens} END"
            odd += [f"tally > {_MOST}", "status_last IS NULL"]
        else:
            moves["last_w"] = ("arg_max", "w", "")
            last = "last_w"
        wanted = {name: said for name, said in shape.columns.items() if columns is None or name in columns}
        looked_up = shape.looked_up | {f"s{c}": (c, f"b.{SUBMITTED}") for c in self._c}
        # only what these ask for is summed up and looked up: the engine would do some of the rest, too
        asked = _words(*wanted.values(), *odd)
        derived: list[str] = []
        for name, said in reversed([("status_last", last), *shape.derived.items()]):
            if name in asked:
                derived.insert(0, f"({said}) AS {name}")
                asked |= _words(said)
        looked_up = {name: said for name, said in looked_up.items() if name in asked}
        asked |= _words(*(at for _, at in looked_up.values()))
        parts: dict[str, str] = {name: said for name, (_, said) in summed.items() if name in asked}
        aggregates = [f"{summed[name][0]}({name}) AS {name}" for name in parts]
        weights: list[str] = []
        for name, (how, weight, of) in moves.items():
            if name not in asked:
                continue
            # what is empty counts nowhere: a moment and nothing is nothing
            weights.append(f"{f'CASE WHEN {weight} THEN 0::BIGINT END' if of == 'us' else weight} AS w_{name}")
            parts[name] = f"us + w_{name}" if of == "us" else f"{of} * w_{name}" if of else f"w_{name}"
            total = f"{how}({name}{', seq' if how == 'arg_max' else ''})"
            aggregates.append(f"{f'make_timestamp({total})' if of == 'us' else total} AS {name}")
        number = f"range({len(shape.statuses) + 1})"
        every = f"SELECT {_MOVE} AS move, nullif(o, 0) AS o, nullif(w, 0) AS w, person FROM {number} a(o), {number} b(w), {_PERSON}"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _moves AS SELECT move, {', '.join(weights)} FROM ({every}) "
            "WHERE o IS DISTINCT FROM w OR w IS NULL"
        )
        found = [(name, *self._of(c, at, name)) for name, (c, at) in looked_up.items()]
        numbers = "".join(f", {said} AS {name}" for name, said, _ in found)
        joins = "".join(join for _, _, join in found)
        unsaid = [(name, kind.value.strip()) for name, _, kind in shape.builder.stated if name not in self._known]
        missing = "".join(f', NULL::{type_} AS "{name}"' for name, type_ in unsaid)
        doubt = f" OR v.n IN (SELECT n FROM {self.log.doubtful})" if self.log.doubtful else ""
        verdict = " OR ".join(f"COALESCE({one}, FALSE)" for one in odd) + doubt
        columns_of = ", ".join(["n", *(f'{said} AS "{name}"' for name, said in wanted.items())])
        each = ", ".join(f"{said} AS {name}" for name, said in parts.items())
        events = self._events(within, [c for c in self._c if c in _words(each)])
        return (
            f"WITH p AS (SELECT n, seq, {each} FROM ({events}) LEFT JOIN _moves USING (move)), "
            f"t AS (SELECT n, {', '.join(aggregates)} FROM p GROUP BY n), "
            f"b AS (SELECT *{missing} FROM {self.log.values} WHERE {within}), "
            f"s AS (SELECT b.*, t.* EXCLUDE (n){numbers} FROM b LEFT JOIN t ON t.n = b.n{joins}), "
            f"v AS (SELECT {', '.join(['v.*', *derived])} FROM s v) "
            f"SELECT {columns_of}, {verdict} AS _odd FROM v"
        )

    def _of(self, c: str, at: str, name: str) -> tuple[str, str]:
        """C of a calendar at a moment, and the join that it needs, both named after `name`."""
        said, join = self._c[c]
        return said.format(at=at, g=f"g_{name}"), join.format(at=at, g=f"g_{name}")

    def _events(self, within: str, calendars: Sequence[str]) -> str:
        """The events of a band with their change of status as one number, and working time by calendars."""
        codes = ", ".join(text(status) for status in self.shape.statuses)
        found = [(c, *self._of(c, 'e."at"', c)) for c in calendars]
        numbers = "".join(f", {said} AS {c}" for c, said, _ in found)
        joins = "".join(join for _, _, join in found)
        names = ", ".join(["n", "seq", "us", '"at"', "field", "new", *calendars])
        move = f"CASE WHEN field = {text(STATUS)} THEN {_MOVE} END AS move"
        read = f"SELECT * FROM {self.log.events} WHERE {within}"
        if self._chained:
            seq, before = "e.seq", "e.old"
        else:
            # nobody says in which order: by time, by the platform's own order, as it was learned
            order = 'OVER (PARTITION BY n ORDER BY "at", ord, seq)'
            lined = f"SELECT *, row_number() {order} AS place, lag(new) {order} AS before FROM ({read} AND field = {text(STATUS)})"
            others = f"SELECT *, 0 AS place, NULL::VARCHAR AS before FROM ({read} AND field <> {text(STATUS)})"
            read, seq, before = f"{lined} UNION ALL {others}", "e.place", "e.before"
        return (
            f"SELECT {names}, {move} "
            f'FROM (SELECT e.n, {seq} AS seq, epoch_us(e."at") AS us, e."at", e.field, e.new, COALESCE(e.person, FALSE) AS person, '
            f"COALESCE(list_position([{codes}], {before}), 0) AS o, COALESCE(list_position([{codes}], e.new), 0) AS w{numbers} "
            f"FROM ({read}) e{joins})"
        )

    def _cells(self, position: int, columns: frozenset[str] | None) -> Iterator[str]:
        """Every column of the facts, in its order."""
        builder = self.shape.builder
        stated = {name for name, _, _ in builder.stated}
        told = {f"{name}_filled" for name in builder.told}
        system: Mapping[str, str] = {
            "_position": str(position),
            "_practice": text(builder.practice.digest),
            "_calendars": text(builder.stamp),
        }
        for column in builder.columns:
            name, type_ = column.name, column.kind.value.strip()
            if columns is not None and name not in columns:
                continue
            if name in self.shape.columns:
                said = f'x."{name}"'
            elif name in system:
                said = system[name]
            elif name in told:
                said = f'COALESCE(v."{name}", FALSE)' if name in self._known else "FALSE"
            elif name == "inquiry" or (name in stated and name in self._known):
                said = f'v."{name}"'
            elif column.of in stated and column.of in self._known and name == f"{column.of}_day":
                said = self._day(column.of)
            elif column.of in stated and column.of in self._known and name == f"{column.of}_code":
                whens = " ".join(
                    f"WHEN {text(slug)} THEN {code}" for slug, code in builder.codes.get(FieldId(column.of), {}).items()
                )
                said = f'CASE v."{column.of}" {whens} END' if whens else "NULL"
            else:
                said = "NULL"
            yield f'({said})::{type_} AS "{name}"'

    def _day(self, name: str) -> str:
        """The local day of a moment."""
        low, high = self._moments[FieldId(name)]
        if low is None:
            return "NULL"
        begin, end = epoch(low.replace(tzinfo=UTC)), epoch(high.replace(tzinfo=UTC)) + 1
        parts: list[tuple[int, int]] = []  # (until, offset)
        for _, until, offset in pieces(self.shape.builder.zone, begin, end):
            if parts and parts[-1][1] == offset:
                parts.pop()
            parts.append((until, offset))
        whens = "".join(f'WHEN epoch_us(v."{name}") < {until * 1_000_000} THEN {offset} ' for until, offset in parts[:-1])
        offset_sql = f"CASE {whens}ELSE {parts[-1][1]} END" if whens else str(parts[-1][1])
        return f'CAST(v."{name}" + to_seconds({offset_sql}) AS DATE)'


def _words(*said: str) -> set[str]:
    """The names in some SQL."""
    return set(re.findall(r"\w+", " ".join(said)))


def _weight(number: str) -> str:
    """What a status weighs in the balance: entered less left, only the last one remains."""
    return f"CASE WHEN {number} IS NULL THEN 0 ELSE 1::BIGINT << ({_BITS} * ({number} - 1)) END"


def ready(connection: duckdb.DuckDBPyConnection, memory: str, spill: Path) -> None:
    """Bounds of a connection that sums up much: it spills to `spill` before it takes more than `memory`."""
    connection.execute("SET memory_limit = $memory", {"memory": memory})
    connection.execute("SET temp_directory = $spill", {"spill": str(spill)})
    connection.execute("SET preserve_insertion_order = false")

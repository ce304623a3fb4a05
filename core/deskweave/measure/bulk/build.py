"""Rows in bulk: events are summed up band by band, each band of inquiries in one statement, so that memory stays small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from deskweave.model import FieldId

if TYPE_CHECKING:
    import duckdb

BAND: Final = 500_000  #: inquiries summed up at once
_SINCE, _UNTIL = datetime(1995, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)  #: what lies outside is the builder's
_BITS: Final = 6  #: of the balance of entering and leaving, for each status
_LOST: Final = 1 << 32
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


def facts_in_bulk(
    shape: Shape, log: BulkLog, target: Path, position: int, columns: frozenset[str] | None = None, compression: str = "zstd"
) -> Rows:
    """Write the fact rows of a log.

    Args:
        shape: of the practice.
        log: all that is known of the inquiries.
        target: path of the files, without number and suffix.
        position: the largest `seq` that was known.
        columns: those to be written; None: all.
        compression: of the Parquet files.

    Raises:
        Inexpressible: a calendar cannot be laid out in cells for these instants.
    """
    bulk = Bulk(shape, log)
    files: dict[Path, int] = {}
    odd: list[str] = []
    for number, low in enumerate(range(0, log.count, BAND)):
        path = target.with_name(f"{target.name}-{number:04}.parquet")
        written, left = bulk.band(low, low + BAND, path, position, columns, compression)
        if written:
            files[path] = written
        else:
            path.unlink(missing_ok=True)
        odd += left
    return Rows(files=files, odd=tuple(sorted(odd)))


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
        self._low = max(min(ends, default=_SINCE), _SINCE)
        self._high = min(max(ends, default=_SINCE) + timedelta(seconds=1), _UNTIL)
        self._c = [self._lay_out(number, calendar) for number, calendar in enumerate(shape.calendars)]

    def _row(self, sql: str) -> tuple[Any, ...]:
        found = self._connection.execute(sql).fetchone()
        assert found is not None
        return tuple(found)

    def _lay_out(self, number: int, calendar: CompiledCalendar | None) -> tuple[str, str]:
        """SQL of C at a moment `{at}`, and the join that it needs."""
        if calendar is None:
            low = epoch(self._low)
            return f"TRY_CAST(CASE WHEN epoch_us({{at}}) >= 0 THEN epoch_us({{at}}) // 1000000 - {low} END AS INTEGER)", ""
        since = max(self._low, calendar.beginning)
        until = self._high if calendar.end is None else min(self._high, calendar.end)
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
        name = f"_cells{number}"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT unnest($q::BIGINT[]) AS q, unnest($base::BIGINT[]) AS base, "
            "unnest($slope::TINYINT[]) AS slope",
            {"q": q, "base": [one - origin for one in base], "slope": slope},
        )
        return (
            f"TRY_CAST(g{number}.base + g{number}.slope * (epoch_us({{at}}) // 1000000 - {cell} * g{number}.q) AS INTEGER)",
            f" LEFT JOIN {name} g{number} ON g{number}.q = epoch_us({{at}}) // {cell * 1_000_000}",
        )

    def band(
        self, low: int, high: int, path: Path, position: int, columns: frozenset[str] | None, compression: str
    ) -> tuple[int, list[str]]:
        """Write the rows of inquiries `low` <= n < `high`; how many, and which are handed back."""
        connection, log = self._connection, self.log
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _judged AS {self._judged(low, high, columns)}")
        cells = ", ".join(self._cells(position, columns))
        values = f"(SELECT * FROM {log.values} WHERE n >= {low} AND n < {high}) v"
        rows = f"SELECT {cells} FROM {values} JOIN _judged x USING (n) WHERE NOT x._odd"
        connection.execute(f"COPY ({rows}) TO {text(str(path))} (FORMAT parquet, COMPRESSION {compression})")
        left = connection.execute(
            f"SELECT v.inquiry FROM {log.values} v JOIN _judged x USING (n) WHERE x._odd AND v.n >= {low} AND v.n < {high}"
        ).fetchall()
        (total,) = self._row("SELECT count(*) FROM _judged")
        connection.execute("DROP TABLE _judged")
        return total - len(left), [row[0] for row in left]

    def _judged(self, low: int, high: int, columns: frozenset[str] | None) -> str:
        """What follows from the events of each inquiry: the columns that are derived, and whether it is handed back."""
        shape, within = self.shape, f"n >= {low} AND n < {high}"
        summed = dict(shape.summed)
        odd = list(shape.odd)
        odd += [one for name, some in shape.odd_of.items() if columns is None or name in columns for one in some]
        for number in range(len(self._c)):
            odd.append(f"sc{number} IS NULL")
        # changes of status, and, far above, what nobody can judge: no known status, a moment that a calendar does not know
        blind = "".join(f" OR c{number} IS NULL" for number in range(len(self._c)))
        lost = f"CASE WHEN is_status AND (w IS NULL OR (moved AND (FALSE{blind}))) THEN {_LOST} ELSE 0 END"
        summed["tally"] = ("sum", f"(CASE WHEN moved THEN 1 ELSE 0 END) + {lost}")
        odd.append(f"tally >= {_LOST}")
        last = "NULL"
        if self._chained:
            balance = f"CASE WHEN moved THEN {_weight('w')} - {_weight('o')} ELSE 0 END"
            summed["balance"] = ("sum", balance)
            whens = " ".join(f"WHEN {1 << (_BITS * n)} THEN {n + 1}" for n in range(len(shape.statuses)))
            last = f"CASE balance {whens} END"
            odd += [f"tally > {_MOST}", "status_last IS NULL"]
        else:
            last = "last_w"
            summed["last_w"] = ("arg_max", "CASE WHEN is_status THEN w END")
        parts = ", ".join(f"{said} AS {name}" for name, (_, said) in summed.items())
        aggregates = ", ".join(f"{how}({name}{', seq' if how == 'arg_max' else ''}) AS {name}" for name, (how, _) in summed.items())
        starts = ", ".join(f"{c.format(at=_SUBMITTED)} AS sc{number}" for number, (c, _) in enumerate(self._c))
        joins = "".join(join.format(at=_SUBMITTED) for _, join in self._c)
        derived = ", ".join(
            ["v.*", "t.* EXCLUDE (n)", f"({last}) AS status_last", *(f"{said} AS {name}" for name, said in shape.derived.items())]
        )
        wanted = [f'{said} AS "{name}"' for name, said in shape.columns.items() if columns is None or name in columns]
        unsaid = [(name, kind.value.strip()) for name, _, kind in shape.builder.stated if name not in self._known]
        missing = "".join(f', NULL::{type_} AS "{name}"' for name, type_ in unsaid)
        doubt = f" OR v.n IN (SELECT n FROM {self.log.doubtful})" if self.log.doubtful else ""
        verdict = " OR ".join(f"COALESCE({one}, FALSE)" for one in odd) + doubt
        return (
            f"WITH e AS MATERIALIZED ({self._events(within)}), p AS (SELECT n, seq, {parts} FROM e), "
            f"t AS (SELECT n, {aggregates} FROM p GROUP BY n), "
            f"b AS (SELECT *{missing} FROM {self.log.values} WHERE {within}), "
            f"s AS (SELECT b.*, {starts} FROM b{joins}), "
            f"v AS (SELECT {derived} FROM s v LEFT JOIN t ON t.n = v.n) "
            f"SELECT {', '.join(['n', *wanted])}, {verdict} AS _odd FROM v"
        )

    def _events(self, within: str) -> str:
        """The events of a band with statuses as numbers, working time by each calendar, and whether the status changed."""
        codes = ", ".join(text(status) for status in self.shape.statuses)
        numbers = ", ".join(f"{c.format(at=_AT)} AS c{number}" for number, (c, _) in enumerate(self._c))
        joins = "".join(join.format(at=_AT) for _, join in self._c)
        is_status = f"e.field = {text(STATUS)}"
        old = f"list_position([{codes}], e.old)"
        new = f"list_position([{codes}], e.new)"
        read = f"SELECT * FROM {self.log.events} WHERE {within}"
        if self._chained:
            coded = (
                f'SELECT e.n, e.seq, e."at", e.field, e.new, e.person, {is_status} AS is_status, '
                f"{old} AS o, {new} AS w, {numbers} "
                f"FROM ({read}) e{joins}"
            )
            return f"SELECT *, is_status AND o IS DISTINCT FROM w AS moved FROM ({coded})"
        # nobody says in which order: by time, by the platform's own order, as it was learned
        order = 'OVER (PARTITION BY n ORDER BY "at", ord, seq)'
        lined = f"SELECT e.*, row_number() {order} AS place, lag(new) {order} AS before FROM ({read} AND field = {text(STATUS)}) e"
        others = f"SELECT e.*, 0 AS place, NULL::VARCHAR AS before FROM ({read} AND field <> {text(STATUS)}) e"
        coded = (
            f'SELECT e.n, e.place AS seq, e."at", e.field, e.new, e.person, {is_status} AS is_status, '
            f"list_position([{codes}], e.before) AS o, {new} AS w, {numbers} FROM ({lined} UNION ALL {others}) e{joins}"
        )
        return f"SELECT *, is_status AND o IS DISTINCT FROM w AS moved FROM ({coded})"

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


_AT: Final = 'e."at"'
_SUBMITTED: Final = f'b."{SUBMITTED}"'


def _weight(number: str) -> str:
    """What a status weighs in the balance: entered less left, only the last one remains."""
    return f"CASE WHEN {number} IS NULL THEN 0 ELSE 1::BIGINT << ({_BITS} * ({number} - 1)) END"


def ready(connection: duckdb.DuckDBPyConnection, memory: str, spill: Path) -> None:
    """Bounds of a connection that sums up much: it spills to `spill` before it takes more than `memory`."""
    connection.execute("SET memory_limit = $memory", {"memory": memory})
    connection.execute("SET temp_directory = $spill", {"spill": str(spill)})
    connection.execute("SET preserve_insertion_order = false")

"""Fact rows where DuckDB can ask them: opened without extensions, without network, and with no file in reach but the facts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from deskweave.measure.columns import Columns
from deskweave.measure.facts import Row
from deskweave.measure.periods import Period
from deskweave.measure.plan import Engine, Plan
from deskweave.model import Grain

if TYPE_CHECKING:
    import duckdb

    from deskweave.measure.collected import Collector


_TOGETHER: Final = 100  #: rows in memory that are inserted by one statement
_LARGE: Final = 250_000  #: rows from which on a segment is read where it is, in place of being copied into memory


def offline() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that installs and loads nothing by itself."""
    import duckdb  # heavy: only when something is measured

    return duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})


def seal(connection: duckdb.DuckDBPyConnection, directory: Path | None = None) -> None:
    """From here on the connection reads nothing but files of `directory`, and its settings stay."""
    if directory is not None:
        connection.execute("SET allowed_directories = [$directory]", {"directory": str(directory)})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


class FactTable:
    """The latest row of every inquiry, as the table `facts`. A context manager; close it.

    Attributes:
        others: beside a table of inquiries, those of contacts and answers, where somebody collects them; they stay the caller's.
        collectors: of contacts and answers: who handed them in; empty: nobody knows.
    """

    engine: ClassVar[Engine] = "duckdb"  #: whose SQL `query` takes

    generation = ""  #: of the rows: see `Facts.open`

    def __init__(self, connection: duckdb.DuckDBPyConnection, columns: Columns, position: int = 0) -> None:
        """Take over an open connection in which `facts` exists."""
        self._connection, self.columns, self.position = connection, columns, position
        self._answers: dict[tuple[Plan, tuple[Period, ...], datetime], list[dict[str, Any]]] = {}
        self.others: Mapping[Grain, FactTable] = {}
        self.collectors: Sequence[Collector] = ()

    @classmethod
    def of_segments(cls, columns: Columns, directory: Path, files: Sequence[str | Sequence[str]], position: int) -> Self:
        """Read segments, the oldest first; where an inquiry stands in several, its row of the highest position counts.

        A segment in several files has no inquiry twice. A large first segment is left where it is: what later ones replace of it
        is passed over whenever it is read.
        """
        connection = offline()
        groups = [[name] if isinstance(name, str) else list(name) for name in files]
        if not groups:
            _create(connection, columns)
            seal(connection)
            return cls(connection, columns, position)
        connection.execute("SET temp_directory = $spill", {"spill": str(directory / "spill")})
        seal(connection, directory)
        first, *later = [connection.read_parquet([str(directory / name) for name in some]) for some in groups]
        if not later:
            first.create_view("facts")
            return cls(connection, columns, position)
        first.create_view("first_segment")
        connection.read_parquet([str(directory / name) for some in groups[1:] for name in some]).create_view("later_segments")
        latest = "QUALIFY row_number() OVER (PARTITION BY inquiry ORDER BY _position DESC) = 1"
        if len(first) < _LARGE:
            both = "SELECT * FROM first_segment UNION ALL SELECT * FROM later_segments"
            connection.execute(f"CREATE TEMP TABLE facts AS SELECT * FROM ({both}) {latest}")
        else:
            connection.execute(f"CREATE TEMP TABLE later AS SELECT * FROM later_segments {latest}")
            kept = "SELECT * FROM first_segment f WHERE NOT EXISTS (FROM later l WHERE l.inquiry = f.inquiry)"
            connection.execute(f"CREATE TEMP VIEW facts AS {kept} UNION ALL SELECT * FROM later")
        return cls(connection, columns, position)

    @classmethod
    def of_rows(cls, columns: Columns, rows: Sequence[Row]) -> Self:
        """Rows in memory: for examples, and for measuring what is not kept."""
        connection = offline()
        _create(connection, columns)
        seal(connection)
        table = cls(connection, columns)
        table._insert(rows)
        return table

    @classmethod
    def of_lines(cls, columns: Columns, rows: Iterable[Row], keep: Path | None = None) -> Self:
        """Many rows, whose cells are JSON: they go through a file, which is a hundred times as fast as one by one.

        Args:
            columns: of the rows.
            rows: of whatever is to be asked.
            keep: a Parquet file to write them to as well, for `of_segments`.
        """
        import orjson

        connection = offline()
        with tempfile.TemporaryDirectory(prefix="deskweave-rows-") as folder:
            lines = Path(folder) / "rows.json"
            with lines.open("wb") as out:
                out.writelines(orjson.dumps(row) + b"\n" for row in rows)
            if lines.stat().st_size:
                relation = connection.read_json(str(lines), format="newline_delimited", columns=columns.types)
                relation.create("facts")
            else:
                _create(connection, columns)
        if keep is not None:
            part = keep.with_name(f".{keep.name}.part")
            connection.table("facts").write_parquet(str(part), compression="zstd")
            os.replace(part, keep)
        seal(connection)
        return cls(connection, columns)

    def _insert(self, rows: Sequence[Row]) -> None:
        # only the columns that are filled: rows in memory name a handful of a hundred
        for names, some in groupby(
            rows, key=lambda row: [column.name for column in self.columns if row.get(column.name) is not None]
        ):
            filled = names or ["_position"]
            stated, marks = ", ".join(f'"{name}"' for name in filled), f"({', '.join('?' for _ in filled)})"
            cells = [[row.get(name) for name in filled] for row in some]
            for start in range(0, len(cells), _TOGETHER):  # one statement for many rows takes a tenth of one for each
                part = cells[start : start + _TOGETHER]
                values = [cell for row in part for cell in row]
                self._connection.execute(f"INSERT INTO facts ({stated}) VALUES {', '.join([marks] * len(part))}", values)

    def figures(self, plan: Plan, periods: Sequence[Period], as_of: datetime) -> list[dict[str, Any]]:
        """What a plan answers for each of `periods`; `as_of` is aware. Columns: `compiler.Statement`.

        The facts of a table do not change, so what was asked once is remembered.
        """
        asked = (plan, tuple(periods), as_of)
        if asked not in self._answers:
            from deskweave.measure.compiler import compiled  # brings SQLGlot

            statement = compiled(plan, periods, as_of.astimezone(UTC).replace(tzinfo=None), self.engine)
            self._answers[asked] = self.query(statement.sql, statement.parameters)
        return list(self._answers[asked])

    def figures_together(self, plans: Sequence[Plan], periods: Sequence[Period], as_of: datetime) -> list[list[dict[str, Any]]]:
        """What `figures` answers for each of several plans, in one reading: see `compiler.compiled_together`."""
        from deskweave.measure.compiler import compiled_together  # brings SQLGlot

        statement = compiled_together(plans, periods, as_of.astimezone(UTC).replace(tzinfo=None), self.engine)
        found: list[list[dict[str, Any]]] = [[] for _ in plans]
        shared = ["period", *(column.name for column in plans[0].by)]
        shared += [f"_total{n}" for n in range(len(plans[0].by))] if plans[0].totals else []
        parts = [f"_part{n}" for n in range(max(len(getattr(plan.value, "criteria", ())) for plan in plans))]
        names = ["_value", "_numerator", "_denominator", "_counted", "_rows", *parts]
        for row in self.query(statement.sql, statement.parameters):
            if row["period"] is None:
                continue
            for place, rows in enumerate(found):
                if row[f"{place}_rows"]:
                    own = {name: row[f"{place}{name}"] for name in names if f"{place}{name}" in row}
                    rows.append({name: row[name] for name in shared} | own)
        self._answers |= {(plan, tuple(periods), as_of): rows for plan, rows in zip(plans, found, strict=True)}
        return found

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a statement made by our compiler."""
        cursor = self._connection.execute(sql, dict(parameters or {}))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _create(connection: duckdb.DuckDBPyConnection, columns: Columns) -> None:
    stated = ", ".join(f'"{name}" {type_}' for name, type_ in columns.types.items())  # names are slugs of the checked practice
    connection.execute(f"CREATE TABLE facts ({stated})")

"""Fact rows where DuckDB can ask them: opened without extensions, without network, and with no file in reach but the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from deskweave.measure.columns import Columns
from deskweave.measure.facts import Row
from deskweave.measure.periods import Period
from deskweave.measure.plan import Plan

if TYPE_CHECKING:
    import duckdb


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
    """The latest row of every inquiry, as the table `facts`. A context manager; close it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, columns: Columns, position: int = 0) -> None:
        """Take over an open connection in which `facts` exists."""
        self._connection, self.columns, self.position = connection, columns, position

    @classmethod
    def of_segments(cls, columns: Columns, directory: Path, files: Sequence[str], position: int) -> Self:
        """Read segments; where an inquiry stands in several, its row of the highest position counts."""
        connection = offline()
        if not files:
            _create(connection, columns)
            seal(connection)
        else:
            seal(connection, directory)
            rows = connection.read_parquet([str(directory / name) for name in files])
            if len(files) == 1:
                rows.create_view("facts")
            else:
                rows.create_view("segments")
                connection.execute(
                    "CREATE TEMP TABLE facts AS SELECT * FROM segments "
                    "QUALIFY row_number() OVER (PARTITION BY inquiry ORDER BY _position DESC) = 1"
                )
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

    def _insert(self, rows: Sequence[Row]) -> None:
        # only the columns that are filled: rows in memory name a handful of a hundred
        for names, some in groupby(
            rows, key=lambda row: [column.name for column in self.columns if row.get(column.name) is not None]
        ):
            stated, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" for _ in names)
            cells = [[row[name] for name in names] for row in some]
            if names:
                self._connection.executemany(f"INSERT INTO facts ({stated}) VALUES ({marks})", cells)
            else:
                self._connection.executemany('INSERT INTO facts ("_position") VALUES (?)', [[None] for _ in cells])

    def figures(self, plan: Plan, periods: Sequence[Period], as_of: datetime) -> list[dict[str, Any]]:
        """What a plan answers for each of `periods`; `as_of` is aware. Columns: `compiler.Statement`."""
        from deskweave.measure.compiler import compiled  # brings SQLGlot

        statement = compiled(plan, periods, as_of.astimezone(UTC).replace(tzinfo=None))
        return self.query(statement.sql, statement.parameters)

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

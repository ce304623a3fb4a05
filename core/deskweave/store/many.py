"""One statement for many rows: compiled once, its values prepared column by column. SQLAlchemy would do both anew for every row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

Prepare: TypeAlias = Callable[[Any], Any]
Compiled: TypeAlias = tuple[str, list[tuple[str, Prepare | None]]]


class Many:
    """An INSERT or UPDATE that is given rows, all with the same keys: columns for an INSERT, bind parameters for an UPDATE."""

    def __init__(self, statement: sa.Insert | sa.Update) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, tuple[str, ...]], Compiled | None] = {}

    def write(self, tx: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows; none: nothing is sent."""
        if not rows:
            return
        key = tx.dialect.name, tuple(rows[0])
        if key not in self._compiled:
            self._compiled[key] = self._compile(tx.dialect, rows[0])
        found = self._compiled[key]
        if found is None:
            tx.execute(self._statement, list(rows))
            return
        text, columns = found
        prepared = [[row[name] for row in rows] if how is None else [how(row[name]) for row in rows] for name, how in columns]
        tx.exec_driver_sql(text, list(zip(*prepared, strict=True)))

    def _compile(self, dialect: sa.Dialect, row: Mapping[str, Any]) -> Compiled | None:
        names = list(row) if isinstance(self._statement, sa.Insert) else None
        compiled = self._statement.compile(dialect=dialect, column_keys=names)
        assert isinstance(compiled, SQLCompiler)
        if not compiled.positional or compiled.positiontup is None:
            return None  # a driver that wants its values by name is left to SQLAlchemy
        types = {name: compiled.binds[name].type for name in compiled.positiontup}
        return str(compiled), [(name, types[name].dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup]

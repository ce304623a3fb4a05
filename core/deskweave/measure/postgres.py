"""Facts in a PostgreSQL database: a table that other programs read, and where rules are asked with `--engine postgres`.

It is a copy of the local fact table, row by row as that has judged them, so both answer alike. It can be thrown away and is made
again. Rows that changed since the last time are replaced in one transaction: whoever reads sees the state before or after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias

from deskweave.errors import DeskweaveError
from deskweave.measure.columns import Column, Columns, Kind
from deskweave.measure.table import FactTable

if TYPE_CHECKING:
    import psycopg

FORMAT: Final = 1
TABLE: Final = "facts"
_STATE: Final = "facts_state"
_LINES: Final = 2_000  #: rows handed on at once
_LONGEST: Final = 63  #: bytes of a name in PostgreSQL

Trouble: TypeAlias = Literal["no-driver", "no-address", "unreachable", "refused", "not-ours", "other-store", "in-use", "newer"]
#: The first two are a matter of what is written and installed; `unreachable` and `refused` of the database; the others stop us.


class PostgresError(DeskweaveError):
    """The database cannot be used. `rule` and `trouble` are stable, `values` what a sentence speaks of; none holds a password."""

    def __init__(self, trouble: Trouble, message: str, **values: str) -> None:
        super().__init__(message)
        self.trouble, self.rule, self.values = trouble, f"postgres-{trouble}", values


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What bringing the table up to date did. `whole`: everything was copied, not only what changed."""

    schema: str
    position: int
    rows: int
    whole: bool


def schema_of(folder: str, environment: str) -> str:
    """The schema that holds the facts of one client's folder in one environment."""
    name = f"deskweave_{folder}_{environment}"
    if len(name.encode()) <= _LONGEST:
        return name
    return f"{name.encode()[: _LONGEST - 9].decode(errors='ignore')}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


class PostgresTable(FactTable):
    """The facts in PostgreSQL, open to be asked, all of it in one state."""

    engine = "postgres"

    def __init__(self, connection: psycopg.Connection[Any], columns: Columns, position: int = 0) -> None:
        """Take over an open connection that finds `facts`."""
        self._session, self.columns, self.position = connection, columns, position
        self._answers, self.others, self.collectors = {}, {}, ()

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a statement made for PostgreSQL."""
        import psycopg

        # what PostgreSQL cannot hold stands in the table as its replacement, so it is asked for as that
        bound = {
            name: value.replace("\0", "\ufffd") if isinstance(value, str) else value for name, value in (parameters or {}).items()
        }
        try:
            cursor = self._session.execute(sql, bound)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except psycopg.Error as error:
            raise _refused(error) from error

    def close(self) -> None:
        """Sign out."""
        self._session.close()


class PostgresFacts:
    """The table `facts` of one schema of a database. A context manager; close it."""

    def __init__(self, connection: psycopg.Connection[Any], columns: Columns, schema: str) -> None:
        """Take over an open connection."""
        self._connection, self.columns, self.schema = connection, columns, schema

    @classmethod
    def connect(cls, address: str, columns: Columns, schema: str) -> Self:
        """Sign in.

        Args:
            address: postgresql://user:password@host:port/database, or what else libpq takes.
            columns: of the facts.
            schema: where they stand; see `schema_of`.

        Raises:
            PostgresError: no driver, no address, or nobody answers there.
        """
        try:
            import psycopg
        except ImportError:
            message = "psycopg is not installed: pip install 'deskweave[postgres]'"
            raise PostgresError("no-driver", message) from None
        try:
            if "connect_timeout" not in psycopg.conninfo.conninfo_to_dict(address):
                address = psycopg.conninfo.make_conninfo(address, connect_timeout=10)
            connection = psycopg.connect(address)
        except psycopg.OperationalError as error:
            said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise PostgresError("unreachable", f"PostgreSQL does not let us in: {said}", said=said) from None
        except psycopg.Error:
            # the driver repeats what it cannot read, and a password may stand in it
            raise PostgresError("no-address", "this is no address of a PostgreSQL database") from None
        return cls(connection, columns, schema)

    def refresh(self, facts: FactTable, origin: str, comments: Mapping[str, str] | None = None) -> Copied:
        """Bring the table up to date with the local facts.

        Args:
            facts: the local table, refreshed.
            origin: the store the facts were made from. A table made from another store is left alone.
            comments: what to say of the table ("") and of each column.

        Raises:
            PostgresError: the table is somebody else's, or what the database says no to.
        """
        import psycopg

        try:
            with self._connection.transaction():
                return self._refresh(facts, origin, comments or {})
        except psycopg.errors.DependentObjectsStillExist as error:
            said = str(error).strip().splitlines()
            message = f"the facts have other columns now, and something depends on those before: {'; '.join(said)}"
            raise PostgresError("in-use", message, said=" ".join(said)) from error
        except psycopg.Error as error:
            raise _refused(error) from error

    def _refresh(self, facts: FactTable, origin: str, comments: Mapping[str, str]) -> Copied:
        from psycopg import sql

        run = self._connection.execute
        run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"deskweave {self.schema}"])
        schema = sql.Identifier(self.schema)
        (known,) = run("SELECT to_regnamespace(%s) IS NOT NULL", [_quoted(self.schema)]).fetchone() or (False,)
        if not known:  # asked first: who may not make schemas can still be given one
            run(sql.SQL("CREATE SCHEMA {}").format(schema))
        run(sql.SQL("SET LOCAL search_path = {}").format(schema))
        state = self._state(origin)
        fresh = self._shape()
        whole = fresh or state is None or state[0] != facts.generation or state[1] > facts.position
        if whole:
            run(f"DELETE FROM {TABLE}")  # not TRUNCATE: who reads meanwhile goes on seeing the rows
            rows = _copy(self._connection, TABLE, facts)
            self._explain(comments)
            run(f"ANALYZE {TABLE}")
        elif state is not None and state[1] < facts.position:
            run(f"CREATE TEMP TABLE touched (LIKE {TABLE}) ON COMMIT DROP")
            rows = _copy(self._connection, "touched", facts, state[1])
            run(f"DELETE FROM {TABLE} USING touched WHERE {TABLE}.inquiry = touched.inquiry")
            run(f"INSERT INTO {TABLE} SELECT * FROM touched")
        else:
            rows = 0
        run(f"DELETE FROM {_STATE}")
        run(
            f"INSERT INTO {_STATE} VALUES (%s, %s, %s, %s, %s, now())",
            [FORMAT, origin, self.columns.digest, facts.position, facts.generation],
        )
        return Copied(schema=self.schema, position=facts.position, rows=rows, whole=whole)

    def _state(self, origin: str) -> tuple[str, int] | None:
        """Generation and position of what stands there; None: nothing does."""
        run = self._connection.execute
        here = {
            name for (name,) in run("SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)", [_quoted(self.schema)])
        }
        if _STATE not in here:
            if TABLE in here:
                message = f"{self.schema}.{TABLE} is there and was not made by deskweave: it is left alone"
                raise PostgresError("not-ours", message, schema=self.schema)
            run(
                f"CREATE TABLE {_STATE} (format integer NOT NULL, origin text NOT NULL, columns text NOT NULL, "
                "position bigint NOT NULL, generation text NOT NULL, refreshed_at timestamptz NOT NULL)"
            )
            return None
        row = run(f"SELECT format, origin, generation, position FROM {_STATE}").fetchone()
        if row is None:
            return None
        if row[0] > FORMAT:
            raise PostgresError("newer", f"{self.schema} was written by a newer deskweave", schema=self.schema)
        if row[1] != origin:
            message = f"{self.schema} holds the facts of another store ({row[1]}; this one is {origin}): it is left alone"
            raise PostgresError("other-store", message, schema=self.schema, theirs=row[1], ours=origin)
        return row[2], row[3]

    def _shape(self) -> bool:
        """The table with the columns it has to have; whether they are others than before. Views on it and grants stay."""
        from psycopg import sql

        run = self._connection.execute
        types = self._types()
        run(f"CREATE TABLE IF NOT EXISTS {TABLE} (inquiry text PRIMARY KEY)")
        there = dict(
            run(
                "SELECT attname, upper(format_type(atttypid, NULL)) FROM pg_attribute "
                f"WHERE attrelid = '{TABLE}'::regclass AND attnum > 0 AND NOT attisdropped"
            ).fetchall()
        )
        gone = [name for name, type_ in there.items() if types.get(name) != type_.replace(" WITHOUT TIME ZONE", "")]
        new = [name for name in types if name not in there or name in gone]
        changes = [sql.SQL("DROP COLUMN {}").format(sql.Identifier(name)) for name in gone]
        changes += [sql.SQL("ADD COLUMN {} " + types[name]).format(sql.Identifier(name)) for name in new]
        if not changes:
            return False
        run(sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(TABLE), sql.SQL(", ").join(changes)))
        return True

    def _types(self) -> dict[str, str]:
        from deskweave.measure.dialect import dialect_of

        return {column.name: dialect_of("postgres").type_of(column) for column in self.columns}

    def _explain(self, comments: Mapping[str, str]) -> None:
        from psycopg import sql

        table = sql.Identifier(TABLE)
        for name, said in comments.items():
            if name == "":
                self._connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(said)))
            elif name in self.columns.all:
                column = sql.Identifier(TABLE, name)
                self._connection.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(column, sql.Literal(said)))

    def beside(self, facts: FactTable) -> None:
        """Put rows into a table that only this connection sees, in front of the kept one: for facts of another moment."""
        import psycopg
        from psycopg import sql

        stated = sql.SQL(", ").join(sql.SQL("{} " + type_).format(sql.Identifier(name)) for name, type_ in self._types().items())
        try:
            with self._connection.transaction():
                self._connection.execute(sql.SQL("CREATE TEMP TABLE {} ({})").format(sql.Identifier(TABLE), stated))
                _copy(self._connection, TABLE, facts)
        except psycopg.Error as error:
            raise _refused(error) from error

    def open(self, position: int) -> PostgresTable:
        """The table, ready to be asked; it takes the connection over."""
        from psycopg import IsolationLevel, sql

        connection = self._connection
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(self.schema)))
        connection.commit()
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        return PostgresTable(connection, self.columns, position)

    def close(self) -> None:
        """Sign out."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _copy(connection: psycopg.Connection[Any], table: str, facts: FactTable, after: int | None = None) -> int:
    """Rows of the local table, those written after a position, in COPY's own text; answers with how many.

    DuckDB writes the lines, so that no value passes through Python by itself.
    """
    from psycopg import sql

    cells = ", ".join(f"COALESCE({_cell(column)}, '\\N')" for column in facts.columns)
    where = "" if after is None else f"WHERE _position > {int(after)}"
    found = facts._connection.execute(f"SELECT concat_ws(chr(9), {cells}) FROM {TABLE} {where}")
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in facts.columns)
    rows = 0
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)) as copy:
        while lines := found.fetchmany(_LINES):
            copy.write("".join(f"{line}\n" for (line,) in lines))
            rows += len(lines)
    return rows


def _cell(column: Column) -> str:
    """SQL of DuckDB for a value as PostgreSQL's COPY reads it; names are columns of the checked practice."""
    name = f'"{column.name}"'
    match column.kind:
        case Kind.TEXT:
            return _escaped(f"replace({name}, chr(0), chr(65533))")
        case kind if kind.value.endswith("[]"):
            said = "replace(CAST(one AS VARCHAR), chr(0), chr(65533))"
            quoted = rf"""'"' || replace(replace({said}, '\', '\\'), '"', '\"') || '"'"""
            return _escaped(f"'{{' || array_to_string([{quoted} FOR one IN {name}], ',') || '}}'")
    return f"CAST({name} AS VARCHAR)"


def _escaped(text: str) -> str:
    for character, escape in ((r"'\'", r"'\\'"), ("chr(9)", r"'\t'"), ("chr(10)", r"'\n'"), ("chr(13)", r"'\r'")):
        text = f"replace({text}, {character}, {escape})"
    return text


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refused(error: psycopg.Error) -> PostgresError:
    lines = str(error).strip().splitlines()
    said = lines[0] if lines else type(error).__name__
    return PostgresError("refused", f"PostgreSQL says no: {said}", said=said)

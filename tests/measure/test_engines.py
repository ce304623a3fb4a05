"""The same rules on the other engines: what is compiled for them runs there and gives what DuckDB gives.

PostgreSQL needs `psql` and a server that lets it in without a password (PGHOST, PGPORT, PGUSER, PGDATABASE; default: 127.0.0.1,
postgres); rows stand in a temporary table, so nothing is left behind. ClickHouse needs `pip install chdb` (500 MB).
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from deskweave.measure import FactTable, parse_period
from deskweave.measure.columns import Columns, Kind
from deskweave.measure.compiler import Statement, compiled, compiled_together
from deskweave.measure.dialect import dialect_of
from deskweave.measure.plan import Plan
from deskweave.measure.planner import Planner
from deskweave.model import Criterion, FieldId, Metric
from deskweave.practice import builtin

PERIODS = [parse_period("2026-10"), parse_period("2026-11")]
AS_OF = datetime(2026, 11, 22)


def stated(columns: Columns, engine: str) -> str:
    return ", ".join(f'"{column.name}" {dialect_of(engine).type_of(column)}' for column in columns)


class PostgreSQL:
    name = "postgres"

    def ask(self, sql: str) -> list[list[str | None]]:
        """Runs SQL and answers rows of text."""
        settings = {"PGHOST": "127.0.0.1", "PGUSER": "postgres", "PGDATABASE": "postgres", "PGCONNECT_TIMEOUT": "2"} | os.environ
        done = subprocess.run(
            ["psql", "-w", "-X", "-q", "-A", "-t", "-F", "\t", "-P", "null=\\N", "-v", "ON_ERROR_STOP=1"],
            input=sql, capture_output=True, text=True, encoding="utf-8", env=settings, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [[None if cell == "\\N" else cell for cell in line.split("\t")] for line in done.stdout.splitlines()]

    def figures(self, statement: Statement, columns: Columns, rows: list[dict]) -> list[list[str | None]]:
        """The rows as a temporary table, and the compiled statement, prepared and executed with its parameters."""
        places = {name: number for number, name in enumerate(statement.parameters, 1)}
        sql = re.sub(r"%\((p\d+)\)s", lambda found: f"${places[found[1]]}", statement.sql)
        names = ", ".join(f'"{column.name}"' for column in columns)
        cells = ", ".join("(" + ", ".join(literal(row.get(column.name)) for column in columns) + ")" for row in rows)
        values = ", ".join(map(literal, statement.parameters.values()))
        filled = f"INSERT INTO facts ({names}) VALUES {cells};" if rows else ""
        made = f"CREATE TEMP TABLE facts ({stated(columns, 'postgres')}); {filled}"
        return self.ask(f"{made} PREPARE asked AS {sql}; EXECUTE asked({values});")


class ClickHouse:
    name = "clickhouse"

    def __init__(self) -> None:
        from chdb.session import Session

        self._session = Session()

    def ask(self, sql: str, parameters: dict[str, str] | None = None) -> list[list[str | None]]:
        done = str(self._session.query(sql, "JSONCompactEachRow", params=parameters or {}))
        return [[None if cell is None else str(cell) for cell in json.loads(line)] for line in done.splitlines() if line]

    def figures(self, statement: Statement, columns: Columns, rows: list[dict]) -> list[list[str | None]]:
        self._session.query("DROP TABLE IF EXISTS facts")
        self._session.query(f"CREATE TABLE facts ({stated(columns, 'clickhouse')}) ENGINE = Memory")
        if rows:
            lines = "\n".join(json.dumps(row, default=str) for row in rows)
            self._session.query(f"INSERT INTO facts FORMAT JSONEachRow {lines}")
        return self.ask(statement.sql, {name: str(value) for name, value in statement.parameters.items()})


@pytest.fixture(scope="module", params=["postgres", "clickhouse"])
def engine(request):
    required = request.param in os.environ.get("DESKWEAVE_REQUIRE", "").split(",")

    def absent(why: str) -> None:
        if required:
            pytest.fail(f"{request.param} is required here: {why}")
        pytest.skip(why)

    if request.param == "clickhouse":
        if importlib.util.find_spec("chdb") is None:
            absent("there is no chdb")
        return ClickHouse()
    if shutil.which("psql") is None:
        absent("there is no psql")
    try:
        PostgreSQL().ask("select 1")
    except RuntimeError as error:
        absent(str(error))
    return PostgreSQL()


def literal(value: object) -> str:
    """A value as PostgreSQL reads it; only for what this test makes itself."""
    if value is None:
        return "NULL"
    if isinstance(value, list):
        kind = "timestamp" if any(isinstance(one, datetime) for one in value) else "varchar"
        return f"ARRAY[{', '.join(map(literal, value))}]::{kind}[]" if value else "'{}'"  # of whatever it is a list
    if isinstance(value, bool | int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def answered(engine, plan: Plan, columns: Columns, rows: list[dict]) -> list[list[str | None]]:
    """What the engine answers, as text."""
    return engine.figures(compiled(plan, PERIODS, AS_OF, engine.name), columns, rows)


def expected(plan: Plan, columns: Columns, rows: list[dict]) -> list[list[object]]:
    """What DuckDB answers."""
    statement = compiled(plan, PERIODS, AS_OF)
    with FactTable.of_rows(columns, rows) as facts:
        return [list(row.values()) for row in facts.query(statement.sql, statement.parameters)]


def same(found: list[list[str | None]], duckdb: list[list[object]], keys: int = 1) -> bool:
    def ordered(rows):
        return sorted(rows, key=lambda row: [{"t": "True", "f": "False"}.get(str(cell), str(cell)) for cell in row[:keys]])

    def alike(one: str | None, other: object) -> bool:
        if one is None or other is None:
            return one is None and other is None
        if isinstance(other, bool):
            return one in ({"t", "True"} if other else {"f", "False"})
        if isinstance(other, int | float):
            return float(one) == pytest.approx(float(other), rel=1e-12)
        return one == str(other)

    mine, theirs = ordered(found), ordered(duckdb)
    return len(mine) == len(theirs) and all(len(a) == len(b) and all(map(alike, a, b)) for a, b in zip(mine, theirs, strict=True))


def random_rows(columns: Columns, practice, count: int, seed: int) -> list[dict]:
    """Rows with a value in about half their columns, choices from what each field may hold."""
    dice = random.Random(seed)
    fields = practice.fields if columns.grain == "inquiry" else practice.records[columns.grain]
    rows: list[dict] = []
    for number in range(count):
        day = dice.randrange(1, 62)
        moment = datetime(2026, 10, 1, 2) if day < 32 else datetime(2026, 11, 1, 2)
        moment = moment.replace(day=day if day < 32 else min(day - 31, 30))
        row: dict = {"inquiry": str(number)} if columns.grain == "inquiry" else {}
        for column in columns:
            if dice.random() < 0.4 or column.name.startswith("_") or column.name == "inquiry":
                continue
            field = fields.get(FieldId(column.of))
            choices = list(field.choices) if field else []
            if field is not None and field.type == "status":
                choices = list(practice.statuses.statuses)
            match column.kind:
                case Kind.BOOLEAN:
                    row[column.name] = dice.random() < 0.6
                case Kind.SECONDS | Kind.INTEGER:
                    row[column.name] = dice.choice((0, 24, 25, 26, 300, 301, 3600))
                case Kind.NUMBER:
                    row[column.name] = dice.choice((0.5, 1.0, 2.25))
                case Kind.SLUGS:
                    row[column.name] = dice.sample(choices, dice.randrange(len(choices) + 1))
                case Kind.TEXT:
                    row[column.name] = dice.choice(choices or ["", "information_quality", "it's"])
        for name in ("submitted_at", "contact_at", "answered_at"):
            if name in columns.all:
                row[name], row[f"{name}_day"] = moment, moment.date()
        if "open_turns" in columns.all and dice.random() < 0.9:  # ended and reopened, in and after these months
            row["open_turns"] = [
                moment + timedelta(days=n * dice.randrange(1, 20), microseconds=n) for n in range(dice.randrange(6))
            ]
            row["open_turns"].sort()
        if "rated_on" in columns.all and dice.random() < 0.7:
            row["rated_on"] = moment.date()
        rows.append(row)
    return rows


def leaves(planner: Planner, metric: Metric) -> list[Plan]:
    plan = planner.plan(metric)
    return [plan] if isinstance(plan, Plan) else list(plan.plans())


@pytest.mark.slow
@pytest.mark.practice("E12")
@pytest.mark.parametrize("slug", sorted(builtin().metrics))
def test_a_key_figure_is_the_same_on_every_engine(engine, slug):
    practice = builtin()
    planner = Planner(practice)
    for plan in leaves(planner, practice.metrics[slug]):
        columns = planner.columns(plan.grain)
        for count, seed in ((0, 1), (60, 3)):
            rows = random_rows(columns, practice, count, seed)
            assert same(answered(engine, plan, columns, rows), expected(plan, columns, rows)), (slug, count)


@pytest.mark.parametrize("how", ["every", "each"])
def test_criteria_with_every_operator_are_the_same_on_every_engine(engine, how):
    practice = builtin()
    planner = Planner(practice)
    where = {
        "slugs": {"tags": {"eq": "first_line_support"}},
        "no_slugs": {"tags": {"present": False}},
        "not_these": {"channel": {"not_in": ["phone", "email"]}},
        "moment": {"submitted_at": {"gte": "2026-11-01T00:00:00+08:00"}},
        "quick": {"first_response": {"lte": "PT5M"}},
        "missed": {"not": {"first_response": {"met": True}}},
        "said": {"any": [{"symptom": {"present": True}}, {"city": {"present": True}}]},
        "quoted": {"department": {"eq": "it's"}},
    }
    base = replace(practice.metrics["information_received"], where=None)
    metric = replace(
        base, criteria={slug: Criterion(slug=slug, label={}, where=tree) for slug, tree in where.items()}, value={"fulfilled": how}
    )
    (plan,) = leaves(planner, metric)
    columns = planner.columns()
    rows = random_rows(columns, practice, 80, 4)
    found = answered(engine, plan, columns, rows)
    assert same(found, expected(plan, columns, rows))
    assert len(found) == 2
    assert len(found[0]) == 6 + len(where)


@pytest.mark.parametrize("by", [(), ("channel", "returned")])
def test_a_backlog_is_the_same_on_every_engine(engine, by, monkeypatch):
    """At the end of a month, at the moment that is asked about, and of a month that has not begun."""
    practice = builtin()
    monkeypatch.setitem(globals(), "PERIODS", [*PERIODS, parse_period("2026-12")])
    base = replace(practice.metrics["inquiries_registered"], by=by)
    for value in ({"backlog": {}}, {"backlog": {"where": {"channel": {"ne": "phone"}}}}):
        (plan,) = leaves(Planner(practice), replace(base, value=value))
        columns = Columns(practice)
        rows = random_rows(columns, practice, 60, 6)
        found = answered(engine, plan, columns, rows)
        assert same(found, expected(plan, columns, rows), keys=1 + len(by))
        assert {row[0] for row in found} == {"0", "1"}
        assert sum(float(row[1 + len(by)] or 0) for row in found) > 20


@functools.cache
def timed(value: str, by: tuple[str, ...] = ()) -> Plan:
    """A figure of the time to resolve that no rule of the built-in practice asks for."""
    practice = builtin()
    base = replace(practice.metrics["mean_time_to_resolve"], where=None, value=json.loads(value))
    (plan,) = leaves(Planner(practice), replace(base, by=by))
    return plan


@pytest.mark.parametrize(
    "value",
    [
        {"percentile": {"of": "resolution", "p": 0.9}},
        {"percentile": {"of": "resolution", "p": 0.9, "method": "discrete"}},
        {"min": "resolution"},
        {"sum": "resolution"},
        {"ratio": {"of": {"sum": "waiting"}, "over": {"sum": "resolution"}}},
    ],
)
def test_every_form_of_value_is_the_same_on_every_engine(engine, value):
    """By channel and yes or no, with groups whose key is missing and groups without any value."""
    practice = builtin()
    plan = timed(json.dumps(value), ("channel", "returned"))
    columns = Columns(practice)
    rows = random_rows(columns, practice, 60, 5)
    found = answered(engine, plan, columns, rows)
    assert same(found, expected(plan, columns, rows), keys=3)
    assert any(row[1] is None for row in found)
    assert any(row[3] is None for row in found)


def test_several_rules_in_one_reading_are_the_same_on_every_engine(engine):
    practice = builtin()
    planner = Planner(practice)
    names = ("inquiries_registered", "first_response_on_time", "average_response_time", "misclassified_share")
    plans = [planner.plan(practice.metrics[name], ("channel",)) for name in names]
    plans.append(timed(json.dumps({"percentile": {"of": "resolution", "p": 0.9, "method": "discrete"}}), ("channel",)))
    columns = planner.columns()
    rows = random_rows(columns, practice, 60, 6)
    found = engine.figures(compiled_together(plans, PERIODS, AS_OF, engine.name), columns, rows)
    statement = compiled_together(plans, PERIODS, AS_OF)
    with FactTable.of_rows(columns, rows) as facts:
        theirs = [list(row.values()) for row in facts.query(statement.sql, statement.parameters)]
    assert same(found, theirs, keys=2)


def test_one_half_is_one_half_on_every_engine(engine):
    """Case 59: whole numbers are not divided as whole numbers."""
    practice = builtin()
    planner = Planner(practice)
    (plan,) = leaves(planner, practice.metrics["misclassified_share"])
    at = {"submitted_at": datetime(2026, 11, 20, 2), "submitted_at_day": date(2026, 11, 20)}
    rows = [at | {"inquiry": "1", "returned": True}, at | {"inquiry": "2"}]
    ((period, value, *_),) = answered(engine, plan, planner.columns(), rows)
    assert (period, float(value or 0)) == ("1", 0.5)


def test_a_sum_does_not_go_round_beyond_the_largest_whole_number(engine):
    plan, columns = timed('{"sum": "resolution"}'), Columns(builtin())
    at = {"submitted_at": datetime(2026, 11, 20, 2), "submitted_at_day": date(2026, 11, 20)}
    rows = [at | {"inquiry": str(n), "resolution_took": 2**63 - 1} for n in range(3)]
    ((_, value, *_),) = answered(engine, plan, columns, rows)
    assert float(value or 0) == pytest.approx(3 * 2.0**63)


#: 0.07 * 100 is 7.000000000000001 and 0.29 * 100 is 28.999999999999996: a place that is computed in floats is the next one
SHARES = (0.01, 0.07, 0.14, 0.29, 0.5, 0.55, 0.57, 0.58, 0.9, 0.95, 0.99, 0.999)
SIZES = (0, 1, 2, 3, 7, 10, 50, 100)


@pytest.mark.parametrize("method", ["interpolated", "discrete"])
def test_percentiles_of_one_to_n(engine, method):
    """Case 49: the 0.9 of 1..10 is 9.1 interpolated and 9 discrete, and no value has none. Places are counted in whole numbers."""
    columns = Columns(builtin())
    at = {"submitted_at": datetime(2026, 11, 20, 2), "submitted_at_day": date(2026, 11, 20)}
    rows = [at | {"inquiry": f"{n}-{k}", "channel": str(n), "resolution_took": k} for n in SIZES for k in range(1, n + 1)]
    rows.append(at | {"inquiry": "0-1", "channel": "0"})
    plans = [timed(json.dumps({"percentile": {"of": "resolution", "p": p, "method": method}}), ("channel",)) for p in SHARES]
    statement = compiled_together(plans, PERIODS, AS_OF)
    with FactTable.of_rows(columns, rows) as facts:
        duckdb = [list(row.values()) for row in facts.query(statement.sql, statement.parameters)]
    for found in (engine.figures(compiled_together(plans, PERIODS, AS_OF, engine.name), columns, rows), duckdb):
        for place, p in enumerate(SHARES):
            answers = {int(row[1]): row[2 + 5 * place] for row in found}
            assert answers.pop(0) is None
            if method == "discrete":
                wanted = {n: -(-round(p * 1000) * n // 1000) for n in SIZES if n}
            else:
                wanted = {n: 1 + p * (n - 1) for n in SIZES if n}
            assert {n: float(value) for n, value in answers.items()} == pytest.approx(wanted, rel=1e-12), p


@pytest.mark.parametrize("slug", ["inquiries_registered", "misclassified_share", "mean_time_to_resolve"])
def test_totals_are_the_same_on_every_engine(engine, slug):
    """Case 58: random rows whose dimensions are empty or 0 here and there, beside the totals over them."""
    practice = builtin()
    planner = Planner(practice)
    plan = planner.plan(practice.metrics[slug], ("channel", "department"), (("channel",), ("department",), ()))
    assert isinstance(plan, Plan)
    columns = planner.columns()
    rows = random_rows(columns, practice, 200, 5)
    dice = random.Random(6)
    for row in rows:
        row["channel"], row["department"] = dice.choice(("phone", "email", None)), dice.choice(("0", "", None))
    found = answered(engine, plan, columns, rows)
    assert len(found) == 2 * (3 * 3 + 3 + 3 + 1)
    assert same(found, expected(plan, columns, rows), keys=5)  # period, breakdown, and whether it is a total over it


def test_totals_in_one_reading_are_the_same_on_every_engine(engine):
    practice = builtin()
    planner = Planner(practice)
    names = ("inquiries_registered", "first_response_on_time")
    plans = [planner.plan(practice.metrics[name], ("channel", "returned"), (("channel",), ())) for name in names]
    columns = planner.columns()
    rows = random_rows(columns, practice, 60, 7)
    found = engine.figures(compiled_together(plans, PERIODS, AS_OF, engine.name), columns, rows)
    statement = compiled_together(plans, PERIODS, AS_OF)
    with FactTable.of_rows(columns, rows) as facts:
        theirs = [list(row.values()) for row in facts.query(statement.sql, statement.parameters)]
    assert same(found, theirs, keys=5)

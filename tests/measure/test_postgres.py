"""The same rules on PostgreSQL: what is compiled for it runs there and gives what DuckDB gives.

Needs `psql` and a server that lets it in without a password (PGHOST, PGPORT, PGUSER, PGDATABASE; default: 127.0.0.1, postgres). Rows
stand in a temporary table, so nothing is left behind.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date, datetime

import pytest

from deskweave.measure import FactTable, parse_period
from deskweave.measure.columns import Columns, Kind
from deskweave.measure.compiler import compiled
from deskweave.measure.plan import Plan
from deskweave.measure.planner import Planner
from deskweave.model import Criterion, FieldId, Metric
from deskweave.practice import builtin

PERIODS = [parse_period("2026-10"), parse_period("2026-11")]
AS_OF = datetime(2026, 11, 22)
_TYPES = {Kind.NUMBER: "double precision", Kind.SLUGS: "varchar[]", Kind.INSTANT: "timestamp"}


@pytest.fixture(scope="module")
def psql():
    """Runs SQL and answers rows of text."""
    settings = {"PGHOST": "127.0.0.1", "PGUSER": "postgres", "PGDATABASE": "postgres", "PGCONNECT_TIMEOUT": "2"} | os.environ

    def ask(sql: str) -> list[list[str | None]]:
        done = subprocess.run(
            ["psql", "-w", "-X", "-q", "-A", "-t", "-F", "\t", "-P", "null=\\N", "-v", "ON_ERROR_STOP=1"],
            input=sql, capture_output=True, text=True, encoding="utf-8", env=settings, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [[None if cell == "\\N" else cell for cell in line.split("\t")] for line in done.stdout.splitlines()]

    def absent(why: str) -> None:
        if "postgres" in os.environ.get("DESKWEAVE_REQUIRE", "").split(","):
            pytest.fail(f"postgres is required here: {why}")
        pytest.skip(why)

    if shutil.which("psql") is None:
        absent("there is no psql")
    try:
        ask("select 1")
    except RuntimeError as error:
        absent(str(error))
    return ask


def literal(value: object) -> str:
    """A value as PostgreSQL reads it; only for what this test makes itself."""
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return "ARRAY[" + ", ".join(map(literal, value)) + "]::varchar[]"
    if isinstance(value, bool | int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def asked(plan: Plan, columns: Columns, rows: list[dict]) -> str:
    """The rows as a temporary table, and the compiled statement, prepared and executed with its parameters."""
    statement = compiled(plan, PERIODS, AS_OF, engine="postgres")
    places = {name: number for number, name in enumerate(statement.parameters, 1)}
    sql = re.sub(r"%\((p\d+)\)s", lambda found: f"${places[found[1]]}", statement.sql)
    stated = ", ".join(f'"{column.name}" {_TYPES.get(column.kind, column.kind.value.strip())}' for column in columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    cells = ", ".join("(" + ", ".join(literal(row.get(column.name)) for column in columns) + ")" for row in rows)
    values = ", ".join(map(literal, statement.parameters.values()))
    filled = f"INSERT INTO facts ({names}) VALUES {cells};" if rows else ""
    return f"CREATE TEMP TABLE facts ({stated}); {filled} PREPARE asked AS {sql}; EXECUTE asked({values});"


def answered(plan: Plan, columns: Columns, rows: list[dict]) -> list[list[str | None]]:
    """What DuckDB answers, as text."""
    statement = compiled(plan, PERIODS, AS_OF)
    with FactTable.of_rows(columns, rows) as facts:
        return [list(row.values()) for row in facts.query(statement.sql, statement.parameters)]


def same(postgres: list[list[str | None]], duckdb: list[list[object]]) -> bool:
    def ordered(rows):
        return sorted(rows, key=lambda row: [str(cell) for cell in row[:1]])

    def alike(one: str | None, other: object) -> bool:
        if one is None or other is None:
            return one is None and other is None
        if isinstance(other, int | float):
            return float(one) == pytest.approx(float(other), rel=1e-12)
        return one == str(other)

    mine, theirs = ordered(postgres), ordered(duckdb)
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
def test_a_key_figure_is_the_same_on_both_engines(psql, slug):
    practice = builtin()
    planner = Planner(practice)
    for plan in leaves(planner, practice.metrics[slug]):
        columns = planner.columns(plan.grain)
        for count, seed in ((0, 1), (60, 3)):
            rows = random_rows(columns, practice, count, seed)
            assert same(psql(asked(plan, columns, rows)), answered(plan, columns, rows)), (slug, count)


@pytest.mark.parametrize("how", ["every", "each"])
def test_criteria_with_every_operator_are_the_same_on_both_engines(psql, how):
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
    found = psql(asked(plan, columns, rows))
    assert same(found, answered(plan, columns, rows))
    assert len(found) == 2
    assert len(found[0]) == 6 + len(where)


def test_one_half_is_one_half_on_both_engines(psql):
    """Case 59: whole numbers are not divided as whole numbers."""
    practice = builtin()
    planner = Planner(practice)
    (plan,) = leaves(planner, practice.metrics["misclassified_share"])
    at = {"submitted_at": datetime(2026, 11, 20, 2), "submitted_at_day": date(2026, 11, 20)}
    rows = [at | {"inquiry": "1", "returned": True}, at | {"inquiry": "2"}]
    ((period, value, *_),) = psql(asked(plan, planner.columns(), rows))
    assert (period, float(value or 0)) == ("1", 0.5)

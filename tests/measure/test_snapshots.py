"""What the rules become in SQL, word for word, one file per engine under snapshots/.

SQLGlot may write another statement after an upgrade, and an edit of the compiler may change more than was meant: here it is seen. Where
the change is wanted: `DESKWEAVE_SNAPSHOTS=write pytest tests/measure/test_snapshots.py`, and read the difference before committing it.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from deskweave.errors import DocumentError
from deskweave.findings.rules import RULES
from deskweave.measure import parse_period
from deskweave.measure.columns import Columns
from deskweave.measure.compiler import Statement, compiled, compiled_together
from deskweave.measure.dialect import ENGINES, dialect_of
from deskweave.measure.plan import Plan
from deskweave.measure.planner import Planner
from deskweave.model import FieldId, Metric
from deskweave.practice import builtin

HERE = Path(__file__).parent / "snapshots"
PERIODS = [parse_period("2026-10"), parse_period("2026-11")]
AS_OF = datetime(2026, 11, 22)


def rule(name, value, where=None, by=()):
    return Metric(id=name, label={}, factor=None, judges=None, satisfies=(), period_by=FieldId("submitted_at"), every="month", by=by,
                  where=where, value=value, unit="second", target=None)  # fmt: skip


#: what no rule of the built-in practice asks for
MORE = [
    rule("percentile_interpolated", {"percentile": {"of": "resolution", "p": 0.9}}, by=("service_item",)),
    rule("percentile_discrete", {"percentile": {"of": "resolution", "p": 0.9, "method": "discrete"}}),
    rule("smallest", {"min": "resolution"}),
    rule("open_at_the_end", {"backlog": {"where": {"channel": {"ne": "phone"}}}}, by=("service_item",)),
    rule("share_of_sums", {"ratio": {"of": {"sum": "waiting"}, "over": {"sum": "resolution"}}}),
    rule(
        "every_operator",
        {"count": {}},
        where={
            "all": [
                {"tags": {"in": ["first_line_support"]}},
                {"any": [{"tags": {"present": True}}, {"channel": {"ne": "phone"}}]},
                {"not": {"submitted_at": {"gte": "2026-11-01T00:00:00+08:00"}}},
                {"returned": {"eq": False}},
                {"resolution": {"lte": "PT4H"}},
            ]
        },
    ),
]


def told(name: str, statement: Statement) -> str:
    values = "".join(f"-- {place} = {value!r}\n" for place, value in statement.parameters.items())
    return f"-- {name}\n{statement.sql};\n{values}"


def everything(engine: str) -> str:
    practice = builtin()
    planner = Planner(practice)
    said: list[str] = []
    for metric in [*practice.metrics.values(), *MORE]:
        plan = planner.plan(metric)
        if isinstance(plan, Plan):
            said.append(told(metric.id, compiled(plan, PERIODS, AS_OF, engine, pretty=True)))
        else:
            said.append(f"-- {metric.id}: made of {', '.join(part.metric.id for part in plan.parts)}\n")
    several = [planner.plan(practice.metrics[name], ("channel",)) for name in ("inquiries_registered", "first_response_on_time")]
    said.append(told("two in one reading, by channel", compiled_together(several, PERIODS, AS_OF, engine, pretty=True)))
    totals = planner.plan(practice.metrics["first_response_on_time"], ("service_item", "channel"), (("service_item",), ()))
    assert isinstance(totals, Plan)
    said.append(told("sub-totals by item, and the total", compiled(totals, PERIODS, AS_OF, engine, pretty=True)))
    return "\n".join(said)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_sql_of_every_key_figure(engine):
    file = HERE / f"{engine}.sql"
    now = everything(engine)
    if os.environ.get("DESKWEAVE_SNAPSHOTS") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(now, "utf-8", newline="\n")
    assert now == file.read_text("utf-8"), f"{file.name} says otherwise: see the beginning of this file"


@pytest.mark.parametrize(
    ("engine", "rule", "word"),
    [
        ("trino", "engine-inexact", "APPROX_PERCENTILE"),
        ("spark", "engine-untested", "no test"),  # SQLGlot would write it
        ("snowflake", "engine-untested", "no test"),
        ("bigquery", "engine-untested", "no test"),
        ("SQLite", "engine-inexact", "percentile"),
        ("duckdb; DROP TABLE facts", "engine-unknown", "no such engine"),
    ],
)
def test_what_is_no_engine_is_refused_with_the_reason(engine, rule, word):
    with pytest.raises(DocumentError) as caught:
        dialect_of(engine)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.allowed) == (rule, ENGINES)
    assert word in finding.message
    assert "kpi --csv=raw" in finding.remedy
    assert finding.rule in RULES


def test_every_column_has_a_type_on_every_engine():
    columns = Columns(builtin())
    for engine in ENGINES:
        stated = {column.kind: dialect_of(engine).type_of(column) for column in columns}
        assert all(stated.values())
    assert {dialect_of("duckdb").type_of(column) for column in columns} == set(columns.types.values())

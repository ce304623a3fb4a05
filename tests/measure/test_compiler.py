"""The compiled condition says exactly what the one evaluator says, and no text of a rule becomes SQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.measure import FactTable, parse_period, run
from deskweave.measure.columns import Columns
from deskweave.measure.compiler import compiled
from deskweave.measure.planner import Planner
from deskweave.model import FieldId, Metric
from deskweave.model.predicate import holds

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = {"submitted_at": datetime(2024, 3, 4), "submitted_at_day": "2024-03-04"}
CHANNELS = ["feishu", "phone", "email"]
TAGS = ["first_line", "second_line"]


def counting(where, by=()):
    return Metric(id="m", label={}, factor=None, judges=None, satisfies=(), period_by=FieldId("submitted_at"), every="month", by=by,
                  where=where, value={"count": {}}, unit="count", target=None)  # fmt: skip


def comparisons():
    ordered = st.sampled_from(["lt", "lte", "gt", "gte", "eq", "ne"])
    several = st.sampled_from(["in", "not_in"])
    one = st.sampled_from(["eq", "ne"])
    seconds = st.integers(0, 4)
    presence = st.booleans().map(lambda want: {"present": want})

    def field(name, tests):
        return tests.map(lambda test: {name: test})

    def made(operators, values):
        return st.builds(lambda operator, want: {operator: want}, operators, values)

    return st.one_of(
        field("channel", made(one, st.sampled_from(CHANNELS)) | made(several, st.lists(st.sampled_from(CHANNELS), min_size=1)) | presence),
        field("tags", made(one, st.sampled_from(TAGS)) | made(several, st.lists(st.sampled_from(TAGS), min_size=1)) | presence),
        field("returned", made(one, st.booleans()) | st.booleans().map(lambda want: {"met": want}) | presence),
        field("effort", made(ordered, st.integers(0, 3) | st.sampled_from([0.5, 1.5])) | presence),
        field("ring_time", made(ordered, seconds) | made(several, st.lists(seconds, min_size=1)) | presence),
        field("city", made(one, st.sampled_from(["", "上海", "'; drop table facts; --"])) | presence),
        field("submitted_at", made(st.sampled_from(["lt", "gte"]), st.sampled_from(["2024-03-04T00:00:00+00:00", "2024-03-04T08:00:01+08:00"]))),
    )  # fmt: skip


predicates = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "channel": st.sampled_from(CHANNELS),
        "tags": st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
        "returned": st.booleans(),
        "effort": st.sampled_from([0.0, 0.5, 1.0, 1.5, 3.0]),
        "ring_time": st.integers(0, 4),
        "city": st.sampled_from(["", "上海", "'; drop table facts; --"]),
    },
)


@settings(max_examples=60)
@given(where=predicates, values=st.lists(documents, min_size=1, max_size=4))
def test_sql_says_what_the_evaluator_says(new_practice, where, values):
    practice = new_practice()
    at = DAY["submitted_at"].replace(tzinfo=UTC)
    rows = [
        DAY | {"inquiry": str(n)} | {k: list(v) if isinstance(v, tuple) else v for k, v in one.items()}
        for n, one in enumerate(values)
    ]
    with FactTable.of_rows(Columns(practice), rows) as table:
        (result,) = run(practice, table, [parse_period("2024-03")], NOW, metrics=[counting(where)])
    assert result.value == sum(holds(where, one | {"submitted_at": at}) for one in values)


HOSTILE = ["'; DROP TABLE facts; --", '"; DROP TABLE facts; --', "$p0", "%(p0)s", "\\'", "a\x00b", "*/", "{{x}}"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_no_text_of_a_rule_becomes_sql(practice, text, dialect):
    plan = Planner(practice).plan(counting({"any": [{"city": {"eq": text}}, {"city": {"in": [text, "x"]}}]}, by=("city",)))
    statement = compiled(plan, [parse_period("2024-03")], engine=dialect)
    assert text not in statement.sql or text in ("$p0", "%(p0)s")  # the names of our own parameters
    assert list(statement.parameters.values()).count(text) == 1  # bound, once for both tests


@pytest.mark.parametrize("text", HOSTILE[:5])
def test_hostile_values_are_values(practice, text):
    with FactTable.of_rows(Columns(practice), [DAY | {"inquiry": "1", "city": text}, DAY | {"inquiry": "2"}]) as table:
        (result,) = run(practice, table, [parse_period("2024-03")], NOW, metrics=[counting({"city": {"eq": text}})])
        assert result.value == 1
        assert [one.by for one in run(practice, table, [parse_period("2024-03")], NOW, metrics=[counting(None, by=("city",))])] == [
            {"city": text},
            {"city": None},
        ]


def test_the_table_reads_no_other_file(practice, tmp_path):
    import duckdb

    (tmp_path / "secret.csv").write_text("a\n1\n", "utf-8")
    with FactTable.of_rows(Columns(practice), []) as table:
        with pytest.raises(duckdb.PermissionException):
            table.query(f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")
        with pytest.raises(duckdb.Error):
            table.query("INSTALL httpfs")
        with pytest.raises(duckdb.Error):
            table.query("SET enable_external_access = true")


def test_both_dialects(practice):
    """The statement for each engine, word for word: what SQLGlot makes of a plan must not change unseen."""
    plan = Planner(practice).plan(practice.metrics["first_response_on_time"])
    met = 'COUNT(*) FILTER(WHERE (("f"."first_response_met") IS TRUE))'
    here = 'COUNT(*) FILTER(WHERE (NOT "f"."first_response_took" IS NULL))'
    for dialect, mark, double in (("duckdb", "$p{}", "DOUBLE"), ("postgres", "%(p{})s", "DOUBLE PRECISION")):
        of = met.format(mark.format(2))
        statement = compiled(plan, [parse_period("2024-03")], engine=dialect)
        assert statement.sql == (
            f'SELECT period.n AS "period", CAST({of} AS {double}) / NULLIF(CAST({here} AS {double}), 0) AS "_value", {of} AS "_numerator", '
            f'{here} AS "_denominator", {here} AS "_counted", COUNT(*) AS "_rows" FROM facts AS f JOIN (VALUES (0, CAST({mark.format(0)} AS DATE), '
            f'CAST({mark.format(1)} AS DATE))) AS period(n, since, until) ON "f"."submitted_at_day" >= period.since AND "f"."submitted_at_day" < period.until '
            "GROUP BY period.n"
        )

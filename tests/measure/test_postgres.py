"""Facts as a table in PostgreSQL: the same figures as from the local facts, kept up to date, and nobody else's table touched.

Needs `pip install 'deskweave[postgres]'` and a server that lets `psycopg` in: PGHOST, PGUSER, PGDATABASE; default: 127.0.0.1, postgres.
Every test has a schema of its own, which it drops.
"""

from __future__ import annotations

import os
import random
import secrets
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from deskweave.measure import EventLog, Facts, parse_period, run
from deskweave.measure.columns import Columns
from deskweave.measure.postgres import PostgresError, PostgresFacts, schema_of
from deskweave.practice import builtin

pytestmark = pytest.mark.slow  # each copies the facts of the whole built-in practice
ADDRESS = "postgresql://{}@{}/{}".format(
    os.environ.get("PGUSER", "postgres"), os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGDATABASE", "postgres")
)
AT = datetime(2026, 11, 2, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
PERIODS = [parse_period("2026-10"), parse_period("2026-11")]
#: text that COPY, arrays and SQL each read something into
ODD = ["tab\there", "line\nbreak\r", "back\\slash", '"quoted"', "it's", "\\N", "", "上海 🙂", "{a,b}", "nul\0here"]


@pytest.fixture(scope="session")
def psycopg():
    def absent(why: str) -> None:
        if "postgres" in os.environ.get("DESKWEAVE_REQUIRE", "").split(","):
            pytest.fail(f"postgres is required here: {why}")
        pytest.skip(why)

    try:
        import psycopg
    except ImportError:
        absent("there is no psycopg")
    try:
        psycopg.connect(ADDRESS, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        absent(str(error))
    return psycopg


@pytest.fixture
def database(psycopg):
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        yield connection


@pytest.fixture
def schema(database):
    name = f"deskweave_test_{secrets.token_hex(4)}"
    yield name
    database.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


def desk(log, inquiries: int = 60, seed: int = 5):
    """Inquiries of a desk in October and November: answered, waiting, closed, some of them reopened, some open still."""
    dice = random.Random(seed)
    for number in range(inquiries):
        at = AT + timedelta(days=dice.randrange(-20, 12), minutes=dice.randrange(0, 500))
        moments = [at + timedelta(minutes=dice.randrange(1, 40) * step) for step in range(1, 9)]
        path = ["awaiting_acceptance", "in_progress", "waiting_on_user", "in_progress", "resolved", "closed"][
            : dice.randrange(1, 7)
        ]
        if dice.random() < 0.3 and path[-1] == "closed":
            path += ["in_progress", "closed"]  # reopened
        values = {
            "channel": dice.choice(["feishu", "phone", "email", "self_service"]),
            "department": dice.choice(ODD),
            "returned": dice.random() < 0.1,
            "tags": tuple(dice.sample(["first_line_support", "second_line_support", 'a "b" \\', "NULL"], dice.randrange(3))),
        }
        log.inquiry(f"I{number:03}", at, *zip(sorted(moments), path, strict=False), **values)
    return log


@pytest.fixture
def facts(log, tmp_path):
    desk(log)
    return Facts(builtin(), tmp_path / "facts")


def copied(facts: Facts, schema: str, origin: str = "store-1", **more):
    with facts.open() as table, PostgresFacts.connect(ADDRESS, table.columns, schema) as there:
        return there.refresh(table, origin, **more)


def figures(facts: Facts, schema: str, periods=PERIODS, **how):
    """What both engines say."""
    practice = facts.practice
    with facts.open() as table:
        there = PostgresFacts.connect(ADDRESS, table.columns, schema)
        with there.open(table.position) as asked:
            yield run(practice, table, periods, NOW, **how)
            yield run(practice, asked, periods, NOW, **how)


def alike(one, other) -> bool:
    def plain(result):
        numbers = (result.value, result.numerator, result.denominator, *result.parts.values())
        return [result.metric, result.period, result.by, result.counted, result.beside, result.met, result.reason, result.stamp,
                [None if value is None else pytest.approx(float(value), rel=1e-12) for value in numbers]]  # fmt: skip

    return [plain(result) for result in one] == [plain(result) for result in other]


def rows(database, schema: str) -> dict[str, tuple]:
    return {row[0]: row for row in database.execute(f'SELECT * FROM "{schema}".facts ORDER BY inquiry').fetchall()}


@pytest.mark.practice("E12")
@pytest.mark.parametrize("by", [None, (), ("channel",), ("department", "returned")])
def test_every_figure_is_the_same_in_postgresql(facts, log, schema, by):
    facts.refresh(EventLog(log.events))
    assert copied(facts, schema).whole
    here, there = figures(facts, schema, by=by)
    assert len(here) > 20
    assert any(result.value for result in here)
    assert alike(
        [result for result in here if "nul\0here" not in result.by.values()],
        [r for r in there if "nul\ufffdhere" not in r.by.values()],
    )
    assert len(here) == len(there)


def test_values_come_over_as_they_are(facts, log, schema, database):
    """Tabs, quotes, backslashes and what looks like NULL; NUL alone cannot be held and stands as U+FFFD."""
    facts.refresh(EventLog(log.events))
    copied(facts, schema)
    with facts.open() as table:
        names = [name for name in table.columns.all]
        mine = {row["inquiry"]: row for row in table.query("SELECT * FROM facts")}
    for inquiry, row in rows(database, schema).items():
        theirs = dict(
            zip([c[0] for c in database.execute(f'SELECT * FROM "{schema}".facts LIMIT 0').description], row, strict=True)
        )
        for name in names:
            value = mine[inquiry][name]
            assert theirs[name] == (value.replace("\0", "\ufffd") if isinstance(value, str) else value), (inquiry, name)
    assert {row["department"] for row in mine.values()} >= set(ODD)


def test_only_what_changed_is_copied_again(facts, log, schema, database):
    source = EventLog(log.events)
    facts.refresh(source)
    assert (copied(facts, schema).rows, copied(facts, schema).rows) == (60, 0)
    before = rows(database, schema)
    source.append([log.add("I007", "status", "in_progress", NOW - timedelta(days=1)), log.add("NEW", "submitted_at", NOW, NOW)])
    facts.refresh(source)
    done = copied(facts, schema)
    assert (done.whole, done.rows, done.position) == (False, 2, len(log.events))
    after = rows(database, schema)
    assert {name for name in after if after[name] != before.get(name)} == {"I007", "NEW"}
    here, there = figures(facts, schema)
    assert alike(here, there)
    assert here[0].stamp.position == there[0].stamp.position == len(log.events)


def test_what_was_made_anew_or_taken_out_is_copied_whole(facts, log, schema, database):
    source = EventLog(log.events)
    facts.refresh(source)
    copied(facts, schema)
    facts.compact()
    assert not copied(facts, schema).whole  # files are others, rows are not
    facts.rebuild(source)
    assert copied(facts, schema).whole
    facts.forget(["I003"], after=0)
    assert copied(facts, schema).whole
    assert len(rows(database, schema)) == 59


def test_other_columns_leave_views_and_rights_as_they_are(facts, log, schema, database, tmp_path):
    from dataclasses import replace

    facts.refresh(EventLog(log.events))
    copied(facts, schema)
    database.execute(f'CREATE VIEW "{schema}".mine AS SELECT inquiry, channel FROM "{schema}".facts')
    practice = builtin()
    fewer = replace(practice, fields={name: field for name, field in practice.fields.items() if name != "asset"})
    smaller = Facts(fewer, tmp_path / "facts")
    assert smaller.refresh(EventLog(log.events)).rebuilt
    assert copied(smaller, schema).whole
    assert database.execute(f'SELECT count(*) FROM "{schema}".mine').fetchone() == (60,)
    here, there = figures(smaller, schema)
    assert alike(here, there)
    database.execute(f'CREATE VIEW "{schema}".other AS SELECT inquiry, department FROM "{schema}".facts')
    least = replace(fewer, fields={name: field for name, field in fewer.fields.items() if name != "department"})
    least_facts = Facts(least, tmp_path / "facts")
    least_facts.refresh(EventLog(log.events))
    with pytest.raises(PostgresError, match=r"view .*other") as caught:
        copied(least_facts, schema)
    assert caught.value.trouble == "in-use"
    assert len(rows(database, schema)) == 60  # nothing was done by halves


def test_what_somebody_else_made_is_left_alone(facts, log, schema, database):
    facts.refresh(EventLog(log.events))
    database.execute(f'CREATE SCHEMA "{schema}"')
    database.execute(f'CREATE TABLE "{schema}".facts (mine text)')
    with pytest.raises(PostgresError) as caught:
        copied(facts, schema)
    assert caught.value.trouble == "not-ours"
    database.execute(f'DROP TABLE "{schema}".facts')
    copied(facts, schema)
    with pytest.raises(PostgresError) as caught:
        copied(facts, schema, origin="store-2")
    assert (caught.value.trouble, caught.value.values["theirs"]) == ("other-store", "store-1")


def test_columns_say_what_they_are(facts, log, schema, database):
    facts.refresh(EventLog(log.events))
    copied(facts, schema, comments={"": "One row per inquiry", "channel": "Channel / 渠道", "gone": "no such column"})
    said = dict(
        database.execute(
            "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
            [f'"{schema}".facts'],
        ).fetchall()
    )
    assert said["channel"] == "Channel / 渠道"
    assert database.execute("SELECT obj_description(%s::regclass)", [f'"{schema}".facts']).fetchone() == ("One row per inquiry",)


def test_facts_of_another_moment_stand_in_front_of_the_kept_ones(facts, log, schema, database, tmp_path):
    source = EventLog(log.events)
    facts.refresh(source)
    copied(facts, schema)
    then = Facts(facts.practice, tmp_path / "then")
    then.refresh(EventLog(log.events[: len(log.events) // 2]))
    with then.open() as table:
        there = PostgresFacts.connect(ADDRESS, table.columns, schema)
        there.beside(table)
        with there.open(table.position) as asked:
            assert alike(run(then.practice, table, PERIODS, NOW), run(then.practice, asked, PERIODS, NOW))
    assert len(rows(database, schema)) == 60


def test_a_reader_sees_one_state(facts, log, schema):
    """All figures of a page are of the same rows, whatever is refreshed meanwhile."""
    source = EventLog(log.events)
    facts.refresh(source)
    copied(facts, schema)
    with facts.open() as table:
        position, columns = table.position, table.columns
    with PostgresFacts.connect(ADDRESS, columns, schema).open(position) as asked:
        assert asked.query("SELECT count(*) AS n FROM facts") == [{"n": 60}]
        source.append([log.add("NEW", "submitted_at", NOW, NOW)])
        facts.refresh(source)
        facts.rebuild(source)
        assert copied(facts, schema).rows == 61
        assert asked.query("SELECT count(*) AS n FROM facts") == [{"n": 60}]


@pytest.mark.parametrize(
    ("address", "trouble"),
    [
        ("postgresql://nobody:s3cret@127.0.0.1:9/none", "unreachable"),
        ("postgresql//desk:s3cret@host/db", "no-address"),
        ("postgresql://desk:s3cret@127.0.0.1:port/db", "unreachable"),
    ],
)
def test_a_database_that_cannot_be_reached_says_so_without_the_password(psycopg, address, trouble):
    with pytest.raises(PostgresError) as caught:
        PostgresFacts.connect(address, Columns(builtin()), "x")
    assert caught.value.trouble == trouble
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in "".join(caught.value.values.values())


def test_a_client_and_its_environments_have_schemas_of_their_own():
    names = [
        schema_of("acme", "dev"),
        schema_of("acme", "prod"),
        schema_of("a" * 70, "dev"),
        schema_of("a" * 70, "prod"),
        schema_of("b", "x"),
    ]
    assert names[0] == "deskweave_acme_dev"
    assert len(set(names)) == len(names)
    assert all(len(name.encode()) <= 63 for name in names)
    assert all(one != other for one, other in pairwise(sorted(names)))

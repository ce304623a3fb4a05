"""Where figures are computed: `kpi --engine`, and the rules as SQL for elsewhere, `kpi --sql`."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from deskweave.emulation import TurnedTime

NOVEMBER = ("--period", "2026-11")
MONDAY = datetime(2026, 11, 16, 2, tzinfo=UTC)  # 10:00 in Shanghai


@pytest.fixture
def database(desk: Any, tmp_path: Path) -> Iterator[Any]:
    """A database for facts, named in the folder, and signed in to; what this test makes there is dropped."""
    required = "postgres" in os.environ.get("DESKWEAVE_REQUIRE", "").split(",")
    psycopg = __import__("psycopg") if required else pytest.importorskip("psycopg")
    user, host = os.environ.get("PGUSER", "postgres"), os.environ.get("PGHOST", "127.0.0.1")
    address = f"postgresql://{user}@{host}/{os.environ.get('PGDATABASE', 'postgres')}"
    try:
        connection = psycopg.connect(address, connect_timeout=2, autocommit=True)
    except psycopg.OperationalError as error:
        if required:
            raise
        pytest.skip(str(error))
    name = f"acme_{secrets.token_hex(4)}"
    file = tmp_path / "deskweave.yaml"
    file.write_text(file.read_text("utf-8").replace("id: acme\n", f"id: {name}\nfacts: ${{FACTS}}\n"), "utf-8")
    (tmp_path / ".env.dev").write_text(f"FACTS={address}\n", "utf-8")
    with connection:
        yield connection
        connection.execute(f"DROP SCHEMA IF EXISTS deskweave_{name}_dev CASCADE")


def items(answer: Any) -> list[dict[str, Any]]:
    """The figures, but for the moment they were asked at; floats to twelve digits."""
    assert answer.code == 0, answer.all
    found: list[dict[str, Any]] = json.loads(answer.out)["items"]
    return [
        {name: float(f"{value:.12g}") if isinstance(value, float) else value for name, value in one.items() if name != "as_of"}
        for one in found
    ]


@pytest.mark.slow  # the figures of the whole practice, five times on two engines
def test_figures_are_the_same_in_postgresql(cli: Any, desk: Any, database: Any, clock: TurnedTime) -> None:
    clock.set(datetime(2026, 12, 5, tzinfo=UTC))
    desk.inquiry("late", 2)  # of November, and nobody had told us
    for more in ((), ("--by", "channel"), ("--as-of", "2026-12-03")):
        assert items(cli("kpi", *NOVEMBER, *more, "--engine", "postgres", "--json")) == items(
            cli("kpi", *NOVEMBER, *more, "--json")
        )
    desk.say("three", ("status", "in_progress", MONDAY + timedelta(days=3)))  # reopened
    now = items(cli("kpi", *NOVEMBER, "--engine", "postgres", "--json"))
    assert now == items(cli("kpi", *NOVEMBER, "--json"))
    (schema,) = database.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'deskweave_acme_%'").fetchone()
    assert database.execute(f"SELECT count(*) FROM {schema}.facts").fetchone() == (7,)
    said = database.execute(
        "SELECT col_description(%s::regclass, attnum) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'first_response_took'",
        [f"{schema}.facts"] * 2,
    ).fetchone()
    assert "First response" in said[0]
    page = cli("kpi", *NOVEMBER, "--engine", "postgres")
    assert page.out == cli("kpi", *NOVEMBER).out


def test_a_password_in_the_file_is_refused(cli: Any, desk: Any, tmp_path: Path) -> None:
    file = tmp_path / "deskweave.yaml"
    text = file.read_text("utf-8")
    for address in ("postgresql://desk:s3cret@host/kpi", "postgresql://host/kpi?password=s3cret"):
        file.write_text(text.replace("id: acme\n", f"id: acme\nfacts: {address}\n"), "utf-8")
        answer = cli("kpi", *NOVEMBER, "--engine", "postgres")
        assert answer.code == 2
        assert "deskweave.yaml:5" in answer.err
        assert "s3cret" not in answer.all
    for address in ("postgresql://desk:${PW}@host/kpi", "postgresql://desk@host/kpi", "postgresql://desk:${file:/run/pw}@host/kpi"):
        file.write_text(text.replace("id: acme\n", f"id: acme\nfacts: {address}\n"), "utf-8")
        assert cli("practice", "lint").code == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_database_that_is_not_there_is_told(cli: Any, desk: Any, tmp_path: Path, language: str) -> None:
    answer = cli("--lang", language, "kpi", *NOVEMBER, "--engine", "postgres")
    assert answer.code == 2
    assert "SQLite" in answer.err
    assert "facts: postgresql://" in answer.err.replace("\n", " ")
    answer = cli("--lang", language, "kpi", *NOVEMBER, "--engine", "postgres", "--json")
    assert json.loads(answer.out)["findings"][0]["rule"] == "facts-database"
    pytest.importorskip("psycopg")
    file = tmp_path / "deskweave.yaml"
    file.write_text(
        file.read_text("utf-8").replace("id: acme\n", "id: acme\nfacts: postgresql://desk:${PW}@127.0.0.1:9/kpi\n"), "utf-8"
    )
    assert "PW" in cli("--lang", language, "kpi", *NOVEMBER, "--engine", "postgres").err  # leads nowhere yet
    (tmp_path / ".env.dev").write_text("PW=s3cret\n", "utf-8")
    answer = cli("--lang", language, "kpi", *NOVEMBER, "--engine", "postgres")
    assert answer.code == 1
    assert "127.0.0.1" in answer.err
    assert "s3cret" not in answer.all
    answer = cli("--lang", language, "kpi", *NOVEMBER, "--engine", "postgres", "--json")
    assert json.loads(answer.out)["findings"][0]["rule"] == "postgres-unreachable"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--engine", "clickhouse"], "deskweave kpi --sql clickhouse"),
        (["--engine", "oracle"], "duckdb, postgres, clickhouse"),
        (["--sql", "trino"], "trino"),
        (["--sql", "duckdb; --"], "duckdb, postgres, clickhouse"),
        (["explain", "first_response_on_time", "--engine", "postgres"], "explain"),
        (["quality", "--sql", "duckdb"], "quality"),
        (["restate", "--engine", "postgres"], "restate"),
    ],
)
def test_what_is_no_engine_is_told(cli: Any, desk: Any, words: list[str], told: str, language: str) -> None:
    answer = cli("--lang", language, "kpi", *words, *NOVEMBER)
    assert answer.code == 2
    assert told in " ".join(answer.err.split())
    answer.all.encode("gbk")


def test_the_sql_of_a_rule_gives_its_figure_from_exported_facts(cli: Any, desk: Any, tmp_path: Path) -> None:
    assert cli("export", "facts", "-o", "facts.parquet").code == 0
    names = ["first_response_on_time", "mean_time_to_resolve", "inquiries_registered"]
    wanted = {
        one["metric"]: one for one in json.loads(cli("kpi", *names, *NOVEMBER, "--json").out)["items"] if one["period"] == "2026-11"
    }
    answer = cli("kpi", *names, *NOVEMBER, "--sql", "duckdb", "--json")
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW facts AS FROM read_parquet('{tmp_path / 'facts.parquet'}')")
    for one in json.loads(answer.out)["items"]:
        found = connection.execute(one["sql"], one["parameters"]).fetchall()
        assert found[0][1] == pytest.approx(wanted[one["metric"]]["value"])
        types = dict(connection.execute("SELECT column_name, data_type FROM information_schema.columns").fetchall())
        assert {name: types[name] for name in one["columns"]} == one["columns"]


def test_the_sql_of_a_breakdown_has_its_totals(cli: Any, desk: Any, tmp_path: Path) -> None:
    assert cli("export", "facts", "-o", "facts.parquet").code == 0
    asked = ("kpi", "first_response_on_time", *NOVEMBER, "--by", "channel", "--by", "returned")
    wanted = [(one["by"], one["over"], one["value"]) for one in json.loads(cli(*asked, "--json").out)["items"]]
    (statement,) = json.loads(cli(*asked, "--sql", "duckdb", "--json").out)["items"]
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW facts AS FROM read_parquet('{tmp_path / 'facts.parquet'}')")
    found = []
    for _, channel, returned, over_channel, over_returned, value, *_ in connection.execute(
        statement["sql"], statement["parameters"]
    ).fetchall():
        over = [name for name, total in (("channel", over_channel), ("returned", over_returned)) if total]
        found.append(({k: v for k, v in (("channel", channel), ("returned", returned)) if k not in over}, over, value))
    assert sorted(found, key=str) == sorted(wanted, key=str)
    assert len(found) == 5


def test_the_sql_needs_no_store_and_can_be_pasted(cli: Any, tmp_path: Path) -> None:
    """Everything but the statement is a remark of one line, whatever the practice calls things."""
    assert cli("init", "--id", "acme", "--lang", "en", "--connection", "desk:feishu").code == 0
    (tmp_path / "practice" / "metrics.yaml").write_text(
        'apiVersion: deskweave/v1\nkind: Metric\nid: mine\nlabel: {en: "Mine\\nDROP TABLE facts;", zh: 我的}\n'
        'period: {by: submitted_at, every: month}\nunit: count\nvalue: {count: {where: {department: {eq: "it\'s\\n; DROP TABLE facts; --"}}}}\n',
        "utf-8",
    )
    for engine in ("duckdb", "postgres", "clickhouse"):
        answer = cli("kpi", "mine", "desk_index", "--sql", engine, *NOVEMBER)
        assert answer.code == 0, answer.all
        assert not any(line.startswith("DROP") or line.startswith(";") for line in answer.out.splitlines())
        assert "a part of Desk index" in answer.out
        assert "user: only with deskweave export facts --personal" in answer.out
    assert not (tmp_path / ".deskweave" / "dev" / "state.db").exists()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_its_driver_postgresql_says_what_to_install(
    cli: Any, desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    file = tmp_path / "deskweave.yaml"
    file.write_text(file.read_text("utf-8").replace("id: acme\n", "id: acme\nfacts: postgresql://127.0.0.1/kpi\n"), "utf-8")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    answer = cli("--lang", language, "kpi", *NOVEMBER, "--engine", "postgres")
    assert answer.code == 2
    assert 'pip install "deskweave[postgres]"' in " ".join(answer.err.split())
    assert cli("--lang", language, "kpi", *NOVEMBER).code == 0

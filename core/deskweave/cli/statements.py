"""`deskweave kpi --sql ENGINE`: the rules as SQL, for who asks them of exported facts in a database of their own."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import totals_of
from deskweave.cli.session import Session

if TYPE_CHECKING:
    from deskweave.measure import Period
    from deskweave.measure.columns import Columns
    from deskweave.measure.compiler import Statement
    from deskweave.measure.dialect import Dialect

_COLUMN = re.compile(r'"f"\."([^"]+)"')


def statements(
    session: Session, engine: str, periods: list[Period], metrics: list[str] | None, by: list[str], then: datetime | None
) -> Exit:
    """One statement a rule, with what is bound to it and the columns it reads. Neither store nor database is opened.

    Raises:
        DocumentError: a rule cannot be understood, or rules are not compiled for this engine.
    """
    from deskweave.measure.compiler import compiled
    from deskweave.measure.dialect import dialect_of
    from deskweave.measure.mining import Codes, fact_columns
    from deskweave.measure.naming import Names
    from deskweave.measure.plan import Plan
    from deskweave.measure.planner import Planner

    space, say = session.workspace(), session.say
    practice, dialect = space.practice, dialect_of(engine)
    planner, names = Planner(practice), Names(practice, say.language)
    as_of = (then or space.now()).astimezone(UTC).replace(tzinfo=None)
    wanted = metrics or [one.id for one in practice.metrics.values() if planner.divides(one, by)]
    exported = {column.name for column in fact_columns(practice, Codes("", plain=False))}
    found: list[dict[str, Any]] = []
    shown: list[str] = []
    for name in wanted:
        # as `kpi` breaks it down, or the breakdown that it states itself, with its totals
        asked = planner.plan(practice.metrics[name], tuple(by) or None, totals_of(by) if by else None)
        plans = [asked] if isinstance(asked, Plan) else list(asked.plans())
        for plan in plans:
            made = compiled(plan, periods, as_of, dialect.name, pretty=True)
            columns = planner.columns(plan.grain)
            part = name if plan.metric != name else ""
            heads = [f"{names.metric(plan.metric)} ({plan.metric})"]
            heads += [say("kpi-sql-part", metric=names.metric(part))] if part else []
            read = _read(made, columns)
            if plan.grain != "inquiry":
                rows = names.of(plan.grain).rows()
                written = plan.grain in ("contact", "response")
                heads.append(say("kpi-sql-of", what=rows, grain=plan.grain) if written else say("kpi-sql-rows", what=rows))
            elif kept_back := [one for one in read if one not in exported]:
                heads.append(say("kpi-sql-personal", columns=", ".join(kept_back)))
            shown.append(_told(heads, made, columns, dialect))
            found.append(
                {
                    "metric": plan.metric,
                    "part_of": part or None,
                    "grain": plan.grain,
                    "engine": dialect.name,
                    "sql": made.sql,
                    "parameters": {one: _plain(value) for one, value in made.parameters.items()},
                    "columns": {one: dialect.type_of(columns[one]) for one in read},
                }
            )

    def text() -> None:
        opening = [
            say("kpi-sql-head", engine=dialect.title, periods=", ".join(f"{n} = {one.id}" for n, one in enumerate(periods))),
            say("kpi-sql-facts"),
            say(f"kpi-sql-bound-{dialect.name}"),
        ]
        session.screen.raw("\n\n".join(["\n".join(map(_remark, opening)), *shown]) + "\n")

    return session.finish(
        Report(
            command="kpi",
            text=text,
            summary={"engine": dialect.name, "periods": [one.id for one in periods], "as_of": then},
            items=found,
        )
    )


def _told(heads: list[str], made: Statement, columns: Columns, dialect: Dialect) -> str:
    lines = [_remark(head) for head in heads]
    lines += [_remark(f"facts.{one} {dialect.type_of(columns[one])}") for one in _read(made, columns)]
    lines += [_remark(f"{name} = {_value(value)}") for name, value in made.parameters.items()]
    return "\n".join([*lines, made.sql + ";"])


def _remark(text: str) -> str:
    """One line of remark, whatever a label holds: what stood on a second line would be run."""
    return "-- " + " ".join(text.split())


def _value(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: object) -> bool | int | float | str:
    """A date or a moment as every engine reads it."""
    return value if isinstance(value, bool | int | float | str) else str(value)


def _read(made: Statement, columns: Columns) -> list[str]:
    """The columns a statement reads, in their order. Values are bound, so that what looks like a column is one."""
    named = set(_COLUMN.findall(made.sql))
    return [name for name in columns.all if name in named]

"""`deskweave export`: facts and events for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import period_of
from deskweave.cli.session import Session, session_of

if TYPE_CHECKING:
    from deskweave.measure import Period
    from deskweave.measure.mining import Codes, Flow, Loop, Trace
    from deskweave.model import Grain
    from deskweave.workspace import Workspace

GRAINS = ("inquiry", "contact", "response")
#: what can be exported -> the formats it has
WHAT = {
    "facts": ("csv", "csv-raw", "parquet"),
    "events": ("csv", "csv-raw", "parquet"),
    "ocel": ("json",),
    "dfg": ("text", "csv", "csv-raw", "json"),
    "variants": ("text", "csv", "csv-raw", "json"),
}
_FEW = 10  #: edges and paths on the terminal


def export(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(help="export-arg-what", metavar="WHAT")],
    period: Annotated[str | None, typer.Option("--period", help="export-opt-period", metavar="2026-11")] = None,
    grain: Annotated[str, typer.Option("--grain", help="export-opt-grain", metavar="GRAIN")] = "inquiry",
    personal: Annotated[bool, typer.Option("--personal", help="export-opt-personal")] = False,
) -> int:
    session = session_of(ctx)
    say, screen = session.say, session.screen
    if what not in WHAT:
        screen.warn(say("export-what", what=what))
        return Exit.INPUT
    if grain not in GRAINS:
        screen.warn(say("option-value", option="--grain", value=grain, allowed=", ".join(GRAINS)))
        return Exit.INPUT
    if grain != "inquiry" and what != "facts":
        screen.warn(say("export-grain", what=what))
        return Exit.INPUT
    format = _format(session, what)
    if format not in WHAT[what]:
        screen.warn(say("export-form", what=what, format=format, allowed=", ".join(WHAT[what])))
        return Exit.INPUT
    if format == "parquet" and session.options.output is None:
        screen.warn(say("export-needs-file", what=what))
        return Exit.INPUT
    space = session.workspace()
    wanted = None
    if period is not None:
        wanted = period_of(session, period)
        if wanted is None:
            return Exit.INPUT
    if not space.has_store:
        screen.warn(say("home-no-store"))
        screen.warn("  " + session.onward("deskweave sync"))
        screen.warn("  " + session.onward("deskweave import-log FILE"))
        return Exit.INPUT
    from deskweave.measure.mining import Codes

    codes = Codes(space.store.install.id, plain=personal)
    match what:
        case "facts":
            return _facts(session, space, codes, wanted, format, cast("Grain", grain))
        case "events":
            return _events(session, space, codes, wanted, format)
        case "ocel":
            return _ocel(session, space, codes, wanted)
    return _flow(session, space, codes, wanted, format, what)


def _format(session: Session, what: str) -> str:
    """As `--format` says, else as the file's name ends, else what this is mostly wanted in."""
    stated = session.options.format
    if stated != "text":
        return stated
    ending = session.options.output.suffix.lower() if session.options.output is not None else ""
    if ending in (".parquet", ".csv", ".json"):
        return ending[1:]
    return WHAT[what][0]


def _traces(space: Workspace, codes: Codes, period: Period | None) -> Iterable[Trace]:
    from deskweave.measure.mining import traces
    from deskweave.workspace.events import StoreEvents

    return traces(space.practice, StoreEvents(space.store), codes, period)


# --------------------------------------------------------------------------------------------------------------------- tables
def _facts(session: Session, space: Workspace, codes: Codes, period: Period | None, format: str, grain: Grain) -> int:
    from deskweave.measure.mining import fact_columns, fact_rows
    from deskweave.measure.mining.tables import types_of
    from deskweave.measure.naming import Names
    from deskweave.workspace.measuring import fact_table

    if grain != "inquiry" and grain not in space.practice.records:
        session.screen.warn(session.say("export-no-record", grain=grain))
        return Exit.INPUT
    columns = fact_columns(space.practice, codes, grain)
    with fact_table(space) as facts:
        table = facts if grain == "inquiry" else facts.others.get(grain)
        rows = fact_rows(space.practice, table, codes, period) if table is not None else iter(())
        names = Names(space.practice, session.say.language, grain=grain)
        labels = {column.name: names.column(column) or column.name for column in columns}
        return _table(session, space, "facts", types_of(columns), labels, rows, format, codes, grain)


def _events(session: Session, space: Workspace, codes: Codes, period: Period | None, format: str) -> int:
    from deskweave.measure.mining import event_columns, event_rows
    from deskweave.measure.naming import Names

    say, names = session.say, Names(space.practice, session.say.language)
    columns = event_columns(space.practice)
    labels = dict(
        zip(
            columns,
            (say("export-column-case"), say("export-column-status"), say("export-column-at"), say("export-column-agent"),
             say("export-column-group"), *(names.field(name[5:]) for name in list(columns)[5:])),
            strict=True,
        )
    )  # fmt: skip
    rows = event_rows(space.practice, _traces(space, codes, period))
    return _table(session, space, "events", columns, labels, rows, format, codes)


def _table(
    session: Session,
    space: Workspace,
    what: str,
    columns: Mapping[str, str],
    labels: Mapping[str, str],
    rows: Iterable[Mapping[str, Any]],
    format: str,
    codes: Codes,
    grain: Grain = "inquiry",
) -> int:
    if format == "parquet":
        from deskweave.measure.mining import write_parquet

        output = session.options.output
        assert output is not None  # asked for above
        count = write_parquet(output, columns, rows)
        session.screen.note(session.say("export-done", what=what, n=count, file=str(output)))
    else:
        people = format == "csv"
        shown = _shown(space, session.say.language, grain)
        _put(session, list(labels.values()) if people else list(columns), (
            [shown(name, row.get(name)) if people else _raw(row.get(name)) for name in columns] for row in rows
        ), people)  # fmt: skip
    if not codes.plain:
        session.screen.note(session.say("export-personal-out"), hang=4)
    return Exit.DONE


def _put(session: Session, heads: list[str], rows: Iterable[list[object]], people: bool) -> None:
    from deskweave.measure.export import BOM, disarmed

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([disarmed(head) for head in heads])
    writer.writerows([disarmed(cell) for cell in row] for row in rows)
    session.put_csv((BOM if people else "") + out.getvalue())


def _shown(space: Workspace, language: str, grain: Grain = "inquiry") -> Callable[[str, object], object]:
    """Values as people read them; moments in the practice's zone."""
    from zoneinfo import ZoneInfo

    from deskweave.measure.naming import Names

    names, zone = Names(space.practice, language, grain=grain), ZoneInfo(space.practice.zone)

    def show(name: str, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, datetime):
            at = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(value, list):
            return ", ".join(str(show(name, one)) for one in value)
        field = "status" if name == "concept:name" else name.removeprefix("case:")
        return names.value(field, value) if isinstance(value, str | bool) else value

    return show


def _raw(value: object) -> object:
    if isinstance(value, datetime):
        at = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps([_raw(one) for one in value], ensure_ascii=False) if isinstance(value, list) else value


# ----------------------------------------------------------------------------------------------------------------------- ocel
def _ocel(session: Session, space: Workspace, codes: Codes, period: Period | None) -> int:
    from deskweave.measure.mining import ocel

    made = ocel(space.practice, _traces(space, codes, period))
    text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    output = session.options.output
    if output is None:
        session.screen.raw(text)
        return Exit.DONE
    output.write_text(text, encoding="utf-8", newline="\n")
    counts = {"events": f"{len(made['events']):,}", "objects": f"{len(made['objects']):,}"}
    session.screen.note(session.say("export-ocel-done", file=str(output), **counts))
    if not codes.plain:
        session.screen.note(session.say("export-personal-out"), hang=4)
    return Exit.DONE


# ----------------------------------------------------------------------------------------------------------------------- flow
def _flow(session: Session, space: Workspace, codes: Codes, period: Period | None, format: str, what: str) -> int:
    from deskweave.measure.figures import duration
    from deskweave.measure.mining import flow
    from deskweave.measure.naming import Names

    say, screen = session.say, session.screen
    found = flow(space.practice, _traces(space, codes, period))
    names = Names(space.practice, say.language)

    def status(slug: str) -> str:
        return names.value("status", slug)

    if format in ("csv", "csv-raw"):
        people = format == "csv"
        said = status if people else str
        if what == "dfg":
            heads = [say(f"export-column-{one}") for one in ("from", "to", "count", "median")]
            rows: list[list[object]] = [[said(one.source), said(one.target), one.count, one.median] for one in found.edges]
            raw = ["source", "target", "count", "median_seconds"]
        else:
            heads = [say("export-column-path"), say("export-column-count")]
            rows = [[" > ".join(map(said, one.path)), one.count] for one in found.variants]
            raw = ["path", "count"]
        _put(session, heads if people else raw, rows, people)
        return Exit.DONE

    def text() -> None:
        session.heading(period.label(say.language) if period is not None else "")
        counts = {"inquiries": found.inquiries, "events": found.changes, "variants": len(found.variants)}
        screen.say(say("export-flow-head", **{name: f"{count:,}" for name, count in counts.items()}))
        screen.say()
        if what == "dfg":
            screen.say(say("export-flow-edges"))
            screen.table(
                [
                    [f"{one.count:,}", duration(one.median, say.language), f"{status(one.source)} > {status(one.target)}"]
                    for one in found.edges[:_FEW]
                ],
                align="rr",
                indent=2,
            )
        else:
            screen.say(say("export-flow-variants"))
            paths = [[f"{one.count:,}", " > ".join(map(status, one.path))] for one in found.variants[:_FEW]]
            screen.table(paths, align="r", indent=2)
        more = len(found.edges if what == "dfg" else found.variants) - _FEW
        if more > 0:
            screen.say("  " + say("and-more", count=more))
        screen.say()
        for line in _loops(session, found):
            screen.say(line, hang=2)
        session.next(f"deskweave export {what} -o {what}.csv", "deskweave export events -o events.parquet")

    summary = {
        "inquiries": found.inquiries,
        "changes": found.changes,
        "variants": len(found.variants),
        "ping_pong": _counted(found.ping_pong),
        "reopened": _counted(found.reopened),
        "rejected": _counted(found.rejected),
    }
    edges = [{"source": one.source, "target": one.target, "count": one.count, "median_seconds": one.median} for one in found.edges]
    variants = [{"path": list(one.path), "count": one.count} for one in found.variants]
    if format == "json":
        session.options.format = "json"
    return session.finish(Report(command="export", text=text, summary=summary, items=edges if what == "dfg" else variants))


def _counted(loop: Loop | None) -> dict[str, int] | None:
    return None if loop is None else {"times": loop.times, "inquiries": loop.inquiries}


def _loops(session: Session, found: Flow) -> list[str]:
    say = session.say
    pong = found.ping_pong
    first = (
        say("export-flow-no-groups")
        if pong is None
        else say("export-flow-pong", n=pong.times, inquiries=f"{pong.inquiries:,}")
    )  # fmt: skip
    return [
        first,
        say("export-flow-reopened", n=found.reopened.times, inquiries=f"{found.reopened.inquiries:,}"),
        say("export-flow-rejected", n=found.rejected.times, inquiries=f"{found.rejected.inquiries:,}"),
    ]

"""`deskweave sync [--plan]`: one run, told per connection; what it would do, record by record; what stopped it and why."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit, worst
from deskweave.cli.session import Session, session_of, show_held
from deskweave.cli.show import find
from deskweave.cli.stops import stop_lines
from deskweave.cli.trouble import failure_findings, show_failures, show_findings
from deskweave.cli.width import cut

if TYPE_CHECKING:
    from deskweave.sync import PlannedRecord, Progress, SyncPlan, SyncReport
    from deskweave.workspace import Failure, Workspace

PATIENCE = timedelta(minutes=10)  #: how long one call waits for quotas and retries before it leaves the rest to the next run
QUOTA = timedelta(seconds=10)  #: a platform that lets us come back so soon is waited for
RETRY = timedelta(minutes=1)
IDLE = 10  #: runs in a row that brought nothing
LISTED = 20


def sync(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(help="sync-arg-key", metavar="KEY")] = None,
    plan: Annotated[bool, typer.Option("--plan", "--dry-run", help="sync-opt-plan")] = False,
    connection: Annotated[list[str] | None, typer.Option("--connection", help="opt-connection", metavar="NAME")] = None,
    field: Annotated[str | None, typer.Option("--field", help="sync-opt-field", metavar="FIELD")] = None,
    max_changes: Annotated[str | None, typer.Option("--max-changes", help="sync-opt-max-changes", metavar="N|N%")] = None,
    max_notices: Annotated[int | None, typer.Option("--max-notices", help="sync-opt-max-notices", metavar="N")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="opt-exit-code")] = False,
) -> int:
    session = session_of(ctx)
    most: float | int | None = None
    if max_changes is not None:
        match = re.fullmatch(r"(\d+)|(\d+(?:\.\d+)?)\s*%", max_changes)
        if match is None or float(match[2] or 0) > 100:
            session.screen.warn(session.say("option-value", option="--max-changes", value=max_changes, allowed="80, 0% .. 100%"))
            return Exit.INPUT
        most = int(match[1]) if match[1] else float(match[2]) / 100
    if not plan and (key is not None or field is not None):
        session.screen.warn(session.say("sync-only-plan"))
        return Exit.INPUT
    space = session.workspace(must_choose=not plan)
    if field is not None and field not in space.practice.fields:
        close = get_close_matches(field, space.practice.fields, n=3)
        session.screen.warn(session.say("no-such-field", field=field))
        if close:
            session.screen.warn("  " + session.say("did-you-mean", word=", ".join(close)))
        return Exit.INPUT
    if not space.folder.connections:
        session.screen.warn(session.say("no-connections"))
        session.screen.warn("  deskweave plugins")
        return Exit.INPUT
    if not space.binding_documents:
        session.screen.warn(session.say("no-bindings"))
        session.screen.warn("  " + session.onward("deskweave practice lint"))
        return Exit.INPUT
    for name, entry in space.folder.connections.items():
        session.life(f"{session.say('sync-read')}  {name}  {entry.address}")
    how: dict[str, Any] = {
        "only": connection,
        "max_changes": most,
        "max_notices": max_notices,
        "progress": progress_of(session),
    }
    if plan:
        found, failures = space.sync_plan(whole=key is None and field is None, **how)
        if key is not None:
            row = find(session, key)
            if row is None:
                return Exit.INPUT
            found = replace(found, records=[one for one in found.records if one.inquiry == row.id])
        if field is not None:
            found = replace(found, records=[part for one in found.records if (part := _only(one, field)) is not None])
        return session.finish(_plan_report(session, space, found, failures, exit_code, all_fields=key is not None))
    engine, names, failures = space.engine(**how)
    begun = space.now()
    report = total = engine.run(names)
    idle = 0
    while space.now() - begun < PATIENCE and idle < IDLE:
        moment = _soon(report, space.now())
        if moment is None:
            break
        session.screen.note(session.say("sync-waiting", seconds=max(1, round((moment - space.now()).total_seconds()))))
        session.wait(moment)
        report = engine.run(names)
        idle = 0 if report.written or report.inquiries_touched else idle + 1
        total = _added(total, report)
    return session.finish(_run_report(session, space, total, failures, space.give_way()))


def _only(record: PlannedRecord, field: str) -> PlannedRecord | None:
    """What is planned for one field of a record; None: nothing."""
    fields = tuple(one for one in record.fields if one.field == field)
    return replace(record, fields=fields, cross_reference=None) if fields else None


def _soon(report: SyncReport, now: datetime) -> datetime | None:
    """When going on is worth it within this call: a quota that fills up in seconds, a retry within a minute."""
    moments = [
        part.paused_until
        for part in report.connections.values()
        if part.paused_until is not None and part.paused_until - now < QUOTA
    ]
    if report.waiting and report.waiting_until is not None and report.waiting_until - now <= RETRY:
        moments.append(report.waiting_until)
    return min(moments, default=None)


def progress_of(session: Session) -> Any:
    """A line every ten seconds of work, and before every long wait, on stderr: anything that takes long shows life."""
    last: dict[str, float] = {}

    def told(step: Progress) -> None:
        if step.until is not None:
            if step.until - session.now() >= QUOTA:
                session.screen.note(session.say("sync-limit", name=step.connection, moment=session.moment(step.until)))
            return
        now = time.monotonic()
        key = f"{step.connection}/{step.step}"
        if now - last.setdefault(key, now) < 10:
            return
        last[key] = now
        of = f"{step.done:,} / {step.total:,}" if step.total else f"{step.done:,}"
        session.screen.note(f"{session.say('sync-' + step.step):6} {step.connection:12} {of}")

    return told


def _added(first: SyncReport, more: SyncReport) -> SyncReport:
    """Two runs of one call as one report."""
    for name, part in more.connections.items():
        have = first.connections.setdefault(name, part)
        if have is part:
            continue
        for key in ("seen", "changed", "imported", "adopted", "created", "updated", "deleted", "messages_read"):
            setattr(have, key, getattr(have, key) + getattr(part, key))
        for key in ("messages_public", "messages_internal", "calls"):
            setattr(have, key, getattr(have, key) + getattr(part, key))
        have.paused, have.paused_until = part.paused, part.paused_until
    first.inquiries_touched += more.inquiries_touched
    first.values_merged += more.values_merged
    first.rounds += more.rounds
    first.inquiries_total = more.inquiries_total
    first.strangers += more.strangers
    first.waiting, first.waiting_until = more.waiting, more.waiting_until
    first.conflicts += more.conflicts
    first.parked += more.parked
    first.gone += more.gone
    first.deliveries += more.deliveries
    first.joined += more.joined
    first.unknown_values |= more.unknown_values
    first.findings += [finding for finding in more.findings if finding not in first.findings]
    return first


def _codes(space: Workspace, report: SyncReport, failures: list[Failure]) -> list[Exit]:
    codes = [Exit.DONE]
    if report.failed:
        codes.append(Exit.FAILED)
    if report.needs_person:
        codes.append(Exit.PERSON)
    if space.read_only_routes():
        codes.append(Exit.STOPPED)
    return codes


def _run_report(
    session: Session, space: Workspace, report: SyncReport, failures: list[Failure], gave_way: Mapping[str, int]
) -> Report:
    say, screen = session.say, session.screen
    blocked = space.read_only_routes()
    code = worst([*_codes(space, report, failures), _failure_code(failures)])

    def text() -> None:
        session.heading(say("sync-head", inquiries=f"{report.inquiries_total:,}", platforms=len(space.folder.connections)))
        _parts(session, report)
        show_failures(session, failures)
        _attention(session, report)
        for log, count in gave_way.items():
            screen.say(say("sync-gave-way", log=log, n=count), hang=4)
        if report.waiting and report.waiting_until is not None:
            screen.say(say("sync-still-waiting", count=report.waiting, until=session.moment(report.waiting_until)))
        for entry in blocked:
            where = f"{entry.access_place.source}:{entry.access_place.line}"
            screen.say(say("stopped", text=say("stop-read-only", connection=entry.name, where=where)), hang=2)
        first = report.conflicts[0] if report.conflicts else None
        if first is not None:
            session.next(f"deskweave explain INQ-{first.number} {first.field}")
        elif report.parked:
            session.next("deskweave parked")
        elif report.deliveries:
            session.next("deskweave store inbox")
        elif not blocked and not failures and not report.failed:
            screen.say(say("sync-in-step", at=session.moment(space.now()), written=report.written))
            session.next("deskweave status")
        else:
            session.next("deskweave check")

    return Report(
        command="sync",
        text=text,
        summary={
            "inquiries": report.inquiries_total,
            "touched": report.inquiries_touched,
            "values_merged": report.values_merged,
            "written": report.written,
            "waiting": report.waiting,
            "waiting_until": report.waiting_until,
            "read_only": [entry.name for entry in blocked],
            "gave_way": dict(gave_way),
            "conflicts": [asdict(one) for one in report.conflicts],
            "parked": [asdict(one) for one in report.parked],
            "gone": [asdict(one) for one in report.gone],
            "deliveries": [asdict(one) for one in report.deliveries],
            "joined": [asdict(one) for one in report.joined],
        },
        items=[{"connection": name, **asdict(part)} for name, part in report.connections.items()],
        findings=[*report.findings, *failure_findings(failures)],
        exit=code,
    )


def _failure_code(failures: list[Failure]) -> Exit:
    from deskweave.cli.trouble import judged

    return worst([Exit.DONE, *(judged(failure.error)[0] for failure in failures)])


def _parts(session: Session, report: SyncReport) -> None:
    say, screen = session.say, session.screen
    rows = []
    for name, part in report.connections.items():
        if part.held_by is not None:
            continue
        rows.append([say("sync-read"), name, say("sync-seen", n=part.seen), say("sync-changed", n=part.changed),
                     say("sync-calls", n=part.calls)])  # fmt: skip
    screen.table(rows, align="llrrr")
    screen.say(
        f"{say('sync-merge')}  " + say("sync-merged", inquiries=report.inquiries_touched, values=report.values_merged),
        hang=6,
    )
    rows = []
    for name, part in report.connections.items():
        carried = part.messages_public + part.messages_internal
        if part.created or part.updated or carried:
            rows.append([say("sync-write"), name, say("sync-new", n=part.created), say("sync-changed", n=part.updated),
                         say("sync-carried", n=carried, public=part.messages_public, internal=part.messages_internal)])  # fmt: skip
        if part.adopted:
            rows.append(["", name, say("sync-adopted", n=part.adopted)])
        if part.deleted:
            rows.append([say("sync-write"), name, say("sync-deleted", n=part.deleted)])
    screen.table(rows, align="llrrl")
    for name, part in report.connections.items():
        if part.paused is not None:
            until = say("until", moment=session.moment(part.paused_until)) if part.paused_until else say("until-person")
            screen.say(f"{name}  {say('failed')}  {part.paused} ({until})", hang=4)
        show_held(session, name, part)


def _attention(session: Session, report: SyncReport) -> None:
    """What waits for a person."""
    say, screen = session.say, session.screen
    if report.conflicts:
        screen.say()
        screen.say(say("sync-conflicts", n=len(report.conflicts)))
        for note in report.conflicts[:LISTED]:
            screen.say(f"  C-{note.id}  INQ-{note.number}  {note.field}  {note.connection}")
            stands = note.theirs if note.winner == "theirs" else note.ours
            other = note.ours if note.winner == "theirs" else note.theirs
            screen.say("    " + say("conflict-stands", stands=shown(stands), other=shown(other)), hang=4)
    if report.parked:
        screen.say()
        screen.say(say("sync-parked", n=len(report.parked)))
        for parked in report.parked[:LISTED]:
            number = f"INQ-{parked.number}" if parked.number else ""
            screen.say(f"  {parked.connection}  {parked.label or ''}  {number}  {parked.reason}", hang=4)
    if report.joined:
        screen.say()
        screen.say(say("sync-joined", n=len(report.joined)))
        for join in report.joined[:LISTED]:
            names = [join.label or "", f"INQ-{join.number}", *([] if join.other is None else [f"INQ-{join.other}"])]
            screen.say(f"  {join.connection}  {' = '.join(names)}  {', '.join(join.fields)}".rstrip(), hang=4)
        if len(report.joined) > LISTED:
            screen.say("  " + say("and-more", count=len(report.joined) - LISTED))
    if report.gone:
        screen.say()
        screen.say(say("sync-gone", n=len(report.gone)))
        for gone in report.gone[:LISTED]:
            screen.say(f"  {gone.connection}  {gone.label or ''}  {f'INQ-{gone.number}' if gone.number else ''}", hang=4)
    if report.deliveries:
        screen.say()
        screen.say(say("sync-deliveries", n=len(report.deliveries)))
        for delivery in report.deliveries[:LISTED]:
            screen.say(f"  {delivery.connection}  {delivery.id}  {delivery.reason}", hang=4)
    if report.unknown_values:
        screen.say()
        screen.say(say("sync-unknown", n=len(report.unknown_values)))
        for key, raw in list(report.unknown_values.items())[:LISTED]:
            screen.say(f"  {key}  {shown(raw)}", hang=4)
    if report.findings:
        screen.say()
        show_findings(session, report.findings)


def shown(value: object) -> str:
    """A value on one line, at most forty columns."""
    if value is None or value == "":
        return "-"
    if isinstance(value, (list, tuple)):
        return cut(", ".join(str(one) for one in value), 40)
    return cut(" ".join(str(value).split()), 40)


# ------------------------------------------------------------------------------------------------------------------- plan
def _plan_report(
    session: Session, space: Workspace, plan: SyncPlan, failures: list[Failure], exit_code: bool, *, all_fields: bool = False
) -> Report:
    say, screen = session.say, session.screen
    counts: Counter[tuple[str, str]] = Counter((record.connection, record.verb) for record in plan.records)
    notices = sum(record.notifies for record in plan.records)
    people = len({record.person for record in plan.records if record.notifies})
    blocked = space.read_only_routes()
    codes = [_failure_code(failures), Exit.FAILED if plan.report.failed else Exit.DONE]
    if plan.records and exit_code:
        codes.append(Exit.DIFFERENT)
    if plan.stop:
        codes.append(Exit.STOPPED)
    verbs = {"create": "+", "update": "~", "delete": "-", "say": "+", "note": "+"}

    def text() -> None:
        session.heading(say("sync-plan-head"))
        rows = [
            [name, *(say(f"sync-verb-{verb}", n=counts[name, verb]) for verb in verbs)]
            for name in plan.report.connections
            if any(counts[name, verb] for verb in verbs)
        ]
        screen.table(rows, align="lrrrrr")
        for record in plan.records[:LISTED]:
            label = record.label or say("not-there-yet")
            screen.say(
                f"  {verbs[record.verb]} {record.connection}/{record.collection}  INQ-{record.number}  {label}  "
                + say(f"verb-{record.verb}"),
                hang=6,
            )
            for part in record.fields if all_fields else record.fields[:6]:
                if record.verb == "update" or all_fields:
                    screen.say(f"      {part.field}: {shown(part.there)} > {shown(part.wanted)}", hang=8)
        if len(plan.records) > LISTED:
            screen.say("  " + say("and-more", count=len(plan.records) - LISTED))
        if notices:
            screen.say(say("sync-notices", n=notices, people=people))
        show_failures(session, failures)
        for name, connection in plan.report.connections.items():
            show_held(session, name, connection)
        _attention(session, plan.report)
        if plan.stop:
            first, *rest = stop_lines(session, plan.stops)
            screen.say(say("stopped", text=first), hang=2)
            for line in rest:
                screen.say(f"  {line}" if not line.startswith("  ") else line, hang=6)
        for entry in blocked:
            where = f"{entry.access_place.source}:{entry.access_place.line}"
            screen.say(say("stop-read-only", connection=entry.name, where=where), hang=2)
        screen.say(say("sync-plan-none") if not plan.records else say("nothing-changed"))
        session.next("deskweave sync")

    return Report(
        command="sync --plan",
        text=text,
        summary={
            "records": len(plan.records),
            "notices": notices,
            "people": people,
            "stop": plan.stop,
            "stops": [asdict(one) for one in plan.stops],
            "joined": [asdict(one) for one in plan.report.joined],
            "held": [name for name, part in plan.report.connections.items() if part.held_by is not None],
            "read_only": [entry.name for entry in blocked],
            "counts": {f"{name}/{verb}": n for (name, verb), n in counts.items()},
        },
        items=[asdict(record) for record in plan.records],
        findings=[*plan.report.findings, *failure_findings(failures)],
        exit=worst(codes),
        columns=[
            (key, say(f"column-{key}")) for key in ("connection", "collection", "verb", "number", "label", "fields", "waits_until")
        ],
    )

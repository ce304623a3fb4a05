"""`deskweave plan`: what `apply` would do, element by element, with file and line; nothing is changed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit, worst
from deskweave.cli.session import Session, session_of, somebody
from deskweave.cli.sync import shown
from deskweave.cli.trouble import failure_findings, judged, show_failures, show_findings

if TYPE_CHECKING:
    from deskweave.configure import Plan, Step
    from deskweave.workspace import Failure

LISTED = 60  #: elements shown one by one


def plan(
    ctx: typer.Context,
    only: Annotated[list[str] | None, typer.Option("--only", help="plan-opt-only", metavar="PATH")] = None,
    connection: Annotated[list[str] | None, typer.Option("--connection", help="opt-connection", metavar="NAME")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="opt-exit-code")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    from deskweave.workspace.configuring import narrowed, require_known

    if not space.folder.connections:
        session.screen.warn(session.say("no-connections"))
        return Exit.INPUT
    for name, entry in space.folder.connections.items():
        session.life(f"{session.say('sync-read')}  {name}  {entry.address}")
    made, failures = space.plan(connection)
    require_known(space, only or (), made.steps)
    made = narrowed(made, only or (), connection or ())
    saved = None
    if session.options.output is not None and session.options.format == "text":
        from deskweave.configure import write_plan

        made = replace(made, made_at=space.now(), made_by=somebody())
        write_plan(session.options.output, made)
        saved = str(session.options.output)
    return session.finish(report_of(session, made, failures, exit_code=exit_code, saved=saved))


def report_of(
    session: Session, made: Plan, failures: Sequence[Failure], *, exit_code: bool = False, saved: str | None = None
) -> Report:
    """A plan as a report."""
    from deskweave.configure import Mark, step_json

    say, screen = session.say, session.screen
    counts = made.counts()
    codes = [Exit.DONE, *(judged(failure.error)[0] for failure in failures)]
    if any(part.failed is not None for part in made.connections):
        codes.append(Exit.FAILED)
    if counts["both"] or counts["blocked"]:
        codes.append(Exit.PERSON)
    if made.writing and exit_code:
        codes.append(Exit.DIFFERENT)

    def text() -> None:
        session.heading(say("plan-head", version=session.workspace().practice.version))
        rows = [
            [
                say("sync-read"),
                part.connection,
                part.identity.address if part.identity is not None else "-",
                say("plan-elements", n=part.read),
            ]
            for part in made.connections
        ]
        screen.table(rows, align="lllr", grow=2)
        for part in made.connections:
            if part.failed is not None:
                screen.say(f"{part.connection}  {say('failed')}  {part.failed}", hang=4)
        show_failures(session, failures)
        steps = [step for step in made.steps if step.mark is not Mark.BY_HAND]
        _steps(session, steps)
        screen.say()
        broken = bool(failures) or any(part.failed is not None for part in made.connections)
        if made.writing or broken or not made.connections:
            screen.say(say("plan-sum", add=counts["add"], change=counts["change"] + counts["rename"], remove=counts["remove"]))
        else:
            screen.say(say("apply-nothing"))
        person = [say(f"plan-sum-{mark}", n=counts[mark]) for mark in ("blocked", "both", "by_hand") if counts[mark]]
        if person:
            screen.say(say("plan-sum-person", parts=say("joint").join(person)))
        hand = [step.hand for step in made.steps if step.hand is not None]
        for one in hand[:10]:
            screen.say(f"  ! {one.number}  {one.connection}  {_few_paths(one.elements)}", hang=8)
            screen.say(f"        {say.label(one.steps, one.what)}", hang=8)
            if one.where:
                screen.say(f"        {one.where}", hang=8)
        if len(hand) > 10:
            screen.say("  " + say("and-more", count=len(hand) - 10))
        show_findings(session, made.findings)
        screen.say(say("plan-left-alone", n=made.left_alone))
        screen.say(say("nothing-changed"))
        if saved is not None:
            session.next(f"deskweave apply {shlex.quote(saved)}")
        elif made.writing:
            session.next("deskweave plan -o next.plan", "deskweave apply next.plan")
        elif broken:
            session.next("deskweave check")
        else:
            session.next("deskweave sync --plan")

    items: list[dict[str, Any]] = [dict(step_json(step)) for step in made.steps]
    return Report(
        command="plan",
        text=text,
        summary={**counts, "practice": made.practice, "digest": made.digest, "saved": saved},
        items=items,
        findings=[*made.findings, *failure_findings(failures)],
        exit=worst(codes),
        columns=[(key, say(f"column-{key}")) for key in ("mark", "connection", "element", "reason", "remedy")],
    )


def _few_paths(paths: Sequence[str]) -> str:
    return ", ".join(paths[:3]) + (f" (+{len(paths) - 3})" if len(paths) > 3 else "")


def _few_names(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", .." if len(names) > 6 else "")


def _plain_choice(step: Step) -> bool:
    """A choice that is simply added: told together with its siblings."""
    return step.mark.value == "+" and step.key.kind == "choice" and not step.reason and not step.remedy


def _added_choices(steps: Sequence[Step]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for step in steps:
        if _plain_choice(step) and step.after is not None:
            where = f"{step.connection}{_collection(step, steps)}"
            found.setdefault(where, []).append(str(step.after.attributes.get("name") or step.key.path))
    return found


def _collection(step: Step, among: Sequence[Step]) -> str:
    """The collection of an element, where two of one connection have the same field; names alone could not be told apart."""
    collections = {other.key.collection for other in among if other.connection == step.connection}
    return f" ({step.key.collection})" if len(collections) > 1 and step.key.collection else ""


def _steps(session: Session, steps: Sequence[Step]) -> None:
    say, screen = session.say, session.screen
    ordered = sorted(steps, key=lambda step: (step.key.path.split("/choices/")[0], step.key.path))
    groups = [(path, list(group)) for path, group in groupby(ordered, key=lambda step: step.key.path.split("/choices/")[0])]
    # what a person has to decide comes first, and a list that is cut never hides it
    groups.sort(key=lambda pair: all(step.mark.value in "+~" for step in pair[1]))
    if len(groups) > LISTED:
        screen.say(say("plan-cut", shown=LISTED, all=len(groups)))
    for path, found in groups[:LISTED]:
        place = next((step.origin for step in found if step.origin is not None), None)
        screen.say()
        screen.say(f"{path}" + (f"   {place.source}:{place.line}" if place is not None and place.line else ""))
        for connection, added in _added_choices(found).items():
            screen.say(f"  + {connection}  " + say("plan-choices", n=len(added), words=_few_names(added)), hang=6)
        for step in found:
            if _plain_choice(step):
                continue
            what = step.after or step.before
            name = what.attributes.get("name") if what is not None else None
            below = step.key.path.partition("/choices/")[2]
            label = f"{step.key.kind} {below or ''}".strip() + (f' "{name}"' if name else "")
            screen.say(f"  {step.mark.value} {step.connection}{_collection(step, found)}  {label}", hang=6)
            if step.mark.value in ("~", "?"):
                for part in step.differences:
                    screen.say(
                        "      "
                        + say(
                            "plan-difference",
                            attribute=part.attribute,
                            live=shown(part.live),
                            file=shown(part.file),
                            last=shown(part.last),
                        ),
                        hang=8,
                    )
            if step.usage:
                screen.say("      " + say("plan-usage", n=step.usage), hang=6)
            if step.reason:
                screen.say(f"      {step.reason}", hang=6)
            if step.remedy:
                screen.say(f"      {step.remedy}", hang=6)
            if step.mark.value == "?":
                if step.changed_by or step.changed_at:
                    screen.say(
                        "      " + say("plan-changed-by", by=step.changed_by or "-", at=session.moment(step.changed_at)), hang=6
                    )
                screen.say("      " + session.onward(say("plan-ours", element=step.key.path)), hang=6)

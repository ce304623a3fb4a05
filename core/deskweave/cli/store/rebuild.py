"""`deskweave store rebuild`: a store that was lost is made whole from what stands on the platforms."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of
from deskweave.cli.sync import LISTED, progress_of


def rebuild(
    ctx: typer.Context,
    plan: Annotated[bool, typer.Option("--plan", "--dry-run", help="rebuild-opt-plan")] = False,
    join: Annotated[list[str] | None, typer.Option("--join", help="rebuild-opt-join", metavar="KEY=KEY")] = None,
    alone: Annotated[list[str] | None, typer.Option("--alone", help="rebuild-opt-alone", metavar="KEY")] = None,
    suggested: Annotated[bool, typer.Option("--suggested", help="rebuild-opt-suggested")] = False,
    install: Annotated[str | None, typer.Option("--install", help="rebuild-opt-install", metavar="ID")] = None,
) -> int:
    session = session_of(ctx)
    say, screen = session.say, session.screen
    pairs = [tuple(part.strip() for part in one.split("=")) for one in join or ()]
    for given, pair in zip(join or (), pairs, strict=True):
        if len(pair) != 2 or not all(pair):
            screen.warn(say("option-value", option="--join", value=given, allowed="INC0010042=ITH-42"))
            return Exit.INPUT
    space = session.workspace(must_choose=True)
    from deskweave.sync import Decisions
    from deskweave.workspace.keeping import rebuild as make_whole

    decided = Decisions(joins=[(one[0], one[1]) for one in pairs], alone=alone or (), suggested=suggested, install=install)
    found = make_whole(space, decided, store=not plan, progress=progress_of(session))
    several = len(found.installs) > 1 and not found.done and install is None

    def text() -> None:
        session.heading()
        for name, n in found.records.items():
            screen.say(say("rebuild-read", name=name, n=n))
        screen.say(say("rebuild-joined", n=found.inquiries, joined=found.joined))
        if several:
            screen.say(say("rebuild-installs"))
            for identifier, n in sorted(found.installs.items(), key=lambda pair: -pair[1]):
                screen.say(f"  {identifier}  {say('rebuild-marks', n=n)}")
        if found.undecided:
            screen.say(say("rebuild-undecided", n=len(found.undecided)))
        for one in found.undecided[:LISTED]:
            others = ", ".join(one.others) or "-"
            screen.say(f"  {one.connection}  {one.label}  {say(f'rebuild-{one.why}', others=others)}", hang=6)
        if len(found.undecided) > LISTED:
            screen.say("  " + say("and-more", count=len(found.undecided) - LISTED))
        if found.done:
            screen.say(say("rebuild-done", messages=found.messages, conflicts=found.conflicts))
            session.next("deskweave conflicts" if found.conflicts else "deskweave sync --plan")
            return
        screen.say(say("rebuild-nothing"))
        commands = []
        if several:
            commands.append(f"deskweave store rebuild --install {max(found.installs, key=lambda one: found.installs[one])}")
        if any(one.why == "partner" and one.others for one in found.undecided):
            commands.append("deskweave store rebuild --suggested")
        if found.undecided:
            first = found.undecided[0]
            other = first.others[0] if first.why == "partner" and first.others else "KEY"
            commands += [f"deskweave store rebuild --join {first.label}={other}", f"deskweave store rebuild --alone {first.label}"]
        session.next(*(commands or ["deskweave store rebuild"]))

    return session.finish(
        Report(
            command="store rebuild",
            text=text,
            summary={
                "install": found.install.id if found.install else None,
                "epoch": found.install.epoch if found.install else None,
                "installs": found.installs,
                "records": found.records,
                "inquiries": found.inquiries,
                "joined": found.joined,
                "messages": found.messages,
                "conflicts": found.conflicts,
                "undecided": len(found.undecided),
            },
            items=[asdict(one) for one in found.undecided],
            exit=Exit.PERSON if found.undecided or several or found.conflicts else Exit.DONE,
        )
    )

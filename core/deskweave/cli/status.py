"""`deskweave status`: where things stand, from the store alone; no platform is asked."""

from __future__ import annotations

from dataclasses import asdict

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of, show_held


def status(ctx: typer.Context) -> int:
    session = session_of(ctx)
    space = session.workspace()
    say, screen = session.say, session.screen
    if not space.has_store:

        def nothing() -> None:
            session.heading()
            screen.say(say("home-no-store"))
            session.next("deskweave check")

        return session.finish(Report(command="status", text=nothing, summary={"inquiries": 0}))
    from deskweave.store import store_status, unknown_values
    from deskweave.store.inbox import count_open

    found = store_status(space.store)
    digest = space.practice.digest
    changed = found.practice is not None and found.practice != digest
    unknown = {key: len(values) for key, values in unknown_values(space.store).items()}
    with space.store.read() as tx:
        deliveries, stuck = count_open(tx)
    waits = found.open_conflicts + sum(one.parked + one.unknown for one in found.connections) + sum(unknown.values())

    def text() -> None:
        session.heading(say("status-head", inquiries=f"{found.inquiries:,}", events=f"{found.events:,}"))
        rows = [["", say("status-joined"), say("status-waiting"), say("status-parked"), say("status-unknown"), say("status-last")]]
        for one in found.connections:
            rows.append(
                [
                    one.name,
                    f"{one.live:,}",
                    f"{one.waiting:,}",
                    f"{one.parked:,}",
                    f"{one.unknown:,}",
                    session.moment(one.heartbeat),
                ]
            )
        screen.table(rows, align="lrrrrl")
        for one in found.connections:
            if one.pause_reason is not None:
                until = say("until", moment=session.moment(one.paused_until)) if one.paused_until else say("until-person")
                screen.say(f"{one.name}  {say('failed')}  {one.pause_reason} ({until})", hang=4)
            show_held(session, one.name, one)
        if found.open_conflicts:
            screen.say(say("sync-conflicts", n=found.open_conflicts))
        for key, count in unknown.items():
            screen.say(say("status-unknown-values", key=key, n=count))
        if deliveries:
            screen.say(say("status-deliveries", n=deliveries, stuck=stuck), hang=2)
        if changed:
            screen.say(say("status-practice-changed"))
        session.next(
            "deskweave practice adopt"
            if changed
            else "deskweave conflicts"
            if found.open_conflicts
            else "deskweave parked"
            if waits
            else "deskweave store inbox"
            if stuck
            else "deskweave sync"
        )

    return session.finish(
        Report(
            command="status",
            text=text,
            summary={
                "inquiries": found.inquiries,
                "events": found.events,
                "conflicts": found.open_conflicts,
                "practice": found.practice,
                "practice_in_files": digest,
                "install": found.install,
                "epoch": found.epoch,
                "unknown_values": unknown,
                "deliveries": {"waiting": deliveries - stuck, "parked": stuck},
            },
            items=[asdict(one) for one in found.connections],
            columns=[
                ("name", say("column-connection")),
                ("plugin", say("column-plugin")),
                ("heartbeat", say("status-last")),
                ("paused_until", say("column-paused_until")),
                ("pause_reason", say("column-reason")),
                *((name, say(f"column-{name}")) for name in ("held_by", "held_at", "held_why")),
                ("live", say("status-joined")),
                ("waiting", say("status-waiting")),
                ("parked", say("status-parked")),
                ("unknown", say("status-unknown")),
            ],
            exit=Exit.PERSON if any(one.pause_reason and not one.paused_until for one in found.connections) else Exit.DONE,
        )
    )

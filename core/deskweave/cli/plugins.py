"""`deskweave plugins`: what is installed, what it brings, what is broken and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of

if TYPE_CHECKING:
    from deskweave.connector import Connector


def has_emulator(connector: Connector) -> bool:
    """Whether a connector brings an emulator; one that fails to say so brings none."""
    try:
        return connector.emulator is not None
    except Exception:  # noqa: BLE001  a stranger's code
        return False


def plugins(ctx: typer.Context) -> int:
    session = session_of(ctx)
    from deskweave.plugins import load_plugins

    found = session.plugins if session.plugins is not None else load_plugins()
    say = session.say
    items: list[dict[str, Any]] = []
    connectors = dict(found.connectors)
    for plugin in found.loaded:
        items.append(
            {
                "name": plugin.name,
                "version": plugin.version,
                "distribution": plugin.distribution,
                "hooks": [hook.removeprefix("deskweave_") for hook in plugin.hooks],
                "emulator": plugin.name in connectors and has_emulator(connectors[plugin.name]),
                "state": "ok",
                "reason": "",
            }
        )
    for broken in found.broken:
        items.append(
            {
                "name": broken.name,
                "version": "",
                "distribution": broken.distribution,
                "hooks": [],
                "emulator": False,
                "state": "broken",
                "reason": broken.reason,
            }
        )

    def text() -> None:
        if not items:
            session.screen.say(say("plugins-none"))
        rows = [
            [
                one["name"],
                one["version"] or "-",
                say("state-ok") if one["state"] == "ok" else say("state-fail"),
                ", ".join(one["hooks"]) or one["reason"],
            ]
            for one in items
        ]
        session.screen.table(rows)
        for fault in found.faults:
            session.screen.say(f"{say('severity-warning')}  {fault}", hang=4)
        names = [one["name"] for one in items if one["emulator"]]
        if names:
            session.next(f"deskweave emulate {names[0]}")

    return session.finish(
        Report(
            command="plugins",
            text=text,
            summary={"loaded": len(found.loaded), "broken": len(found.broken)},
            items=items,
            exit=Exit.FAILED if found.broken else Exit.DONE,
            columns=[(key, say(f"column-{key}")) for key in ("name", "version", "state", "hooks", "reason")],
        )
    )

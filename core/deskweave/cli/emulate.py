"""`deskweave emulate NAME`: one platform on this machine, to be poked with a browser, curl or a folder's connection."""

from __future__ import annotations

import json
import threading
from typing import Annotated

import typer

from deskweave.cli.exits import Exit
from deskweave.cli.plugins import has_emulator
from deskweave.cli.session import session_of

#: set by whoever wants a running `emulate` to end without a signal
stop = threading.Event()


def emulate(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="emulate-arg-name", metavar="NAME")],
    port: Annotated[int, typer.Option("--port", help="emulate-opt-port", metavar="N")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="emulate-opt-seed", metavar="N")] = 1,
    account: Annotated[str, typer.Option("--account", help="emulate-opt-account", metavar="agent|admin")] = "admin",
) -> int:
    session = session_of(ctx)
    from deskweave.plugins import load_plugins

    say = session.say
    found = session.plugins if session.plugins is not None else load_plugins()
    connector = found.connectors.get(name)
    emulator = connector.emulator if connector is not None and has_emulator(connector) else None
    if emulator is None:
        known = sorted(one for one, brought in found.connectors.items() if has_emulator(brought))
        session.screen.warn(say("emulate-unknown", name=name))
        session.screen.warn("  " + say("allowed", words=", ".join(known) or "-"))
        return Exit.INPUT
    if account not in ("agent", "admin"):
        session.screen.warn(say("option-value", option="--account", value=account, allowed="agent, admin"))
        return Exit.INPUT
    running = emulator.start(port=port, seed=seed, now=session.now)
    try:
        session.screen.say(say("emulate-running", name=name, address=running.address))
        session.screen.say(say("emulate-entry"))
        session.screen.say()
        session.screen.say("connections:")
        session.screen.say(f"  {name}:")
        for key, value in running.settings("agent" if account == "agent" else "admin").items():
            session.screen.say(f"    {key}: {json.dumps(value, ensure_ascii=False)}", hang=6)
        session.screen.say()
        session.screen.say(say("emulate-faults", names=", ".join(sorted(running.faults.names)) or "-"), hang=4)
        session.screen.note(say("emulate-stop"))
        session.screen.out.flush()
        stop.wait()
    except KeyboardInterrupt:
        session.screen.note(say("emulate-stopped"))
    finally:
        running.stop()
    return Exit.DONE

"""`deskweave demo`: one practice, three platforms, one simulated week. The story itself is `deskweave.demo`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from deskweave.cli.exits import Exit
from deskweave.cli.session import session_of


def demo(
    ctx: typer.Context,
    keep: Annotated[bool, typer.Option("--keep", help="demo-opt-keep")] = False,
    folder: Annotated[Path, typer.Option("--into", help="demo-opt-into", metavar="DIR")] = Path("deskweave-demo"),
    seed: Annotated[int, typer.Option("--seed", help="demo-opt-seed", metavar="N")] = 1,
) -> int:
    from deskweave.demo.stage import Stage
    from deskweave.demo.story import Told, tell
    from deskweave.demo.telling import Telling
    from deskweave.plugins import load_plugins

    session = session_of(ctx)
    plugins = session.plugins or load_plugins()
    language = session.say.language
    telling = Telling(language, lambda line: session.screen.say(line, hang=17), folder=folder)

    def linger(told: Told, stage: Stage) -> None:
        import threading

        stage.hand_over(session.now)
        for name, address in told.addresses.items():
            session.screen.say(f"{name:<13} {address}")
        session.screen.say(telling.say("secrets", file=f"{telling.path(told, 'deskweave.yaml')}, {telling.path(told, '.env.dev')}"))
        session.screen.say(telling.say("lives", folder=shlex.quote(telling.path(told))))
        session.screen.say(telling.say("stays"))
        session.screen.out.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            session.screen.note(session.say("emulate-stopped"))

    telling.begin(3)
    told = tell(
        folder.resolve(),
        plugins=plugins,
        language=language,
        seed=seed,
        step=telling.step,
        progress=lambda _: None,
        linger=linger if keep else None,
    )
    return Exit.DONE if told.well else Exit.FAILED

"""From the words of the command line to one command and its exit code; everything that goes wrong ends here, in four lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskweave.cli.commands import COMMANDS, ELSEWHERE, LATER, SUBCOMMANDS
from deskweave.cli.exits import Exit
from deskweave.cli.options import Misused, Options, take_common
from deskweave.cli.session import Session, sleep_until, system_time

if TYPE_CHECKING:
    import typer

    from deskweave.plugins import Plugins


def call(
    arguments: list[str],
    *,
    now: Callable[[], datetime] = system_time,
    wait: Callable[[datetime], None] = sleep_until,
    plugins: Plugins | None = None,
) -> int:
    """One call; clock, waiting and plugins are for the demo and for tests."""
    try:
        options, rest = take_common(arguments)
    except Misused as error:
        session = Session(Options())
        session.screen.warn(session.say(error.message, **error.values))
        return Exit.INPUT
    session = Session(options, now=now, wait=wait, plugins=plugins)
    if options.output is not None and not _can_hold(options.output):
        session.screen.warn(session.say("output-nowhere", file=str(options.output)))
        return Exit.INPUT
    try:
        return int(_dispatch(session, rest))
    except KeyboardInterrupt:
        session.screen.warn(session.say("interrupted"))
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `deskweave ... | head`: whoever reads has seen enough
        sys.stderr.close()
        return Exit.DONE
    except Exception as error:  # noqa: BLE001  the one place where everything that is left over is told
        from deskweave.cli.trouble import tell

        return int(tell(session, error))
    finally:
        session.close()


def _can_hold(path: Path) -> bool:
    """Whether a file of that name can be: its folder is there, and it is no folder itself."""
    return os.path.isdir(path.parent) and not os.path.isdir(path)


def _dispatch(session: Session, rest: list[str]) -> int:
    if not rest:
        from deskweave.cli.home import home

        return home(session)
    word = session.command = rest[0]
    if word in ("--help", "-h", "help"):
        if word == "help" and rest[1:]:
            return _dispatch(session, [*rest[1:], "--help"])
        return _root_help(session)
    if word in ("--version", "-V", "version"):
        from deskweave import __version__

        session.screen.say(f"deskweave {__version__}")
        return Exit.DONE
    if word in COMMANDS:
        return _run(session, word, rest[1:])
    extra = plugin_commands(session)
    if word in extra:
        return _invoke(session, extra[word], word, rest[1:])
    return _unknown(session, word, [*COMMANDS, *extra])


def _unknown(session: Session, word: str, known: list[str]) -> int:
    say, warn = session.say, session.screen.warn
    if word in ELSEWHERE:
        warn(say("other-word", word=word, ours=f"deskweave {ELSEWHERE[word]}"))
    elif word in LATER:
        warn(say("later-word", word=word))
    else:
        from difflib import get_close_matches

        warn(say("unknown-command", word=word))
        close = get_close_matches(word, known, n=1)
        if close:
            warn("  " + say("did-you-mean", word=f"deskweave {close[0]}"))
    warn("  deskweave --help")
    return Exit.INPUT


def _root_help(session: Session) -> int:
    from deskweave.cli.help import root_help

    extra = {name: "" for name in plugin_commands(session)}
    for line in root_help(session.say, extra):
        session.screen.say(line)
    return Exit.DONE


# ------------------------------------------------------------------------------------------------------------------ typer
def built(name: str) -> typer.core.TyperCommand | typer.core.TyperGroup:
    """One of our commands, ready to be invoked; only its own file is imported (a group: those of its subcommands)."""
    import typer.main

    from deskweave.cli.help import Command, Group

    app = typer.Typer(
        add_completion=False, rich_markup_mode=None, cls=Group, context_settings={"help_option_names": ["--help", "-h"]}
    )
    names = SUBCOMMANDS.get(name, ())
    if names:
        for sub in names:
            word = f"{sub}_" if iskeyword(sub) else sub
            app.command(sub, cls=Command, help=f"{name}-{sub}")(getattr(import_module(f"deskweave.cli.{name}.{word}"), word))
        group: Any = typer.main.get_group(app)
        group.name, group.help, group.no_args_is_help = name, name, True
        return group  # type: ignore[no-any-return]
    word = name.replace("-", "_")
    app.command(name, cls=Command, help=name)(getattr(import_module(f"deskweave.cli.{word}"), word))
    command: Any = typer.main.get_command(app)
    return command  # type: ignore[no-any-return]


def plugin_commands(session: Session) -> dict[str, Any]:
    """Commands that plugins brought. They are asked only when a word is none of ours, or for the list of all."""
    import typer
    import typer.main

    from deskweave.plugins import load_plugins

    plugins = session.plugins = session.plugins if session.plugins is not None else load_plugins()
    if not any("deskweave_commands" in plugin.hooks for plugin in plugins.loaded):
        return {}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    before = len(plugins.faults)
    plugins.each("deskweave_commands", app=app)
    for fault in plugins.faults[before:]:
        session.screen.warn(session.say("plugin-commands-failed", plugin=fault.plugin, reason=str(fault)))
    if not app.registered_commands and not app.registered_groups:
        return {}
    app.command("deskweave", hidden=True)(lambda: None)  # two commands make a group, whatever the plugins brought
    group: Any = typer.main.get_group(app)
    return {name: command for name, command in group.commands.items() if name not in COMMANDS and name != "deskweave"}


def _run(session: Session, name: str, rest: list[str]) -> int:
    return _invoke(session, built(name), name, rest)


def _invoke(session: Session, command: Any, name: str, rest: list[str]) -> int:
    import typer

    # click itself moved into typer: its error classes are found where the public one inherits from
    usage_error: Any = typer.BadParameter.__mro__[1]
    click_error: Any = typer.BadParameter.__mro__[2]
    try:
        with command.make_context(f"deskweave {name}", rest, obj=session) as context:
            answer = command.invoke(context)
            return int(answer) if isinstance(answer, int) else Exit.DONE
    except typer.Exit as error:
        return int(error.exit_code)
    except typer.Abort:
        session.screen.warn(session.say("interrupted"))
        return Exit.INTERRUPTED
    except click_error as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            session.screen.say(str(getattr(error, "message", error)))
            return Exit.INPUT
        _misused(session, error, isinstance(error, usage_error), name)
        return Exit.INPUT


def _misused(session: Session, error: Any, usage: bool, name: str) -> None:
    say, warn = session.say, session.screen.warn
    kind = type(error).__name__
    if kind == "NoSuchOption":
        warn(say("no-such-option", option=error.option_name))
        close = list(getattr(error, "possibilities", None) or ())
        if close:
            warn("  " + say("did-you-mean", word=close[0]))
    elif kind == "MissingParameter":
        parameter = error.param
        spelled = (
            parameter.opts[0] if parameter.param_type_name == "option" else (parameter.metavar or parameter.name or "").upper()
        )
        warn(say("missing-parameter", parameter=spelled))
    else:
        warn(str(error.format_message()))
    if usage:
        path = error.ctx.command_path if getattr(error, "ctx", None) is not None else f"deskweave {name}"
        warn(f"  {path} --help")

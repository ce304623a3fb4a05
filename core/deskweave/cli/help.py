"""`--help`, in the reader's language and within 80 columns: click's own formatter counts characters and speaks English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer.core

from deskweave.cli.commands import LINES
from deskweave.cli.exits import Exit
from deskweave.cli.options import COMMON
from deskweave.cli.screen import table_lines
from deskweave.cli.width import wrap

if TYPE_CHECKING:
    from deskweave.cli.language import Messages


def _say(context: Any) -> Messages:
    found: Messages = context.find_root().obj.say
    return found


def _text(say: Messages, text: str | None) -> str:
    """A help text by its id; a plugin's own text as it is."""
    return say(text) if text and say.has(text) else text or ""


class Command(typer.core.TyperCommand):
    """A command whose help is made of our messages."""

    def get_help(self, ctx: Any) -> str:
        return "\n".join(_command_help(self, ctx))


class Group(typer.core.TyperGroup):
    """A command with subcommands (`practice`)."""

    def get_help(self, ctx: Any) -> str:
        say = _say(ctx)
        lines = _command_help(self, ctx)
        rows = [[name, _text(say, command.help)] for name, command in self.commands.items()]
        at = lines.index("") + 2 if "" in lines else len(lines)
        at = lines.index("", at) if "" in lines[at:] else len(lines)
        return "\n".join([*lines[:at], "", say("help-commands"), *table_lines(rows, indent=2), *lines[at:]])


def _named(argument: Any) -> str:
    return str(argument.metavar or argument.name).strip("[]{}")


def _argument(argument: Any) -> str:
    """An argument in the usage line: brackets round what may be left out, dots after what may be given more than once."""
    name = _named(argument) if argument.required else f"[{_named(argument)}]"
    return name + ("..." if argument.nargs == -1 else "")


def _command_help(command: Any, context: Any) -> list[str]:
    say = _say(context)
    pieces = [_argument(one) for one in command.params if one.param_type_name == "argument" and not getattr(one, "hidden", False)]
    if getattr(command, "commands", None):
        pieces.append(say("help-command-word"))
    lines = wrap(f"{say('help-usage')} {context.command_path} {' '.join([*pieces, say('help-options-word')])}", hang=4)
    lines += ["", *(line for part in _text(say, command.help).split("\n") for line in wrap(part))]
    own = []
    for parameter in command.params:
        if getattr(parameter, "hidden", False) or "--help" in parameter.opts:
            continue
        if parameter.param_type_name == "argument":
            own.append([_named(parameter), _text(say, parameter.help)])
            continue
        spelled = ", ".join([*parameter.opts, *parameter.secondary_opts])
        if not parameter.is_flag:
            spelled += f" {parameter.metavar or str(parameter.name).upper()}"
        own.append([spelled, _text(say, parameter.help)])
    if own:
        lines += ["", *table_lines(own, indent=2)]
    return [*lines, "", *common_lines(say)]


def common_lines(say: Messages) -> list[str]:
    """The options every command understands."""
    rows = []
    for name, (attribute, placeholder) in COMMON.items():
        rows.append([f"{name} {placeholder}".rstrip(), say(f"common-{attribute}")])
    return [say("help-common"), *table_lines(rows, indent=2)]


def root_help(say: Messages, extra: dict[str, str]) -> list[str]:
    """`deskweave --help`: the six lines, then the exit codes.

    Args:
        say: the messages.
        extra: commands that plugins brought, with their help.
    """
    from deskweave import __version__

    lines = [
        say("help-title", version=__version__),
        "",
        f"{say('help-usage')} deskweave {say('help-command-word')} {say('help-options-word')}",
        "",
    ]
    lines += table_lines([[say(f"line-{line}"), "  ".join(names)] for line, names in LINES.items()])
    if extra:
        lines += table_lines([[say("line-plugins"), "  ".join(extra)]])
    lines += ["", say("help-command-help"), "", *common_lines(say), "", say("help-exits")]
    lines += table_lines([[str(int(code)), say(f"exit-{int(code)}")] for code in Exit], indent=2, align="r")
    lines += wrap(say("help-worst"))
    return lines

"""`deskweave init`: five questions, then a folder that opens without a complaint and writes nowhere until it is told to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.language import LANGUAGES
from deskweave.cli.session import Session, session_of

if TYPE_CHECKING:
    from deskweave.workspace.scaffold import NewConnection


def init(
    ctx: typer.Context,
    directory: Annotated[Path | None, typer.Argument(help="init-arg-directory", metavar="DIR")] = None,
    id: Annotated[str | None, typer.Option("--id", help="init-opt-id", metavar="SLUG")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="init-opt-zone", metavar="ZONE")] = None,
    connection: Annotated[list[str] | None, typer.Option("--connection", help="init-opt-connection", metavar="NAME=URL")] = None,
    environment: Annotated[list[str] | None, typer.Option("--environment", help="init-opt-environment", metavar="NAME")] = None,
) -> int:
    session = session_of(ctx)
    from deskweave.plugins import load_plugins
    from deskweave.workspace.folder import FILE
    from deskweave.workspace.scaffold import write_folder

    say = session.say
    plugins = session.plugins = session.plugins if session.plugins is not None else load_plugins()
    root = (directory or session.options.folder).resolve()
    known = sorted(plugins.connectors)

    slug = id or session.ask(say("init-ask-id"), slug_of(root.name))
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", slug):
        return _refuse(session, "--id", slug, "[a-z][a-z0-9_]*")
    language = session.options.language or session.ask(say("init-ask-language"), session.say.language)
    if language not in LANGUAGES:
        return _refuse(session, "--lang", language, ", ".join(LANGUAGES))
    chosen_zone = zone or session.ask(say("init-ask-zone"), "Asia/Shanghai" if language == "zh" else local_zone())
    if not _is_zone(chosen_zone):
        return _refuse(session, "--zone", chosen_zone, "Asia/Shanghai, Europe/Berlin, UTC")
    stated = connection or [
        part for part in re.split(r"[,\s]+", session.ask(say("init-ask-connections", known=", ".join(known)))) if part
    ]
    names = environment or [part for part in re.split(r"[,\s]+", session.ask(say("init-ask-environments"))) if part]
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
            return _refuse(session, "--environment", name, "[a-z][a-z0-9_]*")
    entries: list[NewConnection] = []
    for one in stated:
        entry = _entry(one, known)
        if entry is None:
            return _refuse(session, "--connection", one, ", ".join(f"{name}=https://..." for name in (*known, "NAME:PLUGIN")))
        entries.append(entry)

    written = write_folder(
        root,
        id=slug,
        now=session.now(),
        plugins=plugins,
        language=language,
        zone=chosen_zone,
        connections=entries,
        environments=names,
    )

    def text() -> None:
        session.screen.say(say("init-done", folder=written.root.name or str(written.root)))
        for name in written.files:
            session.screen.say(f"  + {name}", hang=4)
        for name in written.amended:
            what = ", ".join(written.added) if name == FILE else ", ".join(written.unset)
            session.screen.say(f"  ~ {name}   {what}".rstrip(), hang=4)
        for name in written.kept:
            session.screen.say(f"    {say('init-kept', file=name)}", hang=4)
        session.screen.say()
        session.screen.say(say("init-added-read-only" if FILE in (*written.amended, *written.kept) else "init-read-only"))
        if written.unset:
            files = ", ".join(f".env.{name}" for name in written.environments)
            session.screen.say(say("init-secrets", file=files, names=", ".join(written.unset)), hang=2)
        here = root == Path.cwd().resolve()
        enter = "" if here else f"cd {directory or session.options.folder} && "
        session.next(f"{enter}deskweave practice lint", *(["deskweave check"] if entries else ["deskweave plugins"]))

    return session.finish(
        Report(
            command="init",
            text=text,
            summary={"folder": slug, "written": len(written.files), "amended": len(written.amended), "kept": len(written.kept)},
            items=[{"file": name, "state": "written"} for name in written.files]
            + [{"file": name, "state": "amended"} for name in written.amended]
            + [{"file": name, "state": "kept"} for name in written.kept],
        )
    )


def slug_of(name: str) -> str:
    """A folder's name as a slug; `desk` where nothing of it can be one."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return slug if re.fullmatch(r"[a-z][a-z0-9_]*", slug) else "desk"


def _entry(text: str, known: list[str]) -> Any:
    """`servicenow=https://...`, or `snow:servicenow=https://...` where the connection is to be called otherwise."""
    from deskweave.workspace.scaffold import NewConnection

    name, equals, address = text.partition("=")
    name, colon, plugin = name.partition(":")
    plugin = plugin if colon else name
    if plugin not in known or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return None
    if equals and not re.match(r"https?://[^\s]+$", address):
        return None
    return NewConnection(name=name, plugin=plugin, address=address)


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def local_zone() -> str:
    """The machine's zone where it has a name, else UTC."""
    try:
        name = Path("/etc/localtime").resolve().as_posix().partition("zoneinfo/")[2]
    except OSError:
        name = ""
    return "UTC" if name in ("", "Etc/UTC", "UCT", "Universal", "Zulu") or not _is_zone(name) else name


def _refuse(session: Session, option: str, value: str, allowed: str) -> int:
    session.screen.warn(session.say("option-value", option=option, value=value, allowed=allowed))
    return Exit.INPUT

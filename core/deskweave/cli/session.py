"""One call of the command line: its options, language, screen and clock, and the workspace once a command asks for it."""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO
from zoneinfo import ZoneInfo

from deskweave.cli.commands import ABOUT_A_FOLDER, SUBCOMMANDS
from deskweave.cli.exits import Exit
from deskweave.cli.language import Messages, choose
from deskweave.cli.options import Options
from deskweave.cli.screen import Screen

if TYPE_CHECKING:
    import typer

    from deskweave.cli.answer import Report
    from deskweave.http import Observation
    from deskweave.plugins import Plugins
    from deskweave.workspace import Workspace


_SECOND = "|".join(rf"(?<= {name}) (?:{'|'.join(words)})\b" for name, words in SUBCOMMANDS.items())
#: a command of ours within a sentence, with its second word where it has one: options stand behind both
_COMMAND = rf"deskweave (?P<command>[a-z-]+)(?:{_SECOND})?"


def sleep_until(at: datetime) -> None:
    """Wait for an instant of the machine's clock, and a second more, so that a quota
    has something in it; a minute at most: a platform that asks for more is asked again.
    """
    time.sleep(min(60.0, max(0.0, (at - system_time()).total_seconds())) + 1.0)


def somebody() -> str:
    """Who is at the keyboard, as far as the machine knows."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such account, as in some containers
        return "unknown"


def system_time() -> datetime:
    """The machine's clock: the only place it is read."""
    return datetime.now(UTC)


class Session:
    """What a command gets. `workspace()` opens the folder once; `finish` prints a report in the format asked for."""

    def __init__(
        self,
        options: Options,
        *,
        now: Callable[[], datetime] = system_time,
        wait: Callable[[datetime], None] = sleep_until,
        plugins: Plugins | None = None,
    ) -> None:
        self.options, self.now, self.wait = options, now, wait
        self.say = Messages(choose(options.language))
        self.screen = Screen(color=options.color, quiet=options.quiet)
        self.plugins = plugins
        self.command = ""  #: the word that was typed
        self._workspace: Workspace | None = None
        self._trace: TextIO | None = None

    # --------------------------------------------------------------------------------------------------------- workspace
    def workspace(self, *, must_choose: bool = False) -> Workspace:
        """The folder this call is about, opened once.

        Args:
            must_choose: the command writes, so with several environments one has to be named.
        """
        if self._workspace is None:
            from deskweave import workspace
            from deskweave.http.redaction import Redactor

            redactor = Redactor()
            self.screen.redactor = redactor
            self._workspace = workspace.open(
                self.options.folder,
                self.options.environment,
                must_choose=must_choose,
                now=self.now,
                plugins=self.plugins,
                redactor=redactor,
                wait=self.wait,
                observe=self.observe if self.options.verbose or self.options.trace else None,
            )
            folder = self._workspace.folder
            self.say = Messages(choose(self.options.language, folder.language))
        return self._workspace

    @property
    def opened(self) -> Workspace | None:
        """The workspace if a command has opened it."""
        return self._workspace

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self._workspace.folder.zone if self._workspace else "UTC")

    def close(self) -> None:
        if self._workspace is not None:
            self._workspace.close()
        if self._trace is not None:
            self._trace.close()

    # ------------------------------------------------------------------------------------------------------------ output
    def heading(self, rest: str = "") -> None:
        """The first line of everything: CLIENT / ENVIRONMENT."""
        if self._workspace is not None:
            folder = self._workspace.folder
            self.screen.say(f"{folder.id} / {folder.environment}" + (f"    {rest}" if rest else ""), hang=4)

    def finish(self, report: Report) -> Exit:
        """Print a report in the format asked for, to stdout or the file of `-o`; answers with its exit code."""
        from deskweave.cli.answer import as_csv, as_markdown, envelope

        if self._workspace is not None:
            report.folder, report.environment = self._workspace.folder.id, self._workspace.folder.environment
        match self.options.format:
            case "json":
                self._put(envelope(report) + "\n")
            case "csv" | "csv-raw":
                self.put_csv(as_csv(report, raw=self.options.format == "csv-raw"))
            case "md":
                self._put(as_markdown(report))
            case _ if self.options.output is not None and report.command not in ("plan", "report"):
                with self.options.output.open("w", encoding="utf-8", errors="replace") as file:
                    there, self.screen.out = self.screen.out, file
                    try:
                        report.text()
                    finally:
                        self.screen.out = there
                self.screen.note(self.say("written", file=str(self.options.output)))
            case _:
                report.text()
        return report.exit

    def _put(self, text: str) -> None:
        if self.screen.redactor is not None:
            text = self.screen.redactor.clean(text)
        if self.options.output is not None:
            self.options.output.write_text(text, encoding="utf-8", errors="replace", newline="")
            self.screen.note(self.say("written", file=str(self.options.output)))
        else:
            self.screen.raw(text)

    def put_csv(self, text: str) -> None:
        """CSV as it is: in UTF-8 whatever the stream's encoding, for a code page would destroy the byte order mark."""
        if self.options.output is not None or not hasattr(self.screen.out, "buffer"):
            self._put(text)
            return
        if self.screen.redactor is not None:
            text = self.screen.redactor.clean(text)
        self.screen.out.flush()
        self.screen.out.buffer.write(text.encode())
        self.screen.out.buffer.flush()

    def life(self, text: str) -> None:
        """A sign of life before something that may take long, for whoever watches; a log does not need it."""
        if self.screen.err.isatty():
            self.screen.note(text)

    def next(self, *commands: str) -> None:
        """The last lines: what to do next, to be pasted."""
        self.screen.say()
        for command in commands:
            self.screen.say("  " + self.onward(command), hang=4)

    def onward(self, text: str) -> str:
        """A command of ours, or a sentence with one in it, as it has to be typed here: with `--env` where the folder has several
        environments, and with the `-C` this call was given. What it is printed for is what it will work on.
        """
        if text.startswith("cd "):
            return text
        options = []
        opened = self._workspace
        if opened is not None and len(opened.folder.environments) > 1:
            options.append(f"--env {opened.folder.environment}")
        if self.options.folder != Path():
            options.append(f"-C {shlex.quote(str(self.options.folder))}")

        def told(match: re.Match[str]) -> str:
            fit = ("--env", "-C") if match["command"] in ABOUT_A_FOLDER else ("-C",) if match["command"] == "init" else ()
            missing = [option for option in options if option.split()[0] in fit and option.split()[0] not in text.split()]
            return " ".join([match[0], *missing])

        whole = re.fullmatch(rf"{_COMMAND}(?: .*)?", text)
        return told(whole) if whole else re.sub(_COMMAND, told, text)

    def moment(self, at: datetime | None) -> str:
        """An instant in the folder's zone: `Thu 3 Dec 09:31`, `12月3日 周四 09:31`."""
        if at is None:
            return self.say("never")
        here = at.astimezone(self.zone)
        return self.say(
            "moment",
            day=here.day,
            month=self.say(f"month-{here.month}"),
            weekday=self.say(f"weekday-{here.weekday()}"),
            time=f"{here:%H:%M}",
        )

    # -------------------------------------------------------------------------------------------------------- the wire
    def observe(self, seen: Observation) -> None:
        """One remote call: a line for `-v`, a line of JSON for `--trace`. Neither carries queries, bodies or secrets."""
        if self.options.verbose:
            self.screen.warn(
                f"  {seen.method:6} {seen.host}{seen.path}  {seen.status or '--'}  {seen.seconds * 1000:.0f} ms  {seen.received} B"
                + (f"  {seen.request_id}" if seen.request_id else ""),
                hang=9,
            )
        if self.options.trace is not None:
            import json
            from dataclasses import asdict

            if self._trace is None:
                self._trace = self.options.trace.open("a", encoding="utf-8")
            line = json.dumps({"at": self.now().isoformat(), **asdict(seen)}, ensure_ascii=False)
            self._trace.write((self.screen.redactor.clean(line) if self.screen.redactor else line) + "\n")
            self._trace.flush()

    # ----------------------------------------------------------------------------------------------------------- asking
    @property
    def terminal(self) -> bool:
        """Whether somebody is there to answer."""
        return sys.stdin is not None and sys.stdin.isatty() and self.screen.out.isatty()

    def ask(self, question: str, default: str = "") -> str:
        """A question to the person at the terminal; Enter accepts `default`. Without a terminal the default is the answer."""
        if not self.terminal:
            return default
        self.screen.out.write(f"{question} [{default}] " if default else f"{question} ")
        self.screen.out.flush()
        return sys.stdin.readline().strip() or default

    def agrees(self, question: str) -> bool:
        """Whether the person at the terminal says yes; Enter, and no terminal, are a no."""
        return self.ask(question, "n").lower() in ("y", "yes", "是")


class Holding(Protocol):
    """What says whether a person holds a connection: a row of `status`, a part of a run's report."""

    @property
    def held_by(self) -> str | None: ...
    @property
    def held_at(self) -> datetime | None: ...
    @property
    def held_why(self) -> str | None: ...


def show_held(session: Session, name: str, of: Holding) -> None:
    """The line of a connection that a person holds, with the command that lets it go on; nothing for others."""
    if of.held_by is None:
        return
    say = session.say
    line = f"{name}  {say('held')}  {say('held-by', by=of.held_by, moment=session.moment(of.held_at))}"
    session.screen.say(line + (f": {of.held_why}" if of.held_why else ""), hang=4)
    session.screen.say("    " + session.onward(f"deskweave resume {name}"), hang=4)


def session_of(context: typer.Context) -> Session:
    """The session of a running command."""
    found: Any = context.find_root().obj
    assert isinstance(found, Session)
    return found

"""What went wrong, in four lines each: what and which value, where, what is allowed or was said, what to do. No traceback."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit, worst
from deskweave.cli.width import pad
from deskweave.errors import (
    ConfigurationError,
    DeskweaveError,
    DocumentError,
    PluginError,
    RemoteError,
    RequestError,
    SafetyStop,
    TransientError,
)
from deskweave.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from deskweave.cli.session import Session
    from deskweave.workspace import Failure

SHOWN = 20
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def tell(session: Session, error: Exception) -> Exit:
    """Print whatever a command raised and answer with its exit code; in JSON it goes into the envelope's findings."""
    if session.options.debug:
        session.screen.warn("".join(traceback.format_exception(error)))
    code, findings = judged(error)
    if session.options.format == "json":
        from deskweave.cli.answer import envelope

        report = Report(command=session.command, text=lambda: None, findings=findings, exit=code)
        opened = session.opened
        if opened is not None:
            report.folder, report.environment = opened.folder.id, opened.folder.environment
        session.screen.raw(envelope(report) + "\n")
        return code
    if isinstance(error, DocumentError):
        show_findings(session, findings, to_stderr=True)
        session.screen.warn(session.say("nothing-sent"))
    elif isinstance(error, SafetyStop):
        _stopped(session, error)
    elif isinstance(error, RemoteError):
        for line in remote_lines(session, error):
            session.screen.warn(line, hang=4)
    elif isinstance(error, DeskweaveError):
        trouble = getattr(error, "trouble", "")
        text = session.say(f"postgres-{trouble}", **getattr(error, "values", {})) if trouble else str(error)
        session.screen.warn(f"{session.say('failed')}  {session.onward(text)}", hang=4)
    else:
        path = crash_file(session, error)
        session.screen.warn(session.say("our-fault", kind=type(error).__name__))
        session.screen.warn("  " + session.say("crash-file", file=path))
        session.screen.warn("  " + session.say("crash-next"))
    return code


def judged(error: Exception) -> tuple[Exit, list[Finding]]:
    """The exit code of an error, and the error as findings."""
    if isinstance(error, DocumentError):
        return Exit.INPUT, list(error.findings)
    place = Place("", "")
    rule, code, remedy = "our-fault", Exit.FAILED, ""
    if isinstance(error, SafetyStop):
        rule, code = getattr(error, "rule", "stopped"), Exit.STOPPED
        place, remedy = getattr(error, "place", None) or place, getattr(error, "next", "")
    elif isinstance(error, RemoteError):
        rule, code, place = type(error).__name__, of_remote(error), Place(f"connection:{error.connection}", error.record)
    elif isinstance(error, PluginError):
        rule, place = "plugin-raised", Place(f"plugin:{error.plugin}", error.hook)
    elif type(error).__name__ == "PostgresError":
        rule, code = getattr(error, "rule", rule), _OF_POSTGRES.get(getattr(error, "trouble", ""), Exit.STOPPED)
    elif type(error).__name__ == "StoreTooNew":
        rule, code = "store-too-new", Exit.INPUT
    message = str(error) if isinstance(error, DeskweaveError) else type(error).__name__
    return code, [Finding(rule=rule, severity=Severity.ERROR, place=place, found="", message=message, remedy=remedy)]


_OF_POSTGRES = {"no-driver": Exit.INPUT, "no-address": Exit.INPUT, "unreachable": Exit.FAILED, "refused": Exit.FAILED}


def of_remote(error: RemoteError) -> Exit:
    """A right or a credential is a person's matter; everything else failed."""
    return Exit.PERSON if isinstance(error, ConfigurationError) else Exit.FAILED


def show_findings(
    session: Session, findings: Sequence[Finding], *, to_stderr: bool = False, limit: int = SHOWN, reasons: bool = False
) -> None:
    """Findings grouped by file or connection, the worst first, at most twenty and then a count.

    Args:
        session: of the call.
        findings: in any order.
        to_stderr: print beside a command's result.
        limit: how many are shown.
        reasons: with each rule the name and why it matters, told once a rule.
    """
    put = session.screen.warn if to_stderr else session.screen.say
    say = session.say
    notes = sum(one.severity is Severity.NOTE for one in findings)
    if not session.options.verbose:
        findings = [one for one in findings if one.severity is not Severity.NOTE]
    # what is in a pack is mostly the consequence of something in the files people write: those come first
    ranked = sorted(findings, key=lambda one: (_RANK[one.severity], _of_a_pack(one.place)))[:limit]
    order = list(dict.fromkeys(one.place.source for one in ranked))
    ranked.sort(key=lambda one: (order.index(one.place.source), one.place.line or 0, one.place.column or 0))
    explained: set[str] = set()
    for _, group in groupby(ranked, key=lambda one: one.place.source):
        for finding in group:
            put(where(finding.place), hang=4)
            text = sentence(session, finding)
            near = "  " + say("did-you-mean", word=finding.nearest) if finding.nearest else ""
            put(f"  {pad(say('severity-' + finding.severity.value), 6)} {text}{near}", hang=9)
            if finding.allowed:
                put(" " * 9 + say("allowed", words=_few(finding.allowed)), hang=11)
            remedy = mend(session, finding) if reasons or session.say.language == "zh" else finding.remedy
            if remedy:
                put(" " * 9 + session.onward(remedy), hang=11)
            if _of_a_pack(finding.place) and "document" in finding.values:
                kind, _, name = finding.values["document"].partition("/")
                put(" " * 9 + say("in-your-files", kind=kind, id=name, part=finding.values["part"]), hang=11)
            if reasons and finding.rule not in explained and (reason := why(session, finding)):
                explained.add(finding.rule)
                put(" " * 9 + say("why", rule=finding.rule, reason=reason), hang=11)
    if len(findings) > limit:
        put(say("and-more", count=len(findings) - limit))
    if notes and not session.options.verbose:
        put(say("notes-hidden", n=notes))


def _of_a_pack(place: Place) -> bool:
    """Whether a finding lies in what came with a program: `deskweave:service-desk/fields.yaml`, `plugin:acme`."""
    return ":" in place.source.split("/")[0] and not place.source.startswith("connection:")


def _few(words: Iterable[str]) -> str:
    listed = list(words)
    return ", ".join(listed[:12]) + (f" (+{len(listed) - 12})" if len(listed) > 12 else "")


def where(place: Place) -> str:
    """`practice/catalog.yaml:118:12   /items/7/hours`."""
    spot = place.source.removeprefix("connection:")
    if place.line is not None:
        spot += f":{place.line}" + (f":{place.column}" if place.column is not None else "")
    return f"{spot}   {place.path.lstrip('/')}".rstrip()


def sentence(session: Session, finding: Finding) -> str:
    """What a finding says, in the reader's language where we have its rule there. What a vendor said stays as it came."""
    if session.say.language == "zh":
        from deskweave.findings.rules import RULES

        rule = RULES.get(finding.rule)
        if rule is not None:
            return rule.in_chinese(finding)
    return finding.message


def why(session: Session, finding: Finding) -> str:
    """Why it matters, in the reader's language; empty for a rule of a plugin."""
    from deskweave.findings.rules import RULES

    rule = RULES.get(finding.rule)
    return rule.why["zh" if session.say.language == "zh" else "en"] if rule is not None else ""


def mend(session: Session, finding: Finding) -> str:
    """What to do: in English the finding's own words, in Chinese those of its rule; the finding's where there are none."""
    from deskweave.findings.rules import RULES

    rule = RULES.get(finding.rule)
    if rule is None or (finding.remedy and (session.say.language != "zh" or finding.remedy.startswith(("deskweave ", "pip ")))):
        return finding.remedy  # a command is a command in every language
    return rule.mend["zh" if session.say.language == "zh" else "en"]


def _stopped(session: Session, error: SafetyStop) -> None:
    say, warn = session.say, session.screen.warn
    rule = getattr(error, "rule", "")
    stops = getattr(error, "stops", ())
    if stops:
        from deskweave.cli.stops import stop_lines

        first, *rest = stop_lines(session, stops)
        warn(say("stopped", text=first), hang=2)
        for line in rest:
            warn(f"  {line}" if not line.startswith("  ") else line, hang=6)
        return
    values = dict(getattr(error, "values", {}))
    with suppress(KeyError, ValueError):
        values["since"] = session.moment(datetime.fromisoformat(values["since"]))
    text = say(f"stop-{rule}", **values) if rule and say.has(f"stop-{rule}") else str(error)
    warn(say("stopped", text=session.onward(text)), hang=2)
    place, onward = getattr(error, "place", None), getattr(error, "next", "")
    if place is not None:
        warn(f"  {where(place)}", hang=4)
    if onward:
        warn(f"  {session.onward(onward)}", hang=4)


def remote_lines(session: Session, error: RemoteError) -> list[str]:
    """One remote error: connection and record, what the vendor said with its request id, what to do."""
    say = session.say
    name = error.connection or "?"
    lines = [f"{name}   {error.record}".rstrip(), f"  {say('failed')}  {error}"]
    if isinstance(error, RequestError):
        said = "  ".join(part for part in (error.code, error.request_id) if part)
        if said:
            lines.append(f"        {say('vendor-said', said=said)}")
    if isinstance(error, TransientError) and error.retry_at is not None:
        lines.append(f"        {say('retry-at', moment=session.moment(error.retry_at))}")
    entry = session.opened.folder.connections.get(name) if session.opened is not None else None  # type: ignore[call-overload]
    if entry is not None and entry.place.line is not None:
        lines.append(f"        {say('stands-at', place=f'{entry.place.source}:{entry.place.line}')}")
    kind = type(error).__name__
    lines.append(
        "        " + session.onward(say(f"remedy-{kind}" if say.has(f"remedy-{kind}") else "remedy-other", connection=name))
    )
    return lines


def show_failures(session: Session, failures: Sequence[Failure]) -> Exit:
    """Connections that could not be worked with, and what follows for the exit code."""
    codes = [Exit.DONE]
    for failure in failures:
        if isinstance(failure.error, RemoteError):
            if not failure.error.connection:
                failure.error.connection = failure.connection
            for line in remote_lines(session, failure.error):
                session.screen.say(line, hang=8)
            codes.append(of_remote(failure.error))
        else:
            session.screen.say(f"{failure.connection}  {session.say('failed')}  {failure.error}", hang=4)
            codes.append(Exit.FAILED)
    return worst(codes)


def failure_findings(failures: Sequence[Failure]) -> list[Finding]:
    """The same as findings, for JSON."""
    return [finding for failure in failures for finding in judged(failure.error)[1]]


def crash_file(session: Session, error: Exception) -> str:
    """Write the traceback where it can be sent from; secrets are taken out. Answers with the path as people know it."""
    opened = session.opened
    folder = opened.folder.state_folder if opened is not None else Path(".deskweave")
    text = "".join(traceback.format_exception(error))
    if session.screen.redactor is not None:
        text = session.screen.redactor.clean(text)
    path = folder / f"crash-{session.now():%Y%m%dT%H%M%S}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError:
        session.screen.warn(text)
    if opened is not None and path.is_relative_to(opened.folder.root):
        return path.relative_to(opened.folder.root).as_posix()
    return path.as_posix()

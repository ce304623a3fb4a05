"""`deskweave check [NAME]`: files first, then each platform: who answers, as whom, what may be read, what the binding finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit, worst
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import remote_lines, sentence, show_findings
from deskweave.errors import ConfigurationError, CredentialError, DocumentError, PermissionMissing, PluginError, RemoteError
from deskweave.findings import Finding, Severity
from deskweave.model import ConnectionName, Visibility

if TYPE_CHECKING:
    from deskweave.configure import BindingReport
    from deskweave.connector import Capabilities
    from deskweave.workspace import Workspace

OK, WARN, MISS, FAIL, UNSEEN = "ok", "warn", "miss", "fail", "unseen"


def check(
    ctx: typer.Context,
    name: Annotated[list[str] | None, typer.Argument(help="check-arg-name", metavar="[NAME]")] = None,
) -> int:
    session = session_of(ctx)
    space = session.workspace()
    findings = space.lint()
    errors = [one for one in findings if one.severity is Severity.ERROR]
    if errors:
        raise DocumentError(errors)
    say, screen = session.say, session.screen
    names = name or list(space.folder.connections)
    for one in names:
        if one not in space.folder.connections:
            space.connect(one)  # refuses the name, with the nearest one
    known = [ConnectionName(one) for one in names]
    items: list[dict[str, Any]] = []
    codes = [Exit.DONE]
    for one in known:
        session.life(f"{say('sync-read')}  {one}  {space.folder.connections[one].address}")
        rows, code = _connection(session, space, one)
        codes.append(code)
        items += [{"connection": one, **row} for row in rows]
    if findings:
        codes.append(Exit.DONE)
    missing = sum(row["state"] == MISS for row in items)
    failed = sum(row["state"] == FAIL for row in items)
    warned = sum(row["state"] == WARN for row in items) + len(findings)

    def text() -> None:
        practice = space.practice
        session.heading(say("check-head", version=practice.version, warnings=len(findings)))
        for one in known:
            entry = space.folder.connections[one]
            screen.say()
            screen.say(f"{one}   {entry.address}", hang=4)
            rows = [
                [say(f"state-{row['state']}"), say(f"check-{row['about']}"), str(row["text"])]
                for row in items
                if row["connection"] == one
            ]
            screen.table(rows, indent=2)
        screen.say()
        show_findings(session, findings)
        screen.say(say("check-sum", failed=failed, missing=missing, warned=warned))
        if failed or missing:
            session.next("deskweave check -v")
        elif any(entry.access == "write" for entry in space.folder.connections.values()):
            session.next("deskweave plan")
        else:
            session.next("deskweave sync --plan" if known else "deskweave plugins")

    return session.finish(
        Report(
            command="check",
            text=text,
            summary={"failed": failed, "missing": missing, "warnings": warned},
            items=items,
            findings=findings,
            exit=worst(codes),
            columns=[(key, say(f"column-{key}")) for key in ("connection", "state", "about", "text")],
        )
    )


def _row(state: str, about: str, text: str) -> dict[str, Any]:
    return {"state": state, "about": about, "text": text}


def _connection(session: Session, space: Workspace, name: ConnectionName) -> tuple[list[dict[str, Any]], Exit]:
    """One connection's lines and what follows for the exit code. A wrong instance is a guard's no and stops everything."""
    from deskweave.workspace.identity import shown

    say = session.say
    entry = space.folder.connections[name]
    rows: list[dict[str, Any]] = []
    codes = [Exit.DONE]
    try:
        opened = space.connect(name)
        capabilities = opened.inner.capabilities
    except CredentialError as error:
        return [_row(FAIL, "sign-in", _said(session, error))], Exit.PERSON
    except PermissionMissing as error:
        return [_row(MISS, "rights", _said(session, error))], Exit.PERSON
    except ConfigurationError as error:
        return [_row(FAIL, "settings", _said(session, error))], Exit.PERSON
    except RemoteError as error:
        return [_row(FAIL, "network", _said(session, error))], Exit.FAILED
    except PluginError as error:
        return [_row(FAIL, "plugin", str(error))], Exit.FAILED
    pinned = say("check-pinned-now") if opened.pinned_now else say("check-pinned")
    rows.append(_row(OK, "network", say("check-reached")))
    rows.append(_row(OK, "identity", f"{shown(opened.identity)}, {pinned}"))
    readable = [one for one, can in capabilities.collections.items() if can.reads]
    blind = [one for one, can in capabilities.collections.items() if not can.reads]
    if readable:
        rows.append(_row(OK, "read", ", ".join(readable)))
    if blind:
        rows.append(_row(MISS, "read", ", ".join(blind)))
        codes.append(Exit.PERSON)
    for finding in capabilities.lost:
        state = {Severity.ERROR: MISS, Severity.WARNING: MISS, Severity.NOTE: WARN}[finding.severity]
        text = sentence(session, finding).rstrip(".") + (f". {finding.remedy}" if finding.remedy else "")
        row = _row(state, "lost", text)
        if row not in rows:  # what an account lacks for each of several collections, is said once
            rows.append(row)
        if state == MISS:
            codes.append(Exit.PERSON)
    if name in space.binding_documents:
        rows += _binding(session, space, name, codes)
    else:
        rows.append(_row(WARN, "binding", say("check-not-bound", name=name)))
    rows += _policies(session, space, name, capabilities, codes)
    if entry.access == "read":
        rows.append(_row(UNSEEN, "write", say("check-read-only", where=f"{entry.access_place.source}:{entry.access_place.line}")))
    else:
        writes = [one for one, can in capabilities.collections.items() if can.creates is not None or can.patches]
        rows.append(_row(OK if writes else MISS, "write", ", ".join(writes) or say("check-writes-nothing")))
        if not writes:
            codes.append(Exit.PERSON)
    return rows, worst(codes)


def _policies(
    session: Session, space: Workspace, name: ConnectionName, capabilities: Capabilities, codes: list[Exit]
) -> list[dict[str, Any]]:
    """What the binding asks for and this account, or this platform, cannot do."""
    say, rows = session.say, []
    for collection in space.binding(name).collections.values() if name in space.binding_documents else ():
        can, policy = capabilities.collections.get(collection.name), collection.deletes.policy
        if can is None:
            continue
        if collection.match is not None and (not can.reads or can.changes not in ("filter", "scan")):
            rows.append(_row(MISS, "policies", say("check-match-unlisted", collection=collection.name)))
        if policy == "delete" and not can.deletes:
            rows.append(_row(MISS, "policies", say("check-cannot-delete", collection=collection.name)))
        if policy != "ignore" and Visibility.INTERNAL not in can.visibilities:
            rows.append(_row(WARN, "policies", say("check-no-notes", collection=collection.name)))
        if not can.census and _followed(space, name):
            rows.append(_row(WARN, "policies", say("check-deletions-unseen", collection=collection.name)))
    if any(row["state"] == MISS for row in rows):
        codes.append(Exit.PERSON)
    return rows


def _followed(space: Workspace, name: ConnectionName) -> bool:
    """Whether anything would follow from a record that is deleted on a connection."""
    others = [ConnectionName(one) for one in space.binding_documents if one != name and one in space.folder.connections]
    return any(one.deletes.policy != "ignore" for other in others for one in space.binding(other).collections.values())


def _binding(session: Session, space: Workspace, name: ConnectionName, codes: list[Exit]) -> list[dict[str, Any]]:
    """Whether the names of the binding exist there."""
    from deskweave.workspace.configuring import configurator
    from deskweave.workspace.proving import spoken_findings

    say = session.say
    opened = {name: space.connect(name)}
    if opened[name].connection.configuration is None:
        return [_row(UNSEEN, "binding", say("check-no-configuration"))]
    found: BindingReport
    (found,) = configurator(space, opened).discover()
    if found.failed is not None:
        codes.append(Exit.PERSON)
        return [_row(MISS, "binding", found.failed)]
    binding = space.binding(name)
    languages = space.practice.languages
    spoken = spoken_findings(
        space.binding_documents[name], space.practice, binding, opened[name].connection, languages[0] if languages else "en"
    )
    rows = [
        _row(
            MISS if found.missing else OK,
            "binding",
            say(
                "check-bound",
                fields=found.fields,
                planned=sum(key.kind == "field" for key in found.planned),
                missing=len(found.missing),
            ),
        )
    ]
    wrong: list[Finding] = [one for one in (*spoken, *found.findings) if one.severity is not Severity.NOTE]
    for one in wrong[:8]:
        rows.append(_row(MISS if one.severity is Severity.ERROR else WARN, "binding", f"{one.found}: {sentence(session, one)}"))
    if len(wrong) > 8:
        rows.append(_row(WARN, "binding", say("and-more", count=len(wrong) - 8)))
    if found.missing:
        codes.append(Exit.PERSON)
    return rows


def _said(session: Session, error: RemoteError) -> str:
    """What went wrong in one cell: whole sentences, without the word that stands in front of the row already."""
    failed = session.say("failed")
    parts = [line.strip().removeprefix(failed).strip() for line in remote_lines(session, error)[1:]]
    *ended, last = [part.rstrip() for part in parts if part] or [""]
    end = "。" if session.say.language == "zh" else "."
    joined = [part if part.endswith((".", "。", "!", "?", "：", ":")) else part + end for part in ended]
    return "".join(part + (" " if part.isascii() or part[-1].isascii() else "") for part in joined) + last

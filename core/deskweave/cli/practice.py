"""`deskweave practice show|lint|adopt`: what the files say, what is wrong with it, and putting it into force."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of
from deskweave.cli.trouble import show_findings
from deskweave.findings import Severity


def show(
    ctx: typer.Context,
    path: Annotated[str | None, typer.Argument(help="practice-arg-path", metavar="KIND/ID")] = None,
    origin: Annotated[bool, typer.Option("--origin", help="practice-opt-origin")] = False,
) -> int:
    session = session_of(ctx)
    practice = session.workspace().practice
    say = session.say
    if path:
        return _show_part(session, path, origin)
    counts = [
        ("fields", len(practice.fields)),
        ("catalog", len(practice.catalog)),
        ("statuses", len(practice.statuses.statuses)),
        ("transitions", len(practice.statuses.transitions)),
        ("clocks", len(practice.clocks)),
        ("metrics", len(practice.metrics)),
        ("calendars", len(practice.calendars)),
        ("channels", len(practice.channels)),
        ("roles", len(practice.roles)),
    ]
    kinds = Counter(kind for kind, _ in practice.documents)
    items = [
        {"document": f"{kind}/{name}", "source": practice.origin((kind, name)).source} for kind, name in sorted(practice.documents)
    ]

    def text() -> None:
        session.heading(say("home-practice", name=say.label(practice.label, practice.id), version=practice.version))
        session.screen.say(say("practice-digest", digest=practice.digest[:12], zone=practice.zone))
        session.screen.say()
        session.screen.table([[say(f"practice-{name}"), str(count)] for name, count in counts], align="lr")
        session.screen.say()
        session.screen.table([[kind, str(count)] for kind, count in sorted(kinds.items())], align="lr", indent=2)
        session.next("deskweave practice show StatusModel/inquiry", "deskweave practice lint")

    return session.finish(
        Report(
            command="practice show",
            text=text,
            summary={"id": practice.id, "version": practice.version, "digest": practice.digest, **dict(counts)},
            items=items,
        )
    )


def _show_part(session: Session, path: str, origin: bool) -> int:
    """One document, or a part of it, composed; with `--origin` who said each value."""
    import yaml

    practice = session.workspace().practice
    parts = [part for part in path.strip("/").split("/") if part]
    keys = {f"{kind}/{name}".lower(): (kind, name) for kind, name in practice.documents}
    key = keys.get("/".join(parts[:2]).lower())
    value: Any = practice.documents[key] if key else None
    for part in parts[2:]:
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        from difflib import get_close_matches

        session.screen.warn(session.say("practice-unknown", path=path))
        close = get_close_matches("/".join(parts[:2]).lower(), list(keys), n=3)
        listed = [f"{keys[one][0]}/{keys[one][1]}" for one in close] or sorted(
            f"{kind}/{name}" for kind, name in practice.documents
        )[:12]
        session.screen.warn("  " + session.say("allowed", words=", ".join(listed)), hang=4)
        return Exit.INPUT
    assert key is not None
    place = practice.origin([*key, *parts[2:]])
    where = f"{place.source}:{place.line}" if place.line else place.source
    rows = []
    if origin and isinstance(value, dict):
        for name in value:
            spot = practice.origin([*key, *parts[2:], name], key=True)
            rows.append([str(name), f"{spot.source}:{spot.line}" if spot.line else spot.source])

    def text() -> None:
        session.screen.say(f"# {where}", hang=2)
        for line in yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=76, default_flow_style=None).splitlines():
            session.screen.say(line, hang=len(line) - len(line.lstrip()) + 4)
        if rows:
            session.screen.say()
            session.screen.table(rows)

    return session.finish(
        Report(command="practice show", text=text, summary={"path": path, "origin": where}, items=[{"path": path, "value": value}])
    )


def lint(ctx: typer.Context) -> int:
    session = session_of(ctx)
    space = session.workspace()
    findings = space.lint()
    errors = sum(one.severity is Severity.ERROR for one in findings)
    warnings = sum(one.severity is Severity.WARNING for one in findings)
    files = len({finding.place.source for finding in findings})
    say = session.say

    def text() -> None:
        session.heading()
        show_findings(session, findings)
        session.screen.say(say("lint-sum", errors=errors, warnings=warnings))
        session.next(
            "deskweave practice lint" if errors else "deskweave check" if space.folder.connections else "deskweave practice show"
        )

    return session.finish(
        Report(
            command="practice lint",
            text=text,
            summary={"errors": errors, "warnings": warnings, "files": files},
            findings=findings,
            exit=Exit.INPUT if errors else Exit.DONE,
        )
    )


def adopt(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="opt-yes")] = False,
) -> int:
    session = session_of(ctx)
    space = session.workspace(must_choose=True)
    from deskweave.workspace.adoption import adopt as put_into_force
    from deskweave.workspace.adoption import changes, in_force

    say, practice = session.say, space.practice
    space.require_sound()
    known = in_force(space.store)
    same = known is not None and known.digest == practice.digest
    found = [] if known is None or same else changes(known.documents, practice)
    done = same

    def text() -> None:
        session.heading()
        if known is None:
            session.screen.say(say("adopt-first", version=practice.version))
        elif same:
            session.screen.say(say("adopt-same", version=practice.version, since=session.moment(known.adopted_at)))
        else:
            session.screen.say(
                say("adopt-old", version=known.version, digest=known.digest[:8], since=session.moment(known.adopted_at))
            )
            session.screen.say(say("adopt-new", version=practice.version, digest=practice.digest[:8]))
            for change in found:
                session.screen.say(
                    say(
                        "adopt-kind",
                        kind=change.kind,
                        added=len(change.added),
                        changed=len(change.changed),
                        removed=len(change.removed),
                    )
                )
                for mark, names in (("+", change.added), ("~", change.changed), ("-", change.removed)):
                    for name in names[:10]:
                        session.screen.say(f"  {mark} {name}", hang=6)
                    if len(names) > 10:
                        session.screen.say("    " + say("and-more", count=len(names) - 10))

    if session.options.format == "text":
        text()
    if not same:
        agreed = yes or known is None or session.ask(say("adopt-ask"), "n").lower() in ("y", "yes", "是")
        if agreed:
            put_into_force(space.store, practice)
            done = True
    if session.options.format != "text":
        return session.finish(
            Report(
                command="practice adopt",
                text=text,
                summary={"old": known.digest if known else None, "new": practice.digest, "adopted": done},
                items=[{"kind": one.kind, "added": one.added, "changed": one.changed, "removed": one.removed} for one in found],
                exit=Exit.DONE if done else Exit.STOPPED,
            )
        )
    if not done:
        session.screen.say(say("adopt-not"))
        session.next("deskweave practice adopt --yes")
        return Exit.STOPPED
    if not same:
        session.screen.say(say("adopt-done", version=practice.version))
    session.next("deskweave sync --plan")
    return Exit.DONE

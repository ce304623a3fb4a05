"""`deskweave practice show`: the practice as composed, and who said each value."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of


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

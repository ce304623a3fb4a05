"""`deskweave practice show`: the practice as composed, and who said each value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.session import Session, session_of

if TYPE_CHECKING:
    from deskweave.practice import Origin, Practice


def show(
    ctx: typer.Context,
    path: Annotated[str | None, typer.Argument(help="practice-arg-path", metavar="KIND/ID")] = None,
    origin: Annotated[bool, typer.Option("--origin", help="practice-opt-origin")] = False,
) -> int:
    session = session_of(ctx)
    if path:
        return _show_part(session, path, origin)
    practice = session.workspace().practice
    say = session.say
    counts = _counts(practice)
    kinds = Counter(kind for kind, _ in practice.documents)
    items = [_document(practice, kind, name) for kind, name in sorted(practice.documents)]

    def text() -> None:
        session.heading(say("home-practice", name=say.label(practice.label, practice.id), version=practice.version))
        session.screen.say(say("practice-digest", digest=practice.digest[:12], zone=practice.zone))
        session.screen.say()
        session.screen.table([[say(f"practice-{name}"), str(count)] for name, count in counts.items()], align="lr")
        session.screen.say()
        session.screen.table([[kind, str(count)] for kind, count in sorted(kinds.items())], align="lr", indent=2)
        if origin:
            session.screen.say()
            _legend(session, practice)
        session.next("deskweave practice show StatusModel/inquiry", "deskweave practice lint")

    return session.finish(
        Report(
            command="practice show",
            text=text,
            summary={"id": practice.id, "version": practice.version, "digest": practice.digest, **counts},
            items=items,
        )
    )


def _counts(practice: Practice) -> dict[str, int]:
    """How many of everything there are, in the order of the practice's chapters."""
    return {
        "fields": len(practice.fields),
        "catalog": len(practice.catalog),
        "systems": len(practice.systems),
        "statuses": len(practice.statuses.statuses),
        "transitions": len(practice.statuses.transitions),
        "clocks": len(practice.clocks),
        "service_levels": len(practice.service_levels),
        "priority_matrices": len(practice.priority_matrices),
        "calendars": len(practice.calendars),
        "metrics": len(practice.metrics),
        "surveys": len(practice.surveys),
        "channels": len(practice.channels),
        "templates": len(practice.templates),
        "processes": len(practice.processes),
        "desks": len(practice.desks),
        "roles": len(practice.roles),
        "glossary": len(practice.glossary),
    }


def _document(practice: Practice, kind: str, name: str) -> dict[str, Any]:
    said = practice.source((kind, name))
    return {"document": f"{kind}/{name}", "source": said.place.source, "layer": said.layer.title}


# ------------------------------------------------------------------------------------------------------------- one part
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
        _unknown(session, practice, path, parts, keys)
        return Exit.INPUT
    assert key is not None
    whole = (*key, *parts[2:])
    said = practice.source(whole)
    where = _where(said)
    leaves = [leaf for leaf in _leaves(value, whole) if leaf[0][2:] not in (("kind",), ("id",))] if origin else []
    items: list[dict[str, Any]] = [{"path": path, "value": value}]
    if origin:
        items = [_item(practice.source(at), "/".join(at), leaf) for at, leaf in leaves]

    def text() -> None:
        session.screen.say(f"# {where}", hang=2)
        if origin:
            _origins(session, practice, leaves, len(whole))
            return
        for line in yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=76, default_flow_style=None).splitlines():
            session.screen.say(line, hang=len(line) - len(line.lstrip()) + 4)

    return session.finish(Report(command="practice show", text=text, summary={"path": path, "origin": where}, items=items))


def _unknown(session: Session, practice: Practice, path: str, parts: list[str], keys: Mapping[str, tuple[str, str]]) -> None:
    from difflib import get_close_matches

    session.screen.warn(session.say("practice-unknown", path=path))
    close = get_close_matches("/".join(parts[:2]).lower(), list(keys), n=3)
    listed = [f"{keys[one][0]}/{keys[one][1]}" for one in close] or sorted(f"{kind}/{name}" for kind, name in practice.documents)[
        :12
    ]
    session.screen.warn("  " + session.say("allowed", words=", ".join(listed)), hang=4)


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that one file says whole: layers merge mappings key by key, lists and scalars they replace."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    else:
        yield path, value


def _where(said: Origin) -> str:
    return f"{said.place.source}:{said.place.line}" if said.place.line else said.place.source


def _item(said: Origin, path: str, value: Any) -> dict[str, Any]:
    return {
        "path": path,
        "value": value,
        "file": said.place.source,
        "line": said.place.line,
        "column": said.place.column,
        "layer": said.layer.title,
    }


def _legend(session: Session, practice: Practice) -> None:
    """The layers, lowest first, by the number that stands before a file's name."""
    rows = [[str(number), _title(session, layer.title)] for number, layer in enumerate(practice.layers, 1)]
    session.screen.say(session.say("practice-layers"))
    session.screen.table(rows, indent=2)


def _title(session: Session, title: str) -> str:
    return session.say(f"practice-layer-{title}") if title in ("files", "environment") else title


def _origins(session: Session, practice: Practice, leaves: list[tuple[tuple[str, ...], Any]], depth: int) -> None:
    """Path, value, number of the layer, file and line of each value. A pack's name stands in the legend, not in every line."""
    import json

    from deskweave.cli.width import cut, width

    numbers = {id(layer): number for number, layer in enumerate(practice.layers, 1)}
    rows = []
    for at, value in leaves:
        said = practice.source(at)
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        file = _where(said)
        if said.layer.name.startswith("pack:"):
            file = file.removeprefix(said.layer.address.rpartition("@")[0] + "/")
        rows.append(["/".join(at[depth:]) or at[-1], " ".join(shown.split()), str(numbers.get(id(said.layer), "")), file])
    session.screen.say()
    _legend(session, practice)
    session.screen.say()
    most = max((width(row[3]) for row in rows), default=0)
    room = 80 - min(most, 34) - 8
    first = min(max((width(row[0]) for row in rows), default=0), room // 2 + 6)
    session.screen.table([[row[0], cut(row[1], max(12, room - first)), row[2], row[3]] for row in rows], align="llrl", grow=0)

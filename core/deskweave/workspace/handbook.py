"""The handbook of a folder: its practice, its version from git, and what is known of its platforms without asking any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from deskweave.practice.handbook import Edition, Limit, Platform, Revision, as_html, as_markdown, book
from deskweave.workspace.revisions import revisions

if TYPE_CHECKING:
    from deskweave.configure import HandStep, Plan, Register
    from deskweave.workspace.workspace import Workspace

Format = Literal["html", "md"]


def handbook(space: Workspace, language: str, format: Format = "html", *, plan: Plan | None = None) -> str:
    """The practice of a folder as one document.

    Args:
        space: an open workspace; neither its store nor a platform is touched.
        language: en or zh.
        format: a whole HTML page, or Markdown.
        plan: what was planned last, for what the platforms cannot hold; None: what the folder's register says.

    Raises:
        DocumentError: the files are wrong; all findings at once.
    """
    made = book(space.practice, edition(space, plan=plan), language)
    return as_html(made) if format == "html" else as_markdown(made)


def edition(space: Workspace, *, plan: Plan | None = None) -> Edition:
    """Who, when, which version, and what is known of the platforms."""
    folder = space.folder
    known = revisions(folder.root, practice=str(folder.document.body.get("practice") or "practice"))
    return Edition(
        now=space.now(),
        client=folder.id,
        environment=folder.environment,
        version=known.version if known else None,
        changed=known.changed if known else False,
        author=known.author if known else "",
        revisions=None
        if known is None
        else tuple(Revision(version=tag.name, date=tag.date, author=tag.author, subject=tag.subject) for tag in known.tags),
        platforms=_platforms(space, plan),
    )


def _platforms(space: Workspace, plan: Plan | None) -> tuple[Platform, ...]:
    from deskweave.configure import read_register, register_path

    folder = space.folder
    register = read_register(register_path(folder.root, folder.environment), folder.environment)
    return tuple(_platform(space, name, plan, register) for name in folder.connections)


def _platform(space: Workspace, name: str, plan: Plan | None, register: Register) -> Platform:
    planned = next((part for part in plan.connections if part.connection == name), None) if plan is not None else None
    if planned is not None:
        return Platform(
            connection=name,
            address=planned.identity.address if planned.identity is not None else "",
            limits=tuple(_limit(step) for step in planned.hand_steps),
            whole=True,
            failed=planned.failed or "",
        )
    lock = space.lock(name)
    steps = [
        Limit(
            degree="by_hand",
            number=f"J-{number}",
            what=entry.what,
            elements=entry.elements,
            done_by=entry.done_by if entry.is_done(entry.elements) else None,
            done_on=entry.done_on,
            note=entry.note,
        )
        for number, entry in sorted(register.entries.items())
        if entry.connection == name
    ]
    known = bool(steps or lock.elements)
    return Platform(
        connection=name, address=lock.identity.address if lock.identity is not None else "", limits=tuple(steps) if known else None
    )


def _limit(step: HandStep) -> Limit:
    return Limit(
        degree=step.degree,
        number=step.number,
        what=step.what,
        elements=step.elements,
        steps=step.steps,
        where=step.where,
        done_by=step.done_by if step.done else None,
        done_on=step.done_on,
        note=step.note,
    )

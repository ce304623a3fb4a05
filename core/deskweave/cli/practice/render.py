"""`deskweave practice render`: the whole practice as one document, to hand over and to sign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deskweave.cli.answer import Report
from deskweave.cli.session import session_of


def render(
    ctx: typer.Context,
    plan: Annotated[Path | None, typer.Option("--plan", help="render-opt-plan", metavar="FILE")] = None,
    open: Annotated[bool, typer.Option("--open", help="render-opt-open")] = False,
) -> int:
    from deskweave.configure import read_plan
    from deskweave.practice.handbook import as_html, as_markdown, book
    from deskweave.workspace.handbook import edition

    session = session_of(ctx)
    space = session.workspace()
    say, screen, options = session.say, session.screen, session.options
    made_for = edition(space, plan=read_plan(plan) if plan is not None else None)
    made = book(space.practice, made_for, say.language)
    stated = options.output
    named_text = stated is not None and stated.suffix in (".md", ".markdown")
    as_text = options.format == "md" or (options.format != "html" and named_text)
    form = "md" if as_text else "html"
    path = stated or Path(f"practice.{say.language}.{form}")
    path.write_text(as_markdown(made) if as_text else as_html(made), encoding="utf-8", newline="\n")
    # the file of -o is the document; what is said about it goes to the terminal
    options.output = None
    if options.format in ("html", "md"):
        options.format = "text"
    if open:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    unplanned = [one.connection for one in made_for.platforms or () if one.limits is None]

    def text() -> None:
        session.heading(say("render-head", version=made_for.version or space.practice.version))
        screen.say(say("render-written-text" if as_text else "render-written", file=str(path), chapters=len(made.chapters)), hang=4)
        if made_for.revisions is None:
            screen.say(say("render-no-git"), hang=4)
        elif made_for.changed:
            screen.say(say("render-changed", version=made_for.version or ""), hang=4)
        if unplanned:
            screen.say(say("render-unplanned", names=", ".join(unplanned)), hang=4)
            session.next("deskweave plan -o practice.plan", "deskweave practice render --plan practice.plan")
        else:
            session.next(f"deskweave practice render --lang {'en' if say.language == 'zh' else 'zh'}")

    return session.finish(
        Report(
            command="practice render",
            text=text,
            summary={
                "file": str(path),
                "format": form,
                "language": say.language,
                "version": made_for.version,
                "changed": made_for.changed,
                "practice": space.practice.version,
                "digest": space.practice.digest,
            },
            items=[{"number": one.number, "title": one.title, "key": one.key} for one in made.chapters],
        )
    )

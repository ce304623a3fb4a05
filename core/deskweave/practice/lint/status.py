"""Rules of sense about statuses, transitions and the confirmation before closing."""

from __future__ import annotations

from collections.abc import Iterator, Set

from deskweave.findings import Finding
from deskweave.model import Phase, StatusModel
from deskweave.practice.lint.sense import Path, Sense

_ENDS = (Phase.CLOSED, Phase.CANCELLED)


def reached_from(model: StatusModel, start: Set[str]) -> set[str]:
    """The statuses that transitions lead to from any of `start`, themselves included."""
    reached, fresh = set(start), list(start)
    while fresh:
        here = fresh.pop()
        for transition in model.transitions.values():
            if here in transition.sources and transition.target not in reached:
                reached.add(transition.target)
                fresh.append(transition.target)
    return reached


def statuses(sense: Sense) -> Iterator[Finding]:
    """status-unreachable, status-dead-end, status-same-label."""
    model = sense.practice.statuses
    reached = reached_from(model, {model.initial})
    left = {source for transition in model.transitions.values() for source in transition.sources}
    seen: dict[tuple[str, str], str] = {}
    for slug, status in model.statuses.items():
        path: Path = ("StatusModel", model.id, "statuses", slug)
        if slug not in reached:
            message = f"no transition leads to {slug!r} from {model.initial!r}"
            remedy = "add a transition, or remove the status"
            yield sense.warn("status-unreachable", path, slug, message, remedy, initial=model.initial)
        if slug not in left and status.phase not in _ENDS:
            message = f"no transition leads out of {slug!r}, and it is not an end"
            yield sense.warn("status-dead-end", path, slug, message, "add a transition out of it")
        for language, words in status.label.items():
            first = seen.setdefault((language, words), slug)
            if first != slug:
                message = f"{first!r} and {slug!r} are both called {words!r}"
                yield sense.warn("status-same-label", path, words, message, "give them different labels", first=first, second=slug)


def actors(sense: Sense) -> Iterator[Finding]:
    """transition-without-actor: nobody may make it, and nothing makes it by itself."""
    model = sense.practice.statuses
    by_itself = model.confirmation.transition if model.confirmation else None
    for slug, transition in model.transitions.items():
        if not transition.by and slug != by_itself:
            message = f"nobody may make the transition {slug!r}: `by` names no role"
            path: Path = ("StatusModel", model.id, "transitions", slug)
            yield sense.warn("transition-without-actor", path, slug, message, "name roles in `by:`, or remove the transition")


def confirmation(sense: Sense) -> Iterator[Finding]:
    """confirmation-without-template: silence closes an inquiry whose user was never asked (practice C4)."""
    model = sense.practice.statuses
    if model.confirmation is not None and model.confirmation.template is None:
        message = f"silence in {model.confirmation.status!r} counts as solved, and no template asks the user first"
        remedy = "name one in `template:`"
        path: Path = ("StatusModel", model.id, "confirmation")
        yield sense.warn("confirmation-without-template", path, model.confirmation.status, message, remedy)

"""What was published of a period and what has moved it since, in words and as data."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from deskweave.cli.session import Session

if TYPE_CHECKING:
    from deskweave.measure.published import Figure, Moved, Published

_NAMED = 12  #: inquiries in one sentence


def published_lines(
    session: Session, published: Published, moved: tuple[Moved, ...], *, only: Collection[str] | None = None
) -> list[str]:
    """When a period was published, then a sentence for each figure that is another one now.

    Args:
        session: of the call.
        published: what stands in the folder.
        moved: the figures that are others now.
        only: of these metrics; None: of all.
    """
    when = session.moment(published.as_of)
    told = [one for one in moved if only is None or one.metric in only]
    if not told:
        return [session.say("kpi-published-fine", when=when)]
    return [session.say("kpi-published-when", when=when), *(_sentence(session, one) for one in told)]


def _sentence(session: Session, one: Moved) -> str:
    from deskweave.measure.naming import Names
    from deskweave.workspace.measuring import inquiry_names

    say, practice = session.say, session.workspace().practice
    names = Names(practice, say.language)
    values: dict[str, object] = {"metric": names.metric(one.metric)}
    before, now = (_figure(session, figure) for figure in (one.before, one.now))
    if one.before is not None and one.now is not None and before == now:  # the same to the last digit that is shown
        before, now = (f"{shown} {_made(figure)}" for shown, figure in ((before, one.before), (now, one.now)))
    values |= {"before": before, "now": now}
    if one.now is None:
        return say("kpi-published-gone", metric=values["metric"], before=before)
    if one.before is None:
        return say("kpi-published-new", metric=values["metric"], now=now)
    comma = "、" if say.language == "zh" else ", "
    if one.changes:
        metric = practice.metrics[one.metric]
        keys = [change.key for change in one.changes]
        shown = keys if session.options.verbose else keys[:_NAMED]
        called = inquiry_names(session.workspace(), shown) if metric.grain == "inquiry" else {key: key for key in shown}
        listed = comma.join(sorted((called[key] for key in shown), key=by_number))
        if len(keys) > len(shown):
            listed += comma + say("kpi-more", n=len(keys) - len(shown))
        inquiries = metric.grain == "inquiry"
        return say("kpi-published-inquiry" if inquiries else "kpi-published-other", **values, n=len(keys), names=listed)
    if one.parts:
        return say("kpi-published-parts", **values, names=comma.join(names.part(part) for part in one.parts))
    return say("kpi-published-rule", **values)


def by_number(name: str) -> tuple[str, int, str]:
    """An order in which INQ-9 comes before INQ-10, and calls/C9 before calls/C10."""
    digits = re.search(r"[0-9]{1,18}\Z", name)
    return (name if digits is None else name[: digits.start()], 0 if digits is None else int(digits[0]), name)


def _figure(session: Session, figure: Figure | None) -> str:
    from deskweave.measure.figures import in_unit
    from deskweave.measure.wording import word

    if figure is None or figure.value is None:
        return word(session.say.language, "no_data")
    language = session.say.language
    said = in_unit(figure.unit, figure.value, language)
    if figure.level is None:
        return said
    level = word(language, f"level:{figure.level}")
    return f"{said}（{level}）" if language == "zh" else f"{said} ({level})"


def _made(figure: Figure) -> str:
    from deskweave.measure.figures import number

    if figure.numerator is None or figure.denominator is None:
        return f"({number(figure.counted)})"
    return f"({number(figure.numerator)}/{number(figure.denominator)})"


def published_data(session: Session, published: Published, moved: tuple[Moved, ...]) -> dict[str, Any]:
    """The same for other programs: values in their units, inquiries by their keys."""
    from deskweave.workspace.measuring import inquiry_names

    called = inquiry_names(session.workspace(), {change.key for one in moved for change in one.changes})

    def value(figure: Figure | None) -> float | None:
        return None if figure is None else figure.value

    return {
        "as_of": published.as_of,
        "practice": published.practice,
        "moved": [
            {
                "metric": one.metric,
                "published": value(one.before),
                "now": value(one.now),
                "published_level": None if one.before is None else one.before.level,
                "level": None if one.now is None else one.now.level,
                "changed": [
                    {"inquiry": called[change.key], "published": change.before, "now": change.now} for change in one.changes
                ],
                "parts": one.parts,
            }
            for one in moved
        ],
    }

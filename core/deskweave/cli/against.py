"""`deskweave kpi explain METRIC --against FILE|VALUE`: a figure beside somebody else's, and what the difference is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deskweave.cli.answer import Report
from deskweave.cli.exits import Exit
from deskweave.cli.kpi import known, titled
from deskweave.cli.publishing import by_number
from deskweave.cli.session import Session
from deskweave.cli.width import pad, width

if TYPE_CHECKING:
    from deskweave.measure import Period
    from deskweave.measure.against import Comparison, Part, Reading
    from deskweave.measure.reasons import Reasons

_NAMED: Final = 6  #: inquiries behind one cause
_READINGS: Final = 5
_UNITS: Final = {"duration": Fraction(1), "ratio": Fraction(1, 1000), "count": Fraction(1)}
_EXAMPLES: Final = {"duration": "4m 12s, 252, 0:04:12", "ratio": "93.1 %, yes, no"}


def against(
    session: Session, period: Period, metrics: Sequence[str], by: Sequence[str], then: datetime | None, stated: str
) -> Exit:
    """Compare a figure with a value, or with a file of values by inquiry.

    Args:
        session: of the call.
        period: of the figure.
        metrics: exactly one.
        by: none: theirs is broken down by nothing that we know.
        then: as for `kpi explain`.
        stated: a file, or a value in the figure's unit.
    """
    from deskweave.measure import FactBuilder
    from deskweave.measure.against import Unreadable, adds, clock_readings, compare, nearest, read_value
    from deskweave.model import InquiryId
    from deskweave.workspace.events import StoreEvents
    from deskweave.workspace.measuring import KnownThen, inquiry_names, reasons

    space, say, screen = session.workspace(), session.say, session.screen
    if len(metrics) != 1:
        screen.warn(say("kpi-explain-one", first=metrics[0]) if metrics else say("kpi-explain-what"))
        return Exit.INPUT
    if not known(session, metrics[0], list(space.practice.metrics), "metric"):
        return Exit.INPUT
    if by:
        screen.warn(say("against-explain"))
        return Exit.INPUT
    if not space.has_store:
        screen.warn(say("home-no-store"))
        return Exit.INPUT
    why = reasons(space, metrics[0], period, as_of=then)
    builder = FactBuilder(space.practice)
    metric = why.metric
    how = adds(_plan(space.practice, builder, metric), why.shares) if metric.grain == "inquiry" else None
    told = _Told(session, why, period)
    if how is None:
        screen.warn(say("against-adds", metric=told.words.metric(metric.id)))
        return Exit.INPUT
    clock = why.clocks[0] if len(why.clocks) == 1 else None
    source: Any = StoreEvents(space.store) if then is None else KnownThen(StoreEvents(space.store), then)
    cache: dict[str, Mapping[Reading, int]] = {}

    def readings(key: str) -> Mapping[Reading, int]:
        if key not in cache:
            cache[key] = {} if clock is None else clock_readings(builder, clock, list(source.events_of([InquiryId(key)])))
        return cache[key]

    path = Path(stated)
    if path.is_file():
        theirs = _theirs(session, path, metric.unit, how == "sum" and "count" in metric.value)
        if theirs is None:
            return Exit.INPUT
        told.comparison = compare(why.shares, theirs, how, metric.unit, clock, readings)
        told.names = inquiry_names(space, [*theirs, *(one.key for one in why.shares)])
    else:
        try:
            told.value = read_value(stated, metric.unit)
        except Unreadable:
            screen.warn(say("against-neither", found=stated, example=_EXAMPLES.get(metric.unit, "42")))
            return Exit.INPUT
        if how == "mean" and clock is not None and why.result.value is not None:
            told.near = nearest(why.shares, told.value, metric.unit, clock, readings)[:_READINGS]
    return session.finish(
        Report(
            command="kpi explain",
            text=told.text,
            summary=told.summary(),
            items=told.items(),
            columns=[(key, say(f"against-column-{key}")) for key in ("cause", "amount", "inquiries", "names")]
            if session.options.format not in ("text", "json")
            else (),
        )
    )


def _plan(practice: Any, builder: Any, metric: Any) -> object:
    from deskweave.measure.planner import Planner

    return Planner(practice, builder.columns).plan(metric, ())


def _theirs(session: Session, path: Path, unit: str, counts: bool) -> dict[str, Fraction] | None:
    """Their values by inquiry; None after complaints. A heading is a first row whose value is none."""
    from deskweave.documents.sheet import read_grid
    from deskweave.measure.against import Unreadable, read_value
    from deskweave.store.lookup import inquiries_called

    say, screen = session.say, session.screen
    rows = [(line, cell.strip(), said.strip()) for line, (cell, said) in _pairs(read_grid(path)) if cell.strip()]
    with session.workspace().store.read() as tx:
        ids = inquiries_called(tx, [key for _, key, _ in rows])
    if rows and rows[0][1] not in ids and not any(char.isdigit() for char in rows[0][1]):
        rows.pop(0)  # the heading
    valued: list[tuple[int, str, Fraction]] = []
    bad: list[tuple[int, str]] = []
    for line, key, said in rows:
        if not said and not counts:
            continue  # they know the inquiry and have no value for it
        try:
            valued.append((line, key, Fraction(1) if counts else read_value(said, unit)))
        except Unreadable:
            bad.append((line, said))
    for line, said in bad[:5]:
        screen.warn(say("against-bad", file=str(path), line=line, found=said, example=_EXAMPLES.get(unit, "42")), hang=2)
    if bad:
        return None
    found: dict[str, tuple[int, Fraction]] = {}
    for line, key, value in valued:
        name = str(ids.get(key, key))
        if name in found:
            screen.warn(say("against-twice", file=str(path), line=line, key=key, before=found[name][0]))
            return None
        found[name] = (line, value)
    if not found:
        screen.warn(say("against-empty", file=str(path)))
        return None
    return {name: value for name, (_, value) in found.items()}


def _pairs(lines: Iterable[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, tuple[str, str]]]:
    """The first two cells of every row."""
    for line, cells in lines:
        first, second, *_ = [*cells, "", ""]
        yield line, (first, second)


class _Told:
    """A comparison in words and as data."""

    def __init__(self, session: Session, why: Reasons, period: Period) -> None:
        from deskweave.measure.naming import Names

        self.session, self.why, self.period = session, why, period
        self.say, self.screen, self.practice = session.say, session.screen, session.workspace().practice
        self.words = Names(self.practice, session.say.language)
        self.comparison: Comparison | None = None
        self.value: Fraction | None = None
        self.near: list[tuple[Reading, Fraction, int]] = []
        self.names: Mapping[str, str] = {}

    @property
    def comma(self) -> str:
        return "、" if self.say.language == "zh" else ", "

    @property
    def unit(self) -> Fraction:
        return _UNITS.get(self.why.metric.unit, Fraction(1, 100))

    # -------------------------------------------------------------------------------------------------------------- in words
    def shown(self, value: Fraction | None) -> str:
        from deskweave.measure.figures import in_unit
        from deskweave.measure.wording import word

        if value is None:
            return word(self.say.language, "no_data")
        return in_unit(self.why.metric.unit, float(self.units(value) * self.unit), self.say.language)

    def units(self, value: Fraction) -> int:
        """Whole units, halves upwards: what is shown."""
        return int((value / self.unit + Fraction(1, 2)) // 1)

    def signed(self, units: int) -> str:
        from deskweave.measure.figures import in_unit, number

        sign = "-" if units < 0 else "+"
        value = float(abs(units) * self.unit)
        if self.why.metric.unit == "ratio":
            return sign + self.say("against-points", n=number(value * 100))
        return sign + in_unit(self.why.metric.unit, value, self.say.language)

    def moment(self, name: str) -> str:
        kind, _, slug = name.partition(":")
        if kind == "submitted":
            return self.words.field("submitted_at")
        if kind == "status":
            return self.say("against-status", status=self.words.value("status", slug))
        return self.words.field(slug)

    def reading(self, one: Reading) -> str:
        said = []
        if one.start:
            said.append(self.say("against-from", moment=self.moment(one.start)))
        if one.stop:
            said.append(self.say("against-to", moment=self.moment(one.stop)))
        if one.hours:
            said.append(self.say("against-wall"))
        if one.whole:
            taken = self.practice.clocks[self.why.clocks[0]].minus
            said.append(self.say("against-whole", clock=self.words.clock(taken[1] if taken else one.whole)))
        return self.comma.join(said)

    def cause(self, part: Part) -> str:
        match part.cause:
            case "ours":
                return self.say("against-cause-ours")
            case "theirs":
                return self.say("against-cause-theirs")
            case "rounding":
                return self.say("against-cause-rounding")
            case "reading":
                return self.say("against-cause-reading", reading=self.reading(part.reading))
            case _:
                return self.say("against-cause-unknown")

    def listed(self, part: Part) -> str:
        keys = sorted(part.keys, key=lambda key: by_number(self.names.get(key, key)))
        shown = keys if self.session.options.verbose else keys[:_NAMED]
        said = [self.names.get(key, key) for key in shown]
        if len(keys) > len(shown):
            said.append(self.say("kpi-more", n=len(keys) - len(shown)))
        return self.comma.join(said)

    def text(self) -> None:
        from deskweave.measure.text import heading

        say, screen, space = self.say, self.screen, self.session.workspace()
        language, why = self.say.language, self.why
        head = heading(self.practice, self.period, language, client=space.folder.id, environment=space.folder.environment)
        screen.say(head, hang=4)
        screen.say()
        screen.say(self.words.metric(why.metric.id))
        ours, theirs = self.sides()
        titled(self.session, say("against-head-ours"), self.shown(ours))
        titled(self.session, say("against-head-theirs"), self.shown(theirs))
        gap = self.units(theirs or Fraction(0)) - self.units(ours or Fraction(0))
        titled(self.session, say("against-head-difference"), self.signed(gap))
        if self.comparison is not None:
            self.parts(self.comparison, gap)
        elif self.near:
            screen.say()
            screen.say(say("against-readings"))
            for reading, value, n in self.near:
                left = self.signed(self.units(theirs or Fraction(0)) - self.units(value))
                screen.say(
                    "  " + say("against-reading", reading=self.reading(reading), value=self.shown(value), left=left, n=n), hang=4
                )
        if self.comparison is None:
            screen.say()
            screen.say(say("against-value"), hang=2)
        self.session.next(f"deskweave kpi explain {why.metric.id} --period {self.period.id}")

    def parts(self, comparison: Comparison, gap: int) -> None:
        from deskweave.measure.against import apportioned
        from deskweave.measure.figures import number

        say, screen = self.say, self.screen
        titled(self.session, say("against-head-both"), number(comparison.both))
        if not comparison.parts:
            return
        screen.say()
        screen.say(say("against-parts"))
        units = apportioned([part.amount / self.unit for part in comparison.parts], gap)
        shown = [self.signed(amount) for amount in units]
        wide = max(width(one) for one in shown)
        for amount, part in zip(shown, comparison.parts, strict=True):
            screen.say(f"  {pad(amount, wide, 'right')}  {self.cause(part)}   {number(len(part.keys))}", hang=wide + 4)
            screen.say("      " + self.listed(part), hang=6)
            if part.cause == "theirs":
                self.strange(part)
        screen.say(f"  {pad(self.signed(gap), wide, 'right')}  {say('against-all')}")
        if any(part.cause in ("reading", "rounding") for part in comparison.parts):
            screen.say()
            screen.say(say("against-fits"), hang=2)

    def strange(self, part: Part) -> None:
        """Of those they alone count, which we know."""
        from deskweave.measure.figures import number

        here = sum(self.names.get(key, key) != key for key in part.keys)
        if here:
            self.screen.say("      " + self.say("against-known", n=number(here)), hang=6)
        if here < len(part.keys):
            self.screen.say("      " + self.say("against-strange", n=number(len(part.keys) - here)), hang=6)

    # --------------------------------------------------------------------------------------------------------------- as data
    def sides(self) -> tuple[Fraction | None, Fraction | None]:
        if self.comparison is not None:
            return self.comparison.ours, self.comparison.theirs
        value = self.why.result.value
        return None if value is None else Fraction(value), self.value

    def summary(self) -> dict[str, Any]:
        ours, theirs = self.sides()
        return {
            "metric": self.why.metric.id,
            "period": self.period.id,
            "unit": self.why.metric.unit,
            "ours": None if ours is None else float(ours),
            "theirs": None if theirs is None else float(theirs),
            "difference": float((theirs or 0) - (ours or 0)),
            "both": None if self.comparison is None else self.comparison.both,
            "readings": [{"reading": reading._asdict(), "value": float(value), "inquiries": n} for reading, value, n in self.near],
        }

    def items(self) -> list[dict[str, Any]]:
        people = self.session.options.format in ("csv", "md")
        return [
            {
                "cause": self.cause(part) if people else part.cause,
                "reading": part.reading._asdict() if part.cause == "reading" else None,
                "amount": float(part.amount),
                "inquiries": len(part.keys),
                "names": self.comma.join(self.names.get(key, key) for key in part.keys)
                if people
                else [self.names.get(key, key) for key in part.keys],
            }
            for part in (self.comparison.parts if self.comparison is not None else ())
        ]

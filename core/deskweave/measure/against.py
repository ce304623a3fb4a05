"""A figure beside somebody else's: whom both count, whom only one does, and how a clock would have to be read to say what they say.

Sums are of fractions, so that the parts add up to the difference exactly. A reading that fits is a likely cause, never a proof.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias

from deskweave.clock import WALL, ClockError, folded
from deskweave.clock.hours import measure_of
from deskweave.clock.timeline import SUBMITTED
from deskweave.measure.facts import FactBuilder
from deskweave.measure.plan import Aggregate, Count, Fulfilled, Plan
from deskweave.measure.reasons import Share
from deskweave.model import Event

Adds: TypeAlias = Literal["mean", "sum"]
"""How a figure is made of what inquiries give: the mean of their values, or the sum."""
Cause: TypeAlias = Literal["ours", "theirs", "reading", "rounding", "unknown"]
"""Why figures differ: counted by us alone, by them alone, the clock read otherwise, rounded by them, or nobody knows."""

_YES: Final = frozenset(("yes", "true", "1", "y", "met", "是", "达标"))
_NO: Final = frozenset(("no", "false", "0", "n", "missed", "breached", "否", "未达标"))
_PARTS: Final = re.compile(
    r"(?:(?P<h>[\d,]+)\s*(?:h|hours?|时|小时))?\s*(?:(?P<m>\d+)\s*(?:m|min|minutes?|分|分钟))?\s*(?:(?P<s>\d+(?:\.\d+)?)\s*(?:s|sec|seconds?|秒))?"
)
_CLOCK: Final = re.compile(r"(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)")
_OWN: Final = ""


class Reading(NamedTuple):
    """How else a clock can be read; empty: as the practice has it.

    `start` and `stop`: `submitted`, `status:SLUG` (its first time) or `field:ID`. `hours`: `wall`. `whole`: the clock of a
    difference from which nothing is taken away.
    """

    start: str = _OWN
    stop: str = _OWN
    hours: str = _OWN
    whole: str = _OWN

    @property
    def steps(self) -> int:
        """In how many ways it is another."""
        return sum(one != _OWN for one in self)


AS_IT_IS: Final = Reading()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one cause makes of the difference, in the figure's unit."""

    cause: Cause
    amount: Fraction
    keys: tuple[str, ...]
    reading: Reading = AS_IT_IS


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two figures, and parts that add up to `theirs - ours`. None: nothing is counted there, which adds up as nought."""

    ours: Fraction | None
    theirs: Fraction | None
    both: int
    parts: tuple[Part, ...]

    @property
    def difference(self) -> Fraction:
        """Theirs less ours."""
        return (self.theirs or Fraction(0)) - (self.ours or Fraction(0))


class Unreadable(ValueError):
    """Somebody's value that is none in the figure's unit."""


def adds(plan: object, shares: Iterable[Share]) -> Adds | None:
    """How a figure adds up; None: it does not (percentiles, extremes, ratios of two sums, composites)."""
    if not isinstance(plan, Plan):
        return None
    value = plan.value
    if isinstance(value, Count) or (isinstance(value, Aggregate) and value.function == "sum"):
        return "sum"
    single = all(one.denominator == 1 for one in shares if one.group != "out")
    if isinstance(value, Aggregate):
        return "mean" if value.function == "average" else None
    if isinstance(value, Fulfilled):
        return "mean" if single and value.how == "every" else None
    counts = isinstance(value.of, Count) and isinstance(value.over, Count)
    return "mean" if counts and single else None


def read_value(text: str, unit: str) -> Fraction:
    """What somebody wrote: seconds, `4m 12s`, `0:04:12`, `4分12秒`; `93.1 %` or yes and no; a number.

    Raises:
        Unreadable: it is nothing of the kind.
    """
    said = text.strip().lower()
    if unit == "ratio" and (said in _YES or said in _NO):
        return Fraction(said in _YES)
    if unit == "ratio" and said.endswith("%"):
        return _number(said[:-1]) / 100
    if unit == "duration" and said:
        clock = _CLOCK.fullmatch(said)
        if clock is not None:
            return Fraction(clock[1]) * 3600 + Fraction(clock[2]) * 60 + Fraction(clock[3])
        parts = _PARTS.fullmatch(said)
        if parts is not None and any(parts.groups()):
            hours = Fraction((parts["h"] or "0").replace(",", ""))
            return hours * 3600 + Fraction(parts["m"] or 0) * 60 + Fraction(parts["s"] or 0)
    return _number(said)


def _number(said: str) -> Fraction:
    try:
        found = Decimal(said.strip().replace(",", ""))
    except InvalidOperation:
        raise Unreadable(said) from None
    if not found.is_finite() or abs(found.adjusted()) > 18:
        raise Unreadable(said)
    return Fraction(found)


# ------------------------------------------------------------------------------------------------------------------- comparing
def compare(
    shares: Sequence[Share],
    theirs: Mapping[str, Fraction],
    how: Adds,
    unit: str,
    clock: str | None,
    readings: Callable[[str], Mapping[Reading, int]],
) -> Comparison:
    """Compare a figure with what somebody else counted, inquiry by inquiry.

    Args:
        shares: what inquiries give to ours (`Asking.shares`).
        theirs: by inquiry, or by whatever they call one that we do not know.
        how: from `adds`.
        unit: of the metric.
        clock: the one clock that the figure reads; None: none, or several.
        readings: `clock_readings` of an inquiry; asked only of those whose values differ.
    """
    ours = {one.key: Fraction(one.numerator or 0) for one in shares if one.group != "out"}
    goals = {one.key: one.timings[clock].goal for one in shares if clock is not None and clock in one.timings}
    both = sorted(ours.keys() & theirs.keys())
    alone, strange = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
    mine, yours = _total(ours.values(), how), _total(theirs.values(), how)
    left = {key: theirs[key] - ours[key] for key in both if theirs[key] != ours[key]}
    weight = Fraction(1, len(both)) if how == "mean" and both else Fraction(1)
    if how == "sum":
        edges = -sum((ours[key] for key in alone), Fraction(0)), sum((theirs[key] for key in strange), Fraction(0))
    elif both:
        here = (sum((side[key] for key in both), Fraction(0)) * weight for side in (ours, theirs))
        edges = next(here) - (mine or 0), (yours or 0) - next(here)
    else:
        edges = -(mine or Fraction(0)), yours or Fraction(0)
    parts = [Part(cause="ours", amount=edges[0], keys=tuple(alone))] if alone else []
    parts += [Part(cause="theirs", amount=edges[1], keys=tuple(strange))] if strange else []
    whole = unit == "duration" and all(value % 60 == 0 for value in theirs.values())
    fits = {key: _fitting(readings(key), theirs[key], unit, goals.get(key), whole) for key in left} if clock is not None else {}
    for reading, keys in _covered(left, fits):
        cause: Cause = "unknown" if reading is None else "rounding" if not reading.steps else "reading"
        amount = sum((left[key] for key in keys), Fraction(0)) * weight
        parts.append(Part(cause=cause, amount=amount, keys=keys, reading=reading or AS_IT_IS))
    return Comparison(ours=mine, theirs=yours, both=len(both), parts=tuple(parts))


def _total(values: Iterable[Fraction], how: Adds) -> Fraction | None:
    known = list(values)
    if how == "sum":
        return sum(known, Fraction(0))
    return sum(known, Fraction(0)) / len(known) if known else None


def _fitting(known: Mapping[Reading, int], said: Fraction, unit: str, goal: int | None, whole: bool) -> set[Reading]:
    """The readings under which our clock says what they say: to a second, or to the minute where they say whole minutes."""
    if unit == "ratio":
        return {one for one, took in known.items() if goal is not None and Fraction(took <= goal) == said}
    near = 59 if whole else 1
    return {one for one, took in known.items() if abs(took - said) <= near}


def _covered(left: Iterable[str], fits: Mapping[str, set[Reading]]) -> list[tuple[Reading | None, tuple[str, ...]]]:
    """Inquiries by the reading that explains most of them, then by the next; None: those that no reading explains."""
    open_ = set(left)
    found: list[tuple[Reading | None, tuple[str, ...]]] = []
    while True:
        counts: dict[Reading, int] = {}
        for key in open_:
            for one in fits.get(key, ()):
                counts[one] = counts.get(one, 0) + 1
        if not counts:
            break
        best = min(counts, key=lambda one: (-counts[one], one.steps, one))
        keys = tuple(sorted(key for key in open_ if best in fits[key]))
        open_ -= set(keys)
        found.append((best, keys))
    return [*found, *([(None, tuple(sorted(open_)))] if open_ else [])]


def nearest(
    shares: Sequence[Share], theirs: Fraction, unit: str, clock: str, readings: Callable[[str], Mapping[Reading, int]]
) -> list[tuple[Reading, Fraction, int]]:
    """What the mean would be under other readings of the clock, the nearest to `theirs` first.

    Returns:
        The reading, our figure under it, and for how many inquiries it says anything; the others keep their value. Only readings
        that come nearer than ours does.
    """
    counted = [one for one in shares if one.group != "out"]
    known = {one.key: readings(one.key) for one in counted}
    now = sum((Fraction(one.numerator or 0) for one in counted), Fraction(0)) / max(len(counted), 1)
    found = []
    for reading in {one for said in known.values() for one in said if 0 < one.steps <= 2}:
        values = []
        for share in counted:
            took, goal = known[share.key].get(reading), share.timings[clock].goal
            if took is None or (unit == "ratio" and goal is None):
                values.append(Fraction(share.numerator or 0))
            else:
                values.append(Fraction(took <= (goal or 0)) if unit == "ratio" else Fraction(took))
        mean = sum(values, Fraction(0)) / len(values)
        if abs(mean - theirs) < abs(now - theirs):
            found.append((reading, mean, sum(reading in said for said in known.values())))
    return sorted(found, key=lambda one: (abs(one[1] - theirs), one[0].steps, -one[2], one[0]))


def clock_readings(builder: FactBuilder, clock: str, events: Sequence[Event]) -> dict[Reading, int]:
    """What a complete clock of one inquiry says, in seconds, and what it would say with another start, stop or other hours.

    Args:
        builder: of the practice.
        clock: which.
        events: all of the inquiry's.
    """
    stated = builder.practice.clocks[clock]
    line = builder.line(events)
    facts = builder.clocks.evaluate(line).facts
    fact = facts[clock]
    if fact.took is None or fact.started_at is None or fact.stopped_at is None:
        return {}
    found = {Reading(): fact.took}
    if stated.minus is not None:
        whole = facts[stated.minus[0]].took
        return found if whole is None else {**found, Reading(whole=stated.minus[0]): whole}
    if stated.start is None or stated.stop is None:
        return found
    if len(fact.spans) > 1:
        spans = ((span.started_at, span.stopped_at) for span in fact.spans)
        return {**found, Reading(hours="wall"): sum(WALL.working(start, stop) for start, stop in spans if stop is not None)}
    moments: dict[str, datetime] = {}
    if line.submitted is not None:
        moments["submitted"] = line.submitted
    for entry in line.entries:
        moments.setdefault(f"status:{entry.status}", entry.at)
    for field, value in folded(builder.succession.events(events)).items():
        if isinstance(value, datetime) and value.tzinfo is not None and field != SUBMITTED and field in builder.practice.fields:
            moments[f"field:{field}"] = value
    hours = builder.clocks.calendar_of(stated)
    for begun, start in {_OWN: fact.started_at, **moments}.items():
        for ended, stop in {_OWN: fact.stopped_at, **moments}.items():
            same = (begun != _OWN and start == fact.started_at) or (ended != _OWN and stop == fact.stopped_at)
            if same or (stop <= start and (begun or ended)):  # nothing lies between: no reading of a clock
                continue
            for name, measure in ((_OWN, hours), ("wall", WALL)):
                try:
                    found.setdefault(Reading(begun, ended, name), measure_of(measure, line).working(start, stop))
                except ClockError:  # outside the known days: nothing can be said under this reading
                    continue
    return found


def apportioned(amounts: Sequence[Fraction], total: int) -> list[int]:
    """Whole units for amounts, so that what is shown adds up to `total`: the largest remainders are rounded up."""
    floors = [int(one // 1) for one in amounts]
    missing = total - sum(floors)
    order = sorted(range(len(amounts)), key=lambda place: (-(amounts[place] % 1), place))
    step = 1 if missing > 0 else -1
    for turn in range(abs(missing) if order else 0):
        floors[order[turn % len(order)] if step > 0 else order[-1 - turn % len(order)]] += step
    return floors

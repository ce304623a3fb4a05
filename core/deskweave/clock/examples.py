"""Examples that a clock's document states: events in, and what must come out. They run whenever a practice is checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from deskweave.clock.evaluation import Clocks, Evaluation
from deskweave.clock.moments import Moment, due_of
from deskweave.clock.timeline import STATUS, SUBMITTED, timeline
from deskweave.model import Clock, Event, Field, FieldId, InquiryId, Json, Status, Value

_DURATION: Final = re.compile(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?\Z")
_OWN: Final = ("at", "by")  #: words of a line of `given` that are no fields
EXPECTED: Final = ("took", "goal", "met", "due")
MACHINE: Final = "rule:example"


class Wrong(NamedTuple):
    """What is wrong with an example. `rule`: example-given (it says what is not there) or example-differs."""

    rule: str
    path: str  #: inside the clock's document
    found: str
    message: str


def run_examples(clock: Clock, clocks: Clocks, statuses: Mapping[str, Status], fields: Mapping[FieldId, Field]) -> Iterator[Wrong]:
    """Everything that the examples of a clock state otherwise than it comes out.

    Each line of `given` says what became so `at` an instant with its offset: fields of the inquiry by slug, `by: machine` where no
    person did it. The first line is the submission unless a line states `submitted_at`. `expect` says what the clock `took`, its
    `goal`, whether it was `met`, and when it is `due`; what it leaves out is not looked at.
    """
    for number, example in enumerate(clock.examples):
        path = f"examples/{number}"
        given, expect = example.get("given"), example.get("expect")
        if not isinstance(given, Sequence) or isinstance(given, str) or not given or not isinstance(expect, Mapping):
            continue  # the schema said so
        try:
            events = list(_events(given, fields))
        except _Misfit as error:
            yield Wrong("example-given", f"{path}/given/{error.at}", error.found, error.message)
            continue
        line = timeline(events, statuses, watched=clocks.watched)
        if line.unknown:
            at = next(i for i, said in enumerate(given) if isinstance(said, Mapping) and said.get(STATUS) == line.unknown[0])
            yield Wrong("example-given", f"{path}/given/{at}/{STATUS}", line.unknown[0], "is no status of this practice")
            continue
        found = clocks.evaluate(line)
        run = clocks.runs(line).get(clock.id)
        breach = due_of(run) if run is not None else None
        yield from _compared(clock, expect, found, breach, f"{path}/expect")


def _compared(clock: Clock, expect: Mapping[str, Json], found: Evaluation, breach: Moment | None, path: str) -> Iterator[Wrong]:
    fact = found.facts[clock.id]
    why = next((f"no value: {one.message}" for one in found.problems if one.clock == clock.id), "no value")
    for word in EXPECTED:
        if word not in expect:
            continue
        want = expect[word]
        match word:
            case "took" | "goal":
                have: object = fact.took if word == "took" else fact.goal
                same = have == (None if want is None else _seconds(want))
                came = why if have is None else _written(fact.took if word == "took" else fact.goal)
            case "met":
                have, same = fact.met, fact.met == want
                came = "not judged" if have is None else str(have).lower()
            case _:
                at = breach.at if breach is not None else None
                same = at == (None if want is None else _instant(want))
                came = "no moment" if at is None else at.isoformat()
                if at is not None and isinstance(want, str) and (wanted := _instant(want)) is not None:
                    came = at.astimezone(wanted.tzinfo).isoformat()
        if not same:
            said = "none" if want is None else str(want).lower() if isinstance(want, bool) else want
            yield Wrong("example-differs", f"{path}/{word}", came, f"is what comes out; the example expects {said}")


class _Misfit(Exception):
    def __init__(self, at: str, found: object, message: str) -> None:
        super().__init__(message)
        self.at, self.found, self.message = at, str(found)[:80], message


def _events(given: Sequence[Json], fields: Mapping[FieldId, Field]) -> Iterator[Event]:
    said = [line for line in given if isinstance(line, Mapping)]
    stated = any(SUBMITTED in line for line in said)
    seq = 0
    for number, line in enumerate(said):
        at = _instant(line.get("at"))
        if at is None:
            raise _Misfit(f"{number}/at", line.get("at"), "is no instant with its offset, such as 2026-03-16T09:00:00+08:00")
        values: dict[str, Value] = {} if stated or number else {SUBMITTED: at}
        for name, value in line.items():
            if name in _OWN:
                continue
            field = fields.get(FieldId(name))
            if field is None:
                raise _Misfit(f"{number}/{name}", name, "is no field of the inquiry")
            values[name] = _value(value, field, f"{number}/{name}")
        for name, became in values.items():
            seq += 1
            yield Event(
                seq=seq, inquiry=InquiryId("example"), field=FieldId(name), old=None, new=became, at=at, order=0, recorded_at=at,
                actor=None, source=MACHINE if line.get("by") == "machine" else "person:example", origin_id=str(seq), precise=True,
                refines=None, cause=None, practice="",
            )  # fmt: skip


def _value(value: Json, field: Field, path: str) -> Value:
    if field.type == "datetime" and value is not None:
        at = _instant(value)
        if at is None:
            raise _Misfit(path, value, "is no instant with its offset, such as 2026-03-16T09:00:00+08:00")
        return at
    if field.type == "choice" and field.choices and value is not None and value not in field.choices:
        raise _Misfit(path, value, f"is no choice of {field.id}")
    if isinstance(value, Mapping):
        raise _Misfit(path, "a mapping", f"is no value of {field.id}")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(one) for one in value)
    return value


def _instant(value: Json) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if at.tzinfo is None else at.astimezone(UTC) if at.utcoffset() is None else at


def _seconds(value: Json) -> int | None:
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _written(seconds: int | None) -> str:
    """Seconds as files say them: PT1H30M."""
    assert seconds is not None
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if number]
    return "PT" + ("".join(parts) or "0S")

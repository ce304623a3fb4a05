"""What no listing of changes tells: records that are gone, and changes that came into a listing late.

A record counts as gone when two complete censuses in a row, a day apart, miss it and the platform says of it that it is gone. Then
its link becomes a tombstone: the inquiry and its events stay, nothing is written there, nothing is made anew; what follows for its
counterparts is for `deletion`. A census that misses many records at once is no news about them but about our rights, or about the
platform: it stops everything.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from deskweave.connector import Absent, Ref
from deskweave.store.inquiries import numbers_of
from deskweave.store.links import Link, count_live, hush_messages, known_rids, links_by_id, save_links
from deskweave.store.streams import Stream, read_stream, save_stream
from deskweave.sync.deletion import confirm
from deskweave.sync.report import GoneNote
from deskweave.sync.run import Run, Side, fetch, ref_key
from deskweave.sync.stops import GuardStop, Stop, go_ahead

CENSUS: Final = "census"  #: feed; `watermark` is when the last one was taken, `resume` how many were complete
EVERY: Final = timedelta(days=1)
TRAILING: Final = timedelta(days=1)  #: how far back the first run of an hour lists again


def trailing_since(since: datetime | None, heartbeat: datetime | None, now: datetime) -> datetime | None:
    """Where a listing begins: the first run of every hour looks at the last day again, for what an index showed late."""
    if since is None or heartbeat is None or _hour(heartbeat) == _hour(now):
        return since
    return min(since, now - TRAILING)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def sweep(run: Run, side: Side) -> None:
    """Count the records of every collection whose census is due.

    Raises:
        GuardStop: so many are missing that it is not about them.
    """
    for name in side.binding.collections:
        capabilities = side.capabilities(name)
        if capabilities is None or not capabilities.census or not capabilities.reads or side.connection.records is None:
            continue
        if capabilities.changes == "callback":
            continue
        with run.store.read() as tx:
            state = read_stream(tx, side.name, name, CENSUS)
        if state.watermark is not None and run.now() - state.watermark < EVERY:
            continue
        if state.watermark is None:
            with run.store.write() as tx:  # the first listing was complete a moment ago
                save_stream(tx, side.name, name, CENSUS, Stream(run.now(), "0"))
            continue
        if run.works(side):
            with run.containing(side):
                _census(run, side, name, int(state.resume or "0") + 1)


def _census(run: Run, side: Side, name: str, number: int) -> None:
    run.verify(side)
    with run.store.read() as tx:
        known = known_rids(tx, side.name, name)
        live = count_live(tx, side.name)
    begun = run.now()
    seen, expected = _listed(run, side, name)
    complete = expected is None or len(seen) >= expected
    missing = sorted(known.keys() - seen)
    if not complete:
        run.note(
            "census-incomplete",
            side,
            name,
            f"{len(seen)} of {expected}",
            f"the platform counts {expected} records in {name} and listed {len(seen)}; nobody is taken for gone",
            "grant the account the right to read all of them, or bind a smaller collection",
        )
        number -= 1
    elif missing:
        limit = run.guard.deletes(live)
        emptied = len(missing) == len(known) > 1
        if len(missing) > limit or emptied:
            many = f"{len(missing)} of {len(known)} records"
            stop = Stop(
                kind="vanished",
                text=f"{many} in {name} of {side.name} are not there any more; the limit is {limit}",
                labels=(many,),
                connection=side.name,
                collection=name,
                count=0 if emptied else len(missing),  # nobody has to say that all of them are gone: it is not about records
                limit=limit,
                of=len(known),
            )
            purpose = "" if emptied else f" If they were deleted on purpose: deskweave sync {go_ahead([stop])}"
            raise GuardStop(
                f"stopped before writing: {stop.text}. Did the account lose a right, was the platform emptied or restored, is it "
                f"another one? Look at it there.{purpose}",
                [stop],
            )
        _miss(run, side, name, [known[rid] for rid in missing], number)
    with run.store.write() as tx:
        save_stream(tx, side.name, name, CENSUS, Stream(begun, str(number)))


def _listed(run: Run, side: Side, name: str) -> tuple[Collection[str], int | None]:
    source = side.connection.records
    assert source is not None
    seen: set[str] = set()
    expected: int | None = None
    for page in run.pages(side, partial(source.census, name), "records.census", f"the census of {name}"):
        seen.update(stub.ref.rid for stub in page.items)
        expected = page.expected if page.expected is not None else expected
    return seen, expected


def _miss(run: Run, side: Side, name: str, ids: Sequence[str], number: int) -> None:
    """Ask for the records a census missed; the second time in a row, what the platform says is gone is gone."""
    with run.store.read() as tx:
        links = links_by_id(tx, ids)
    got = fetch(run, side, [Ref(name, str(one.rid)) for one in links.values()])
    with run.store.write() as tx:
        links = links_by_id(tx, ids)
        moved: list[Link] = []
        gone: list[Link] = []
        for link in links.values():
            answer = got[Ref(name, str(link.rid))]
            if not isinstance(answer, Absent):
                continue
            if answer.why != "gone":
                run.note(
                    "record-hidden",
                    side,
                    ref_key(answer.ref),
                    link.label or "",
                    f"{link.label} is not listed and cannot be read ({answer.why}); it is not taken for gone",
                    "look whether the account may read it",
                )
                continue
            if link.missing != number - 1 or number == 1:
                link.missing = number
            else:
                link.state, link.push, link.dirty, link.not_before, link.missing = "tombstone", False, False, None, None
                link.inflight, link.parked_reason = {}, None
                hush_messages(tx, link.id, hushed=True)
                gone.append(link)
            moved.append(link)
        save_links(tx, moved)
        confirm(run, tx, gone)
        numbers = numbers_of(tx, [one.inquiry for one in gone if one.inquiry is not None])
    for link in gone:
        number_of = None if link.inquiry is None else numbers[link.inquiry]
        run.report.gone.append(GoneNote(link=link.id, connection=side.name, label=link.label, number=number_of))

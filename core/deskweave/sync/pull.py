"""Pull: read what has changed on a connection, page by page; the rows and the watermark that covers them are one commit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from deskweave.connector import Change, CollectionCapabilities, Plant, Ref, RemoteChange, RemoteRecord, View
from deskweave.model import FieldId, InquiryId, Value
from deskweave.store.audit import own_digests
from deskweave.store.events import coarse_events, known_origins
from deskweave.store.inquiries import numbers_of
from deskweave.store.links import (
    Link,
    hush_messages,
    links_by_corr,
    links_by_id,
    mark_read,
    scan_links,
    unanswered_links,
    unread_links,
)
from deskweave.store.parked import DROPPED, is_decided
from deskweave.store.streams import Stream, read_connection, read_stream, save_stream
from deskweave.sync import match
from deskweave.sync.afterwards import stand
from deskweave.sync.entries import precedes, version_of
from deskweave.sync.fingerprint import UNREADABLE, glance, imprint
from deskweave.sync.history import origin_of, read_lines, without_echoes
from deskweave.sync.merge import same
from deskweave.sync.people import meet
from deskweave.sync.reconcile import NO_LINES, Lines, Reconciliation
from deskweave.sync.run import RECORDS, Progress, Run, Side, ref_key
from deskweave.sync.sweep import trailing_since

MARK: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}:[0-9A-HJKMNP-TV-Z]{26}")  #: what we leave on a record: <install>:<link>


def overlap(capabilities: CollectionCapabilities) -> timedelta:
    """How far behind the watermark a listing begins.

    cursor_precision: stamps within it cannot be told apart; index_lag: a finished write may not be listed yet; settle: a write may
    still be under way with an older stamp.
    """
    return capabilities.cursor_precision + capabilities.index_lag + capabilities.settle


@dataclass(slots=True)
class Sorted:
    """One page, by what has to be done with it."""

    fresh: list[tuple[RemoteRecord, View]] = field(default_factory=list)  #: no link
    moved: list[tuple[RemoteRecord, View, str]] = field(default_factory=list)  #: a link that last saw something else
    decided: list[tuple[RemoteRecord, View, str]] = field(default_factory=list)  #: a person has said what it is
    found: list[tuple[RemoteRecord, View, Link]] = field(default_factory=list)  #: carries the mark of a create without an answer
    alike: list[tuple[RemoteRecord, View, Link]] = field(default_factory=list)  #: may be a create of which nobody knows
    broken: list[RemoteRecord] = field(default_factory=list)  #: the mapper could not read it
    hot: list[Ref] = field(default_factory=list)  #: changed so shortly before the last look that its stamp does not tell

    def strangers(self) -> list[RemoteRecord]:
        return [one[0] for one in self.fresh] + [one[0] for one in self.decided] + [one[0] for one in self.found]

    def records(self) -> list[RemoteRecord]:
        return self.strangers() + [one[0] for one in self.moved]

    def __bool__(self) -> bool:
        return bool(self.fresh or self.moved or self.decided or self.found or self.alike or self.broken)


def pull(run: Run, side: Side) -> bool:
    """Read every collection of a connection; answers whether anything was new."""
    changed = False
    source = side.connection.records
    if source is None:
        return False
    for name in side.binding.collections:
        capabilities = side.capabilities(name)
        if capabilities is None or not capabilities.reads or capabilities.changes not in ("filter", "scan"):
            continue
        if not run.works(side):
            break
        with run.containing(side):
            _catch_up(run, side, name, capabilities)
            changed |= _collection(run, side, name, capabilities)
    return changed


def _collection(run: Run, side: Side, name: str, capabilities: CollectionCapabilities) -> bool:
    source = side.connection.records
    assert source is not None
    with run.store.read() as tx:
        stream = read_stream(tx, side.name, name, RECORDS)
        state = read_connection(tx, side.name)
    since = None if stream.watermark is None else stream.watermark - overlap(capabilities)
    if stream.resume is None:
        since = trailing_since(since, None if state is None else state.heartbeat, run.now())
    seen, changed, latest = 0, False, stream.watermark
    for page in run.pages(side, partial(source.changes, name, since), "records.changes", f"the listing of {name}", stream.resume):
        seen += len(page.items)
        run.part(side).seen += len(page.items)
        run.progress(Progress(connection=side.name, step="read", done=seen, total=page.expected))
        stamps = [one.updated_at for one in page.items if one.updated_at is not None]
        latest = max(stamps if latest is None else [latest, *stamps], default=None)
        mark = max((one for one in (page.covers_until, stream.watermark) if one is not None), default=None)
        to = Stream(mark, page.resume)
        wrote = take_page(run, side, name, page.items, to if to != stream else None)
        changed |= wrote
        if wrote:
            stream = to
        elif side.name in run.foreign or side.name in run.unsaved:
            pass  # listed again by the next run, or it would not know of them and double them
        elif page.resume is None and to != stream and (changed or _worth_saving(stream, to, latest, overlap(capabilities))):
            run.verify(side)
            with run.store.write() as tx:
                save_stream(tx, side.name, name, RECORDS, to)
            stream = to
    run.listed.add((side.name, name))
    return changed


def _worth_saving(old: Stream, new: Stream, latest: datetime | None, span: timedelta) -> bool:
    """Whether a listing that brought nothing new moves its position all the same: a quiet run writes nothing.

    It does once the position has passed all that was told again, so that it is not told for ever, or has come far enough that what
    is told again would grow.
    """
    if old.watermark is None or new.watermark is None or old.resume is not None:
        return True
    if latest is None or latest <= old.watermark:
        return False
    return new.watermark > latest or new.watermark - old.watermark > span


def take_page(
    run: Run,
    side: Side,
    name: str,
    records: Sequence[RemoteRecord],
    to: Stream | None = None,
    also: Callable[[sa.Connection], None] | None = None,
    *,
    thaw: bool = False,
) -> bool:
    """Bring records into the store, with the stream's position in the same commit, and what `also` writes there.

    A frozen record is passed over; `thaw`: it is live from now on.

    Returns:
        False: nothing was new, and nothing was written, not even by `also`.
    """
    with run.store.read() as tx:
        page = _sort(run, side, name, records, tx, thaw=thaw)
    run.part(side).changed += len(page.fresh) + len(page.moved) + len(page.found)
    _read_hot(run, side, page.hot)  # before the position moves past them
    if not page:
        return False
    run.verify(side)
    lines = history(run, side, name, page)
    if side.name in run.foreign:
        to = also = None  # see `_collection`
    with run.store.write() as tx:
        rows = Reconciliation(run, tx)
        ids = [identifier for _, _, identifier in page.moved]
        links = links_by_id(tx, ids)
        begun = [link for _, _, link in [*page.found, *page.alike]]
        homes = [one.inquiry for one in [*links.values(), *begun] if one.inquiry is not None]
        rows.load(homes)
        for record, view, link in page.found:
            assert link.inquiry is not None
            rows.meet(rows.link(link.inquiry, link.id), record, view, lines.get(ref_key(record.ref), NO_LINES), answered=False)
            run.part(side).adopted += 1
        for record, view, identifier in page.moved:
            home = links[identifier].inquiry
            if home is None:
                continue
            link, said = rows.link(home, identifier), lines.get(ref_key(record.ref), NO_LINES)
            if link.state == "frozen":
                stand(run, link, view)
            if link.state in ("tombstone", "frozen"):
                link.state = "live"  # restored there, or back on its route
                hush_messages(tx, link.id, hushed=False)
                rows.grown.add(home)  # what was said since has to follow
            if link.frozen is not None:
                rows.meet(link, record, view, said, answered=False)
            else:
                rows.observe(link, record, view, said)
        match.welcome(rows, side, page.decided, lines)
        for record, view in match.sift(rows, side, name, page.fresh, lines):
            rows.open(side, record, view, lines.get(ref_key(record.ref), NO_LINES))
        numbers = numbers_of(tx, [twin.inquiry for _, _, twin in page.alike if twin.inquiry is not None])
        found = side.capabilities(name)
        marked_later = found is not None and found.creates is Plant.AFTER
        for record, view, twin in page.alike:
            assert twin.inquiry is not None
            called = f"INQ-{numbers[twin.inquiry]}"
            reason = (
                f"it says what was created for {called}, of which the answer was lost: deskweave parked {called} "
                f"--is {record.label}, or deskweave parked {record.label} --release where somebody else made it"
            )
            rows.set_aside(side, record, reason, imprint(record, view, side.mapper.digest))
            unanswered = rows.link(twin.inquiry, twin.id)
            if unanswered.state == "creating" and marked_later:
                rows.leave_open(unanswered)  # it may be this one, crashed in between: it is not sent again
        for record in page.broken:
            plain = replace(record, label=record.label.encode(errors="replace").decode(), url=None, version=None)
            rows.set_aside(side, plain, UNREADABLE, None)
        rows.flush()
        rows.follow()
        meet(run, tx, side, _actors(page, lines))
        if to is not None and side.name not in run.unsaved:
            save_stream(tx, side.name, name, RECORDS, to)
        if also is not None and side.name not in run.unsaved:
            also(tx)
    _read_messages(run, side, name, page.records())
    return True


def _actors(page: Sorted, lines: Mapping[str, Lines]) -> Iterator[str | None]:
    """Accounts that have done something on a page, and those who stand in fields."""
    for record in page.records():
        yield record.updated_by
    for view in [one[1] for every in (page.fresh, page.moved, page.found, page.decided) for one in every]:
        yield from view.accounts.values()
    for fields in lines.values():
        for changes in fields.values():
            for change in changes:
                yield change.source.by


def _sort(run: Run, side: Side, name: str, records: Sequence[RemoteRecord], tx: sa.Connection, *, thaw: bool) -> Sorted:
    page = Sorted()
    capabilities = side.capabilities(name)
    assert capabilities is not None
    known = scan_links(tx, side.name, name, [one.ref.rid for one in records])
    strangers: list[tuple[RemoteRecord, View]] = []
    watched = capabilities.history != "none" or capabilities.messages == "per_record" or capabilities.changes == "callback"
    unsettled = _unsettled_since(run, side, tx, name) if watched else None
    for record in {one.ref.rid: one for one in records}.values():
        row = known.get(record.ref.rid)
        dropped = row is not None and row.state == "tombstone" and row.seen_version == DROPPED
        if row is not None and (row.state == "parked" or dropped or (row.state == "frozen" and not thaw)):
            continue
        decision = row is not None and row.state == "tombstone" and is_decided(row.seen_version)
        seen_fp = row.seen_fp if row is not None else None
        if row is not None and (
            row.state in ("tombstone", "frozen")
            or row.label != record.label
            or (watched and row.seen_version != version_of(record))
        ):
            seen_fp = None
        try:
            view = glance(seen_fp, record, side.mapper)
        except Exception:  # noqa: BLE001  hostile records and strangers' codecs: one bad record blocks only itself
            if row is None:
                page.broken.append(record)
            else:
                said = f"{row.label} could not be read; what was edited there since is not taken in"
                run.note("record-unreadable", side, ref_key(record.ref), row.label or "", said)
            continue
        if view is not None and row is not None and decision:
            page.decided.append((record, view, row.id))
        elif view is not None and row is not None:
            page.moved.append((record, view, row.id))
        elif view is not None:
            strangers.append((record, view))
        elif (
            watched
            and record.version is None
            and record.updated_at is not None
            and (unsettled is None or record.updated_at >= unsettled)
        ):
            page.hot.append(record.ref)
    if page.moved and (capabilities.index_lag or capabilities.changes == "callback"):
        links = links_by_id(tx, [identifier for _, _, identifier in page.moved])
        page.moved = [one for one in page.moved if not _outdated(one[0], links[one[2]])]
    blind = capabilities.creates in (Plant.NONE, Plant.AFTER) or capabilities.find == "none"
    twins = _unanswered(side, tx, name) if strangers and blind else []
    marked = links_by_corr(tx, [one.corr for one, _ in strangers if one.corr])
    for record, view in strangers:
        link = marked.get(record.corr) if record.corr else None
        if (
            link is not None
            and link.conn == side.name
            and link.rid is None
            and link.state in ("new", "creating", "unknown", "parked")
        ):
            page.found.append((record, view, link))
            marked.pop(link.corr)
        elif link is not None or (record.corr and record.corr in {one.corr for _, _, one in page.found}):
            run.note(
                "duplicate-mark",
                side,
                ref_key(record.ref),
                record.label,
                f"{record.label} carries the mark of a record that is joined already; it is not imported",
                "a copied record keeps our mark: clear the field on the copy, or delete the copy",
            )
        elif record.corr and MARK.fullmatch(record.corr):
            run.foreign.setdefault(side.name, []).append(record.label)
        elif twins and (twin := next((one for one, stated in twins if _restates(view, stated)), None)) is not None:
            page.alike.append((record, view, twin))
        else:
            page.fresh.append((record, view))
    return page


def _unsettled_since(run: Run, side: Side, tx: sa.Connection, name: str) -> datetime | None:
    """Records whose stamp is not older may have changed again after the last look without getting another one; None: all may have.

    The last look is told by the watermark, on the platform's own clock, and by the heartbeat, on ours.
    """
    span = overlap_of(side, name)
    stream, state = read_stream(tx, side.name, name, RECORDS), read_connection(tx, side.name)
    looks = [] if stream.watermark is None else [stream.watermark - span]
    if state is not None and state.heartbeat is not None:
        looks.append(state.heartbeat - span - run.timing.skew)
    return max(looks, default=None)


def _unanswered(side: Side, tx: sa.Connection, name: str) -> list[tuple[Link, Mapping[FieldId, Value]]]:
    """Creates without an answer that no mark can tell again, each with what it said."""
    found = []
    for link in unanswered_links(tx, side.name, name):
        frozen = link.frozen or {}
        fields = frozen.get("fields")
        if isinstance(fields, Mapping):
            draft = RemoteRecord(
                ref=Ref(name, ""), fields=fields, corr=None, updated_at=None, version=None, updated_by=None, label=""
            )
            found.append((link, side.mapper.read(draft).values))
    return found


def _restates(view: View, stated: Mapping[FieldId, Value]) -> bool:
    return bool(stated) and all(same(view.values.get(name), value) for name, value in stated.items() if name in view.values)


def _outdated(record: RemoteRecord, link: Link) -> bool:
    """Whether it is a state from before our last look, shown by an index that trails the writes or told by a delivery that was
    overtaken: no news, and never a person's word.
    """
    if record.updated_at is None or link.seen.at is None:
        return False
    if record.updated_at != link.seen.at:
        return record.updated_at < link.seen.at
    return precedes(version_of(record), link.seen.version)


# ------------------------------------------------------------------------------------------------------------------- history
def history(run: Run, side: Side, name: str, page: Sorted) -> Mapping[str, Lines]:
    """The platform's own history of what changed on a page, by record, without what we know or wrote ourselves."""
    with run.store.read() as tx:
        links = links_by_id(tx, [identifier for _, _, identifier in page.moved])
    known: dict[Ref, datetime | None] = {record.ref: links[identifier].seen.at for record, _, identifier in page.moved}
    fresh: dict[Ref, datetime | None] = {record.ref: None for record in page.strangers()}
    return {**lines_of(run, side, name, known), **lines_of(run, side, name, fresh)}


def lines_of(run: Run, side: Side, name: str, refs: Mapping[Ref, datetime | None]) -> dict[str, Lines]:
    """History of records since each was last seen, by record and field, without known lines and echoes.

    Args:
        run: of this run.
        side: the connection.
        name: the collection.
        refs: each record, and when it was last seen to have changed (None: its whole life).
    """
    capabilities, source = side.capabilities(name), side.connection.records
    if not refs or capabilities is None or capabilities.history == "none" or source is None:
        return {}
    moments = [one for one in refs.values() if one is not None]
    since = min(moments) - capabilities.cursor_precision if len(moments) == len(refs) else None
    every: list[RemoteChange] = []
    for page in run.pages(side, partial(source.history, list(refs), since), "records.history", f"the history of {name}"):
        every.extend(page.items)
    by_ref: dict[str, list[RemoteChange]] = {}
    for line in every:
        by_ref.setdefault(ref_key(line.ref), []).append(line)
    read: dict[str, dict[FieldId, list[Change]]] = {}
    for key, lines in by_ref.items():
        try:
            read[key] = read_lines(side.mapper, lines)
        except Exception:  # noqa: BLE001  history that cannot be read is no history
            run.note("history-unreadable", side, key, "", f"the history of {key} could not be read; its changes are imprecise")
    origins = [origin_of(change) for fields in read.values() for changes in fields.values() for change in changes]
    if not origins:
        return {}
    with run.store.read() as tx:
        taken = known_origins(tx, f"connection:{side.name}", origins)
        own = own_digests(tx, side.name, read)
    found: dict[str, Lines] = {}
    for ref, seen_at in refs.items():
        key = ref_key(ref)
        if key in read:
            mine = {name: own.get((key, name), set()) for name in read[key]}
            found[key] = without_echoes(read[key], taken, mine, seen_at)
    return found


def refine(run: Run, side: Side) -> bool:
    """Look again at changes we could only see coarsely: where history lags, its lines arrive later and explain them."""
    lagging = [
        name
        for name in side.binding.collections
        if (found := side.capabilities(name)) is not None and found.history != "none" and found.reads
    ]
    if not lagging or not run.works(side):
        return False
    limits = [overlap(found) for name in lagging if (found := side.capabilities(name)) is not None]
    horizon = run.now() - max(limits) - run.timing.skew
    with run.store.read() as tx:
        coarse = coarse_events(tx, f"connection:{side.name}", horizon)
        if not coarse:
            return False
        rows = Reconciliation(run, tx)
        rows.load(event.inquiry for event in coarse)
        links: dict[tuple[str, str], tuple[InquiryId, str]] = {}
        for inquiry, every in rows.links.items():
            for link in every:
                if link.conn == side.name and link.rid is not None and link.collection in lagging:
                    links[link.collection, link.rid] = (inquiry, link.id)
    changed = False
    for name in lagging:
        mine: dict[tuple[str, str], list[Any]] = {}
        for event in coarse:
            collection, rid = event.origin_id.split("/")[:2]
            if collection == name and (collection, rid) in links and not event.origin_id.startswith(f"{collection}/{rid}/first/"):
                mine.setdefault((collection, rid), []).append(event)
        with run.containing(side):
            lines = lines_of(
                run, side, name, {Ref(*key): min(one.at for one in events) - overlap_of(side, name) for key, events in mine.items()}
            )
            if not any(lines.values()):
                continue
            run.verify(side)
            with run.store.write() as tx:
                rows = Reconciliation(run, tx)
                rows.load(links[key][0] for key in mine)
                for key, events in mine.items():
                    inquiry, identifier = links[key]
                    rows.refine(rows.link(inquiry, identifier), events, lines.get(ref_key(Ref(*key)), NO_LINES))
                rows.flush()
                rows.follow()
            changed = True
    return changed


def overlap_of(side: Side, name: str) -> timedelta:
    capabilities = side.capabilities(name)
    return timedelta(0) if capabilities is None else overlap(capabilities)


# ------------------------------------------------------------------------------------------------------------------ messages
def _read_messages(run: Run, side: Side, name: str, records: Sequence[RemoteRecord]) -> None:
    """Read the messages of records that have changed, then remember at which version: after a crash in between `_catch_up` does."""
    from deskweave.sync.messages import read_of

    capabilities = side.capabilities(name)
    if capabilities is not None and capabilities.messages == "per_record":
        read_of(run, side, name, [record.ref for record in records])
        with run.store.write() as tx:
            mark_read(tx, side.name, name, {record.ref.rid: version_of(record) for record in records})


def _catch_up(run: Run, side: Side, name: str, capabilities: CollectionCapabilities) -> None:
    """Read the messages of records a run took in and did not come to: their page is behind the stream's position by now."""
    from deskweave.sync.messages import read_of

    if capabilities.messages != "per_record" or side.connection.messages is None:
        return
    with run.store.read() as tx:
        unread = unread_links(tx, side.name, name)
    if unread:
        read_of(run, side, name, [Ref(one.collection, str(one.rid)) for one in unread])
        with run.store.write() as tx:
            mark_read(tx, side.name, name, {str(one.rid): one.seen.version or "" for one in unread})


def _read_hot(run: Run, side: Side, hot: Sequence[Ref]) -> None:
    from deskweave.sync.messages import read_of

    capabilities = side.capabilities(hot[0].collection) if hot else None
    if capabilities is not None and capabilities.messages == "per_record":
        read_of(run, side, hot[0].collection, hot)

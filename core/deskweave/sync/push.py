"""Push: what the plan says is written, a batch between two commits: the intent before it, the answer after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from deskweave.connector import Absent, CollectionCapabilities, Outcome, Patch, Ref, RemoteRecord, View
from deskweave.errors import (
    ConfigurationError,
    Executed,
    Missing,
    PluginError,
    RateLimited,
    Rejected,
    RemoteError,
    RequestError,
    Stale,
    TransientError,
)
from deskweave.model import FieldId, InquiryId, Value
from deskweave.model.desk import PlannedWrite
from deskweave.store.audit import Written, digest_value, record_writes, writes_since
from deskweave.store.events import events_of
from deskweave.store.links import Link, due_links
from deskweave.store.values import encode
from deskweave.sync.batches import limit_of, send
from deskweave.sync.entries import follows, version_of
from deskweave.sync.fingerprint import UNREADABLE, legible, says_the_same
from deskweave.sync.merge import same
from deskweave.sync.persons import spelling
from deskweave.sync.pull import lines_of
from deskweave.sync.reconcile import NO_LINES, Lines, Reconciliation
from deskweave.sync.run import Progress, Run, Side, fetch, key_of, next_wait, ref_key

SHAPED: Final = ("text", "long_text", "email", "phone", "number", "integer", "date", "datetime", "duration", "link")
"""Types of fields whose values platforms bring into a form of their own."""


@dataclass(slots=True)
class Intent:
    """One record about to be patched: `before` is what it said just now, `values` what it shall say, in its own view.

    `added` are the values that were not in flight before: an earlier write of the same value may still arrive.
    """

    inquiry: InquiryId
    link: str
    token: int
    before: RemoteRecord
    was: View
    values: Mapping[FieldId, Value]
    added: frozenset[FieldId]
    cross: str | None
    patch: Patch


def push(run: Run, side: Side) -> bool:
    """Write to the live records of a connection what differs and may be written; answers whether anything was written."""
    if side.access != "write" or side.connection.sink is None or side.connection.records is None:
        return False
    with run.store.read() as tx:
        due = due_links(tx, side.name, run.now(), ["inquiry"], ["live"])
    wrote = False
    for capabilities, batch in _batches(side, due):
        if not run.works(side) or side.name in run.held_back:
            break
        with run.containing(side):
            wrote |= _batch(run, side, capabilities, batch)
            run.progress(Progress(connection=side.name, step="write", done=len(batch), total=len(due)))
    return wrote


def _batches(side: Side, due: Sequence[Link]) -> Iterator[tuple[CollectionCapabilities, list[Link]]]:
    for name in side.binding.collections:
        capabilities = side.capabilities(name)
        mine = [one for one in due if one.collection == name and one.rid is not None]
        if capabilities is None:
            continue
        size = 1 if capabilities.serial_writes and capabilities.patch_batch == 1 else max(1, capabilities.patch_batch)
        size = max(size, capabilities.fetch_batch) if capabilities.fetch_batch > 1 else size
        for start in range(0, len(mine), size):
            yield capabilities, mine[start : start + size]


def _batch(run: Run, side: Side, capabilities: CollectionCapabilities, batch: Sequence[Link]) -> bool:
    run.verify(side)
    got = fetch(run, side, [Ref(one.collection, str(one.rid)) for one in batch])
    views: dict[Ref, View] = {}
    moved: dict[Ref, Link] = {}
    for link in batch:
        ref = Ref(link.collection, str(link.rid))
        record = got[ref]
        if isinstance(record, RemoteRecord):
            view = legible(record, side.mapper)
            if view is None:
                continue
            views[ref] = view
            if (
                link.inflight
                or not says_the_same(link.seen_fp, views[ref], side.mapper.digest)
                or link.seen_version != version_of(record)
            ):
                moved[ref] = link
    lines = lines_of(run, side, batch[0].collection, {ref: link.seen.at for ref, link in moved.items()})
    intents = _claim(run, side, batch, got, views, moved, lines)
    return _send(run, side, capabilities, intents) if intents else False


def _claim(
    run: Run,
    side: Side,
    batch: Sequence[Link],
    got: Mapping[Ref, RemoteRecord | Absent],
    views: Mapping[Ref, View],
    moved: Mapping[Ref, Link],
    lines: Mapping[str, Lines],
) -> list[Intent]:
    """Merge what was just read, then write down what is about to be sent: from here on it may have been."""
    intents: list[Intent] = []
    with run.store.write() as tx:
        rows = Reconciliation(run, tx)
        rows.load(one.inquiry for one in batch if one.inquiry is not None)
        mine: list[tuple[InquiryId, Link, RemoteRecord]] = []
        for one in batch:
            if one.inquiry is None:
                continue
            link, ref = rows.link(one.inquiry, one.id), Ref(one.collection, str(one.rid))
            record = got[ref]
            if isinstance(record, Absent):
                rows.park(link, f"it was asked for and did not come ({record.why}); deletions are never carried over by themselves")
                continue
            if ref not in views:
                rows.park(link, UNREADABLE)
                continue
            if ref in moved:
                rows.observe(link, record, views[ref], lines.get(ref_key(ref), NO_LINES))
            mine.append((one.inquiry, link, record))
        rows.flush()
        often = writes_since(tx, side.name, [ref_key(record.ref) for _, _, record in mine], run.now() - run.timing.war_within)
        for inquiry, link, record in mine:
            if link.push and link.state == "live":
                fought = [
                    name for name in rows.want(inquiry, link) if often.get((ref_key(record.ref), name), 0) >= run.timing.war_after
                ]
                if any(_at_war(run, rows, link, name) for name in fought):
                    continue
                intent = _intend(run, side, rows, inquiry, link, record, views[record.ref])
                if intent is not None:
                    intents.append(intent)
        rows.save()
    return intents


def _at_war(run: Run, rows: Reconciliation, link: Link, name: FieldId) -> bool:
    """Whether a field goes to and fro between us and a rule there; then its record is set aside: nobody else would end it."""
    assert link.inquiry is not None
    source, since = f"connection:{link.conn}", run.now() - run.timing.war_within
    back = sum(event.source == source and event.recorded_at >= since for event in events_of(rows.tx, link.inquiry, name))
    if back < run.timing.war_after:
        return False
    minutes = int(run.timing.war_within.total_seconds() // 60)
    reason = (
        f"{name} was written {run.timing.war_after} times within {minutes} minutes and came back otherwise each time: a rule on "
        "the platform, or on another one, changes it. Change that rule, or the field's policy in the binding; release it "
        f"{minutes} minutes later"
    )
    rows.park(link, reason)
    return True


def _intend(
    run: Run, side: Side, rows: Reconciliation, inquiry: InquiryId, link: Link, record: RemoteRecord, view: View
) -> Intent | None:
    want = rows.want(inquiry, link)
    canon = rows.visible(inquiry, link)
    said, people = rows.there(inquiry, link)
    write = PlannedWrite(side.name, {name: canon.get(name) for name in want})
    verdict = run.gate(lambda: run.hooks.outgoing(rows.documents[inquiry].inquiry(), write)) if want else None
    if verdict is not None and verdict.hold is not None:
        rows.park(link, verdict.hold)
        return None
    if verdict is not None and verdict.amend:
        amended = {name: value for name, value in verdict.amend.items() if name in want}
        projected = side.mapper.project(link.collection, {**said, **amended}).values
        people = {name: who for name, who in people.items() if name not in amended}
        for name in amended:
            link.dropped[name] = want[name]  # what the gate held back is not offered again until it changes
            want[name] = projected.get(name)
        want = {name: value for name, value in want.items() if not same(value, link.base.get(name))}
    withheld = run.withheld(side.name, rows.values[inquiry])
    target = {**{name: value for name, value in view.values.items() if name not in withheld}, **want}
    patch = side.mapper.patch(View(target), record, key=key_of(link.id, link.token + 1))
    spelled = spelling(side, link, {name: who for name, who in people.items() if name in want}, patch.set)
    patch = replace(patch, set={**patch.set, **spelled}) if spelled else patch
    unsaid = want.keys() - patch.covers
    for name in unsaid:
        link.dropped[name] = want.pop(name)
    cross = rows.cross_reference(inquiry, link)
    native = side.binding.collections[link.collection].cross_reference
    if cross == link.cross or native is None:
        cross = None
    elif native not in record.fields:
        run.note(
            "cross-reference-unreadable",
            side,
            f"{link.collection}/{native}",
            "",
            f"the field {native} cannot be read; nothing is written",
        )
        link.cross, cross = cross, None
    elif record.fields[native] == cross:
        link.cross, cross = cross, None
    if cross is not None and native is not None:
        patch = replace(patch, set={**patch.set, native: cross})
    if not patch.set and not patch.clear and patch.status is None:
        rows.refresh(inquiry, link)
        return None
    capabilities = side.capabilities(link.collection)
    conditional = capabilities is not None and capabilities.conditions
    patch = replace(patch, if_version=record.version if conditional else None)
    added = frozenset(name for name, value in want.items() if encode(value) not in link.inflight.get(name, ()))
    for name in added:
        link.inflight.setdefault(name, []).append(encode(want[name]))
    link.token += 1
    link.last_try = run.now()
    return Intent(inquiry, link.id, link.token, record, view, want, added, cross, patch)


def _send(run: Run, side: Side, capabilities: CollectionCapabilities, intents: Sequence[Intent]) -> bool:
    sink = side.connection.sink
    assert sink is not None
    patches = [one.patch for one in intents]
    outcomes, failure = send(run, side, patches, capabilities.patch_batch, sink.patch, "sink.patch")
    later = [
        one.before.ref
        for one, outcome in zip(intents, outcomes, strict=True)
        if outcome is not None and outcome.executed is Executed.YES and outcome.record is None
    ]
    reread: Mapping[Ref, RemoteRecord | Absent] = {}
    unread = False
    try:
        reread = fetch(run, side, later) if later else {}
    except (RemoteError, PluginError) as error:
        failure, unread = error, True  # what may have been written stays in flight until the records are seen again
    records = {
        one.link: None if outcome is None else outcome.record or reread.get(one.before.ref)
        for one, outcome in zip(intents, outcomes, strict=True)
    }
    lines = _unseen(run, side, capabilities, intents, records)
    wrote = False
    limit: RateLimited | None = None
    with run.store.write() as tx:
        rows = Reconciliation(run, tx)
        rows.load(one.inquiry for one in intents)
        written: list[Written] = []
        for one, outcome in zip(intents, outcomes, strict=True):
            link = rows.link(one.inquiry, one.link)
            if outcome is not None:
                written.append(_audit(run, side, one, outcome))
            if link.token != one.token:
                continue  # another worker has taken it over since: its answer counts, not ours
            if outcome is None:
                _unsent(link, one)
                continue
            record = records[one.link]
            if outcome.applied or (outcome.executed is Executed.YES and outcome.error is None):
                _acknowledge(run, side, rows, one, link, outcome, record, lines)
                if one.values:  # a cross-reference alone follows a create and counts as little as that
                    run.written.setdefault((side.name, "update"), set()).add(link.id)
                wrote = True
                run.part(side).updated += 1
            if outcome.error is not None:
                _failed(run, side, rows, link, one, outcome.error)
                limit = limit_of(outcome) or limit
        rows.flush()
        record_writes(tx, written)
    if limit is not None:
        run.limited(side, limit)
    if failure is not None and (unread or isinstance(failure, (ConfigurationError, PluginError))):
        raise failure
    return wrote


def _unseen(
    run: Run,
    side: Side,
    capabilities: CollectionCapabilities,
    intents: Sequence[Intent],
    records: Mapping[str, RemoteRecord | Absent | None],
) -> Mapping[str, Lines]:
    """History of records that somebody may have changed between our look and our write: without conditions nothing else tells."""
    if capabilities.conditions or capabilities.history == "none":
        return {}
    gaps = {}
    for one in intents:
        record = records[one.link]
        if isinstance(record, RemoteRecord) and not follows(one.before.version, record.version):
            gaps[one.before.ref] = one.before.updated_at
    if not gaps:
        return {}
    try:
        return lines_of(run, side, intents[0].before.ref.collection, gaps)
    except (RemoteError, PluginError) as error:
        run.note("gap-unread", side, intents[0].before.ref.collection, "", f"history could not be read after a write: {error}")
        return {}


def _acknowledge(
    run: Run,
    side: Side,
    rows: Reconciliation,
    one: Intent,
    link: Link,
    outcome: Outcome,
    record: RemoteRecord | Absent | None,
    lines: Mapping[str, Lines],
) -> None:
    """The answer is in: the base moves by what was applied, and what the platform says now is merged like any other look."""
    applied = set(outcome.applied or (one.values.keys() - outcome.dropped if outcome.error is None else ())) & one.values.keys()
    for name in outcome.dropped & one.values.keys():
        _dropped(run, side, link, name, one.values[name])
        applied.discard(name)
    if outcome.error is None and one.cross is not None:
        link.cross = one.cross
    view = legible(record, side.mapper) if isinstance(record, RemoteRecord) else None
    if view is None or not isinstance(record, RemoteRecord):
        return  # what may have been written stays in flight until the record is seen again
    kept = {
        name
        for name in applied
        if name in view.values
        and same(view.values[name], one.was.values.get(name))
        and not same(view.values[name], one.values[name])
    }
    if kept and outcome.record is None and link.attempts + 1 < run.timing.attempts:
        link.attempts += 1  # it may also have been put back by a person since: try again before it counts as dropped
        link.not_before = run.now() + run.timing.backoff
    else:
        link.attempts, link.not_before = 0, None
        for name in sorted(kept):
            _dropped(run, side, link, name, one.values[name])
    for name in applied - kept:
        link.dropped.pop(name, None)  # another value has been taken since: what was not kept is tried again when it is wanted again
    for name in one.values if outcome.error is None else applied:
        rows.answered(link, name, one.values[name])
    shaped = _shaped(run, side, one, link, outcome, view, applied - kept)
    rows.observe(
        link,
        record,
        view,
        lines.get(ref_key(record.ref), NO_LINES),
        own={name: [value] for name, value in one.values.items()},
        applied={**{name: one.values[name] for name in applied - kept}, **shaped},
    )


def _shaped(
    run: Run, side: Side, one: Intent, link: Link, outcome: Outcome, view: View, applied: AbstractSet[FieldId]
) -> Mapping[FieldId, Value]:
    """Texts and numbers the platform changed while it took them: no person's word. The inquiry keeps its own, none is sent again.

    Only where the record came in the answer and has changed once since we looked: else a person may have said so. A choice or a
    status that comes out otherwise is a rule's decision there, and is taken as one.
    """
    record = outcome.record
    if record is None or not follows(one.before.version, record.version):
        return {}
    found = {
        name: view.values[name]
        for name in sorted(applied)
        if name in view.values and run.fields[name].type in SHAPED and not same(view.values[name], one.values[name])
    }
    for name, its in found.items():
        link.shaped[name] = (one.values[name], its)
        run.note(
            "value-shaped",
            side,
            f"{link.collection}/{name}",
            "",
            f"the platform changed values of {name} when it took them; it keeps its form, the inquiry keeps ours",
            "where its form is the better one, say so in the binding: a length, or the field's owner",
        )
    return found


def _dropped(run: Run, side: Side, link: Link, name: FieldId, value: Value) -> None:
    link.dropped[name] = value
    run.note(
        "field-dropped",
        side,
        f"{link.collection}/{link.rid}/{name}",
        "",
        f"{link.label}: the platform answered with success and did not keep {name}; it is not sent again until it changes",
        "look for a rule or a right on that field",
    )


def _unsent(link: Link, one: Intent) -> None:
    """It was surely not written: these values are not in flight, unless an earlier write of them is."""
    for name in one.added:
        sent = [raw for raw in link.inflight.get(name, []) if raw != encode(one.values[name])]
        if sent:
            link.inflight[name] = sent
        else:
            link.inflight.pop(name, None)


def _failed(run: Run, side: Side, rows: Reconciliation, link: Link, one: Intent, error: RequestError) -> None:
    if error.executed is Executed.NO:
        _unsent(link, one)
    now = run.now()
    if isinstance(error, Stale):
        link.not_before = None
    elif isinstance(error, TransientError):
        link.not_before = error.retry_at or now + next_wait(run.timing, link.last_try, link.not_before)
    elif isinstance(error, Missing):
        rows.park(link, str(error))
    elif isinstance(error, Rejected):
        link.attempts += 1
        link.not_before = now + run.timing.backoff * 2 ** (link.attempts - 1)
        if link.attempts >= run.timing.attempts:
            if one.values:
                rows.park(link, str(error))
            else:
                _unreferenced(run, side, link, one, error)
    else:
        link.not_before = now + run.timing.backoff


def _unreferenced(run: Run, side: Side, link: Link, one: Intent, error: Rejected) -> None:
    """A record that takes no cross-reference (closed, and a rule wants more) is still read, and written when a value changes."""
    link.cross, link.attempts, link.not_before = one.cross, 0, None
    run.note(
        "cross-reference-refused",
        side,
        ref_key(one.before.ref),
        "",
        f"{link.label}: the platform refuses the counterparts' numbers: {error}",
        "nothing else is missing; it is tried again when they change",
    )


def _audit(run: Run, side: Side, one: Intent, outcome: Outcome) -> Written:
    return Written(
        at=run.now(),
        conn=side.name,
        ref=ref_key(one.before.ref),
        verb="update",
        outcome=outcome.executed.value,
        digest={name: digest_value(value) for name, value in one.values.items()} if outcome.executed is not Executed.NO else {},
    )

"""Creating counterparts: an intent, then the call; a lost answer is dealt with by what the collection can recognise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from deskweave.connector import CollectionCapabilities, Draft, Outcome, Plant, Ref, RemoteRecord
from deskweave.errors import (
    ConfigurationError,
    Executed,
    PluginError,
    RateLimited,
    Rejected,
    RemoteError,
    RequestError,
    TransientError,
)
from deskweave.model import FieldId
from deskweave.model.desk import PlannedWrite
from deskweave.store.audit import Written, digest_value, record_writes
from deskweave.store.links import Link, due_links, links_by_id
from deskweave.store.values import ulid_time
from deskweave.sync.batches import limit_of, send
from deskweave.sync.fingerprint import legible
from deskweave.sync.persons import spelling
from deskweave.sync.pull import lines_of
from deskweave.sync.reconcile import NO_LINES, Reconciliation
from deskweave.sync.run import STATUS, Progress, Run, Side, fetch, key_of, next_wait, ref_key

TOGETHER: Final = 20  #: creates between one intent and its answer; all that a crash leaves to be looked for


@dataclass(slots=True)
class Birth:
    """One record about to be created; the draft is in the store already."""

    link: Link
    draft: Draft
    first: bool  #: never tried before: the answer's record is as the create made it


def create(run: Run, side: Side) -> bool:
    """Create what is due on a connection; what was begun and not answered is looked for first."""
    if side.access != "write" or side.connection.sink is None:
        return False
    with run.store.read() as tx:
        due = [one for one in due_links(tx, side.name, run.now(), ["inquiry"], ["new", "creating"]) if one.id not in run.waits]
    wrote = False
    for name in side.binding.collections:
        capabilities = side.capabilities(name)
        mine = [one for one in due if one.collection == name]
        if capabilities is None or capabilities.creates is None or not mine:
            continue
        size = max(1, capabilities.create_batch)
        if _recognised(capabilities):
            size = max(size, TOGETHER)
        for start in range(0, len(mine), size):
            if not run.works(side) or side.name in run.held_back:
                return wrote
            with run.containing(side):
                wrote |= _batch(run, side, capabilities, mine[start : start + size])
                run.progress(Progress(connection=side.name, step="write", done=start + 1, total=len(mine)))
    return wrote


def _recognised(capabilities: CollectionCapabilities) -> bool:
    """Whether a create without an answer is settled by a machine: repeated at will, or found by its mark."""
    if capabilities.creates in (Plant.UPSERT, Plant.KEY):
        return True
    return capabilities.creates in (Plant.ATOMIC, Plant.AFTER) and capabilities.find != "none"


def wait_of(capabilities: CollectionCapabilities) -> timedelta:
    """How long a create without an answer is left alone: until it can no longer take effect, and is listed if it has.

    A mark that is planted by a second call may be missing: then only a listing shows the record.
    """
    by_listing = capabilities.find != "strong" or capabilities.creates is Plant.AFTER
    return capabilities.settle + (capabilities.index_lag if by_listing else timedelta(0))


def _batch(run: Run, side: Side, capabilities: CollectionCapabilities, batch: Sequence[Link]) -> bool:
    run.verify(side)
    births: list[Link] = []
    wrote = False
    for link in batch:
        blind = capabilities.creates is Plant.UPSERT and capabilities.find == "none"
        if link.state == "new" or capabilities.creates is Plant.KEY or blind:
            births.append(link)
        elif capabilities.creates is Plant.NONE or capabilities.find == "none" or side.connection.records is None:
            _unknown(run, side, link)
        elif _search(run, side, link):
            wrote = True
        else:
            births.append(link)
    ready = _claim(run, side, capabilities, births)
    return (_send(run, side, capabilities, ready) if ready else False) or wrote


def _unknown(run: Run, side: Side, link: Link) -> None:
    """Nothing there could tell whether the create took effect: a machine never repeats it."""
    with run.store.write() as tx:
        rows = Reconciliation(run, tx)
        assert link.inquiry is not None
        rows.load([link.inquiry])
        rows.leave_open(rows.link(link.inquiry, link.id))
        rows.flush()


def _search(run: Run, side: Side, link: Link) -> bool:
    """Look for a create whose answer was lost; found, it is adopted."""
    source = side.connection.records
    assert source is not None
    after = ulid_time(link.id) - run.timing.skew
    found = run.call(side, lambda: source.find(link.collection, link.corr, after), "records.find")
    if not found:
        return False
    first, *others = sorted(found, key=lambda one: one.ref.rid)
    lines = lines_of(run, side, link.collection, {first.ref: None})
    with run.store.write() as tx:
        rows = Reconciliation(run, tx)
        assert link.inquiry is not None
        rows.load([link.inquiry])
        mine = rows.link(link.inquiry, link.id)
        if mine.rid is None:
            view = legible(first, side.mapper)
            if view is None:
                rows.leave_open(mine)
            else:
                rows.meet(mine, first, view, lines.get(ref_key(first.ref), NO_LINES), answered=False)
                run.part(side).adopted += 1
        rows.flush()
    for other in others:
        run.note(
            "duplicate-mark",
            side,
            ref_key(other.ref),
            other.label,
            f"{other.label} was created twice; {first.label} is joined, {other.label} is not",
            f"close or delete {other.label}",
        )
    return True


def _claim(run: Run, side: Side, capabilities: CollectionCapabilities, births: Sequence[Link]) -> list[Birth]:
    """Freeze the drafts and say that they may have been sent, before they are."""
    ready: list[Birth] = []
    if not births:
        return ready
    with run.store.write() as tx:
        rows = Reconciliation(run, tx)
        rows.load(one.inquiry for one in births if one.inquiry is not None)
        for birth in births:
            assert birth.inquiry is not None
            link = next((one for one in rows.links.get(birth.inquiry, []) if one.id == birth.id), None)
            if link is None or link.rid is not None or link.state not in ("new", "creating"):
                continue
            first = link.frozen is None
            if first:
                draft = _draft(run, side, rows, link)
                if draft is None:
                    continue
                link.frozen = _freeze(draft)
            else:
                link.frozen = _stripped(run, side, rows, link)
            link.state, link.token, link.last_try = "creating", link.token + 1, run.now()
            link.not_before = run.now() + wait_of(capabilities)
            ready.append(Birth(link, _thaw(link), first))
        rows.save()
    return ready


def _draft(run: Run, side: Side, rows: Reconciliation, link: Link) -> Draft | None:
    assert link.inquiry is not None
    document = rows.visible(link.inquiry, link)
    said, people = rows.stated(link.inquiry, link)
    projected = side.mapper.project(link.collection, said).values
    inquiry = rows.documents[link.inquiry].inquiry()
    told = [name for name in projected if name in said and document.get(name) is not None]
    write = PlannedWrite(side.name, {name: document[name] for name in told})
    verdict = run.gate(lambda: run.hooks.outgoing(inquiry, write))
    if verdict.hold is not None:
        rows.park(link, verdict.hold)
        return None
    amended = {name: value for name, value in verdict.amend.items() if name in write.values}
    draft = side.mapper.draft(link.collection, {**said, **amended}, corr=link.corr, key=key_of(link.id, 0))
    spelled = spelling(side, link, {name: who for name, who in people.items() if name not in amended}, draft.fields)
    return replace(draft, fields={**draft.fields, **spelled}) if spelled else draft


def _freeze(draft: Draft) -> dict[str, Any]:
    return {
        "collection": draft.collection,
        "key": draft.key,
        "fields": dict(draft.fields),
        "parent": None if draft.parent is None else [draft.parent.collection, draft.parent.rid],
        "on_behalf_of": draft.on_behalf_of,
    }


def _stripped(run: Run, side: Side, rows: Reconciliation, link: Link) -> dict[str, Any]:
    """A draft that was frozen before something was withheld from the platform, without it: it is sent again, and not that."""
    assert link.inquiry is not None
    frozen: dict[str, Any] = dict(link.frozen or {})
    withheld = run.withheld(side.name, rows.values[link.inquiry])
    collection = side.binding.collections[link.collection]
    natives = {at.native for name, at in collection.fields.items() if name in withheld}
    for spelled in collection.statuses.values():
        natives |= {native for native, rule in spelled.sets.items() if _names(rule) & withheld}
        if STATUS in withheld:
            natives |= {*spelled.is_, *spelled.sets}
    return {**frozen, "fields": {native: raw for native, raw in frozen["fields"].items() if native not in natives}}


def _names(rule: object) -> frozenset[FieldId]:
    """The field a companion of a status takes its value from."""
    word = (rule.get("field") or rule.get("choice")) if isinstance(rule, Mapping) else None
    return frozenset((FieldId(str(word)),)) if word else frozenset()


def _thaw(link: Link) -> Draft:
    frozen: dict[str, Any] = dict(link.frozen or {})
    return Draft(
        collection=frozen["collection"],
        corr=link.corr,
        key=frozen["key"],
        fields=frozen["fields"],
        parent=None if frozen["parent"] is None else Ref(*frozen["parent"]),
        on_behalf_of=frozen["on_behalf_of"],
    )


def _send(run: Run, side: Side, capabilities: CollectionCapabilities, births: Sequence[Birth]) -> bool:
    sink = side.connection.sink
    assert sink is not None
    drafts = [one.draft for one in births]
    outcomes, failure = send(run, side, drafts, capabilities.create_batch, sink.create, "sink.create")
    untold = [one.ref for one in outcomes if one is not None and one.ref is not None and one.record is None]
    try:
        reread = fetch(run, side, untold) if untold else {}
    except (RemoteError, PluginError):
        reread = {}  # the id is known: that is what must not be lost; the record is read with the next listing
    limit: RateLimited | None = None
    wrote = False
    with run.store.write() as tx:
        current = links_by_id(tx, [one.link.id for one in births])
        rows = Reconciliation(run, tx)
        rows.load(one.link.inquiry for one in births if one.link.inquiry is not None)
        for one, outcome in zip(births, outcomes, strict=True):
            assert one.link.inquiry is not None
            if current[one.link.id].token != one.link.token or current[one.link.id].rid is not None:
                continue
            link = rows.link(one.link.inquiry, one.link.id)
            if outcome is None:
                _unsent(link, one)
                continue
            if outcome.executed is not Executed.NO and capabilities.notifies:
                run.told.add(link.id)
            if outcome.ref is not None:
                record = outcome.record or reread.get(outcome.ref)
                view = legible(record, side.mapper) if isinstance(record, RemoteRecord) else None
                if isinstance(record, RemoteRecord) and view is not None:
                    rows.meet(link, record, view, answered=one.first and outcome.record is not None)
                else:
                    link.rid, link.state = outcome.ref.rid, "live"
                    link.base, link.seen_fp = {}, None  # the next look meets it, with the draft at hand
                run.part(side).created += 1
                run.written.setdefault((side.name, "create"), set()).add(link.id)
                wrote = True
            elif outcome.executed is Executed.YES and outcome.error is None:
                rows.park(link, "it was created and its id was not told: look, then say which record it is")
                link.state = "unknown"
                wrote = True
            if outcome.error is not None and outcome.ref is None:
                _failed(run, rows, link, outcome.error)
                limit = limit_of(outcome) or limit
        rows.flush()
        told = [(one, outcome) for one, outcome in zip(births, outcomes, strict=True) if outcome is not None]
        record_writes(tx, [_audit(run, side, one, outcome) for one, outcome in told])
    if limit is not None:
        run.limited(side, limit)
    if isinstance(failure, (ConfigurationError, PluginError)):
        raise failure
    return wrote


def _unsent(link: Link, one: Birth) -> None:
    """It was surely not sent: a first attempt is none, a later one may begin again at once."""
    link.not_before = None
    if one.first:
        link.state, link.frozen = "new", None


def _failed(run: Run, rows: Reconciliation, link: Link, error: RequestError) -> None:
    if error.executed is not Executed.NO:
        return  # it may be there: `not_before` is set, and it is looked for then
    link.state, link.frozen = "new", None
    if isinstance(error, TransientError):
        link.not_before = error.retry_at or run.now() + next_wait(run.timing, None, None)
        return
    link.attempts += 1
    link.not_before = run.now() + run.timing.backoff * 2 ** (link.attempts - 1)
    if isinstance(error, Rejected) and link.attempts >= run.timing.attempts:
        rows.park(link, str(error))


def _audit(run: Run, side: Side, one: Birth, outcome: Outcome) -> Written:
    ref = ref_key(outcome.ref) if outcome.ref is not None else f"{one.draft.collection}/{one.draft.corr}"
    view = None if outcome.record is None else legible(outcome.record, side.mapper)
    stated = {} if view is None else view.values
    return Written(
        at=run.now(),
        conn=side.name,
        ref=ref,
        verb="create",
        outcome=outcome.executed.value,
        digest={name: digest_value(value) for name, value in stated.items()},
    )

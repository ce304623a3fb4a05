"""The inbox: what platforms have sent by themselves is worked on before anything is listed (contract of `connector.Delivery`).

A record of a source whose callback is the truth goes the way of a listed one, a message that of a fed one, and an answer (a
button, a reply) becomes an event of the inquiry it answers to. A hint is only looked up: lost, doubled or overtaken it does no
harm. A delivery is done in the commit that holds what came of it. One of which nothing can be made is parked with its reason;
none is dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import sqlalchemy as sa

from deskweave.connector import Answer, Ref, RemoteMessage, RemoteRecord
from deskweave.errors import (
    ConfigurationError,
    PluginError,
    RateLimited,
    Rejected,
    RemoteError,
    RequestError,
    SafetyStop,
    TransientError,
)
from deskweave.ledger import MESSAGE_LOG, Entry, Posting, Utterance
from deskweave.model import FieldId, InquiryId, InternalMessage, PublicMessage, Value
from deskweave.model.desk import ObservedChange
from deskweave.store.inbox import (
    KEPT,
    Content,
    Kept,
    anything_old,
    finish,
    keep_content,
    park,
    purge,
    request_of,
    waiting_connections,
    waiting_deliveries,
)
from deskweave.store.inquiries import load_documents
from deskweave.store.links import Link, links_by_corr, links_of
from deskweave.store.values import dumps, instant_text
from deskweave.sync.messages import fetch_parents, parents_of, spread, take_messages
from deskweave.sync.people import meet
from deskweave.sync.pull import take_page
from deskweave.sync.report import DeliveryNote
from deskweave.sync.run import Run, Side, fetch, ref_key

Also = Callable[[sa.Connection], None]
TOGETHER: Final = 500  #: deliveries that are put in the platform's order before they are worked on
PATIENCE: Final = timedelta(days=1)  #: so long a message waits for the record it stands on
#: What becomes of an answer that no field holds: a note to agents, for there is nobody's language to choose.
WORDS: Final[Mapping[str, str]] = {
    "confirmed": "confirmed | 已确认",
    "declined": "declined | 已拒绝",
    "acknowledged": "acknowledged | 已知悉",
    "rated": "rated | 已评价",
}


def waiting(run: Run) -> frozenset[str]:
    """Connections with deliveries to work on; what was done long ago is forgotten."""
    before = run.now() - KEPT
    with run.store.read() as tx:
        names, old = waiting_connections(tx), anything_old(tx, before)
    if old:
        with run.store.write() as tx:
            purge(tx, before)
    return names


def take_deliveries(run: Run, side: Side) -> None:
    """Work on every delivery of a connection that waits.

    They are taken in the order in which things happened there, as far as they are here already; what comes later is told by the
    platform's own times.
    """
    last: Kept | None = None
    while run.works(side):
        with run.store.read() as tx:
            batch = waiting_deliveries(tx, side.name, TOGETHER, last)
        if not batch:
            return
        last = batch[-1]
        with run.containing(side):
            _batch(run, side, batch)
        if side.name in run.foreign:
            return  # worked on by the next run, or it would not know of the marks


def _batch(run: Run, side: Side, batch: Sequence[Kept]) -> None:
    ready = [one for one in (_read(run, side, kept) for kept in batch) if one is not None]
    later: list[RemoteError | PluginError] = []
    hinted: dict[str, list[Ref]] = {}
    waits: list[Kept] = []

    def work(one: Kept) -> None:
        assert one.content is not None
        refs = _hints(side, one.content)
        try:
            if not _take(run, side, one, finishes=not refs):
                waits.append(one)
            elif refs:
                hinted[one.id] = refs
        except (TransientError, ConfigurationError):
            raise
        except (RemoteError, PluginError) as error:
            later.append(error)  # about this one alone, or a connector's mistake: others go on

    for one in sorted(ready, key=_happened):
        work(one)
        if side.name in run.foreign:
            return
    parked = {note.id for note in run.report.deliveries if note.connection == side.name}
    for one in [one for one in waits if one.id not in parked]:
        work(one)  # what it needs may have come with a later one
    _look(run, side, hinted)
    if later:
        raise later[0]


def _happened(one: Kept) -> tuple[datetime, datetime, str]:
    content = one.content or Content()
    moments = [record.updated_at for record in content.records if record.updated_at is not None]
    moments += [said.at for said in content.messages] + [answer.at for answer in content.answers]
    return min(moments, default=one.received_at), one.received_at, one.id


# ------------------------------------------------------------------------------------------------------------------- reading
def _read(run: Run, side: Side, one: Kept) -> Kept | None:
    """What the connector reads from a delivery; one that it could not read when it came is shown to it again."""
    if one.content is not None:
        return one
    receiver = side.connection.webhooks
    with run.store.read() as tx:
        request = request_of(tx, side.name, one.id)
    try:
        if receiver is None:
            raise PluginError(side.name, "webhooks", "the connector takes no deliveries any more")
        content = Content.of(run.call(side, lambda: receiver.receive(request), "webhooks.receive"))
        with run.store.write() as tx:
            keep_content(tx, side.name, one.id, content)
    except Rejected:
        _park(run, side, one, "the connector takes it for forged or too old")
    except (RemoteError, PluginError) as error:
        _park(run, side, one, f"the connector cannot read it: {error}")
    except (sa.exc.SQLAlchemyError, SafetyStop):
        raise  # about the store, and not about what came
    except Exception as error:  # noqa: BLE001  of another shape than a Delivery: a stranger's code
        _park(run, side, one, f"the connector cannot read it: {type(error).__name__}")
    else:
        return replace(one, content=content)
    return None


def _park(run: Run, side: Side, one: Kept, reason: str) -> None:
    with run.store.write() as tx:
        park(tx, side.name, one.id, reason)
    run.report.deliveries.append(DeliveryNote(connection=side.name, id=one.id, reason=reason))


# --------------------------------------------------------------------------------------------------------------------- truth
def _take(run: Run, side: Side, one: Kept, *, finishes: bool) -> bool:
    """Bring what a delivery tells into the ledger; False: it waits for something, or is parked.

    Args:
        run: of this run.
        side: the connection.
        one: the delivery.
        finishes: nothing is left to do after it.
    """
    assert one.content is not None
    if _unprobed(side, one.content):
        return False
    done = partial(finish, connection=side.name, identifiers=[one.id])
    messages = [said for said in one.content.messages if _heard(side, said.parent.collection)]
    steps: list[Callable[[Also | None], bool]] = [
        partial(take_page, run, side, name, records, None) for name, records in _layers(side, one)
    ]
    if messages:
        steps.append(partial(_messages, run, side, one, messages))
    if one.content.answers:
        steps.append(partial(_answers, run, side, one))
    closed = False
    for number, step in enumerate(steps):
        last = finishes and number == len(steps) - 1
        try:
            closed = step(done if last else None) and last
        except Waiting:
            return False
        if side.name in run.foreign or side.name in run.unsaved:
            return False
    if finishes and not closed:
        with run.store.write() as tx:
            done(tx)
    run.part(side).received += 1
    return True


class Waiting(Exception):
    """A delivery that is left for later, or for a person."""


def _unprobed(side: Side, content: Content) -> bool:
    """Whether it tells of a bound collection of which nobody knows now what it can do: is this the truth, or a hint?"""
    told = {record.ref.collection for record in content.records} | {said.parent.collection for said in content.messages}
    return any(name in side.binding.collections and side.capabilities(name) is None for name in told)


def _truth(side: Side, collection: str) -> bool:
    capabilities = side.capabilities(collection)
    return collection in side.binding.collections and capabilities is not None and capabilities.changes == "callback"


def _heard(side: Side, collection: str) -> bool:
    capabilities = side.capabilities(collection)
    return collection in side.binding.collections and capabilities is not None and capabilities.messages == "callback"


def _layers(side: Side, one: Kept) -> Iterator[tuple[str, list[RemoteRecord]]]:
    """Records of a delivery by collection, oldest first; of one record each state by itself."""
    assert one.content is not None
    told = [record for record in one.content.records if _truth(side, record.ref.collection)]
    stamped = [record if record.updated_at is not None else replace(record, updated_at=one.received_at) for record in told]
    layers: dict[tuple[str, int], list[RemoteRecord]] = {}
    times: dict[Ref, int] = {}
    for record in sorted(stamped, key=lambda record: record.updated_at or one.received_at):
        times[record.ref] = times.get(record.ref, 0) + 1
        layers.setdefault((record.ref.collection, times[record.ref]), []).append(record)
    for (name, _), records in sorted(layers.items(), key=lambda pair: pair[0][1]):
        yield name, records


def _messages(run: Run, side: Side, one: Kept, messages: Sequence[RemoteMessage], also: Also | None) -> bool:
    """Messages whose record is there; else the delivery waits for it, a day long."""
    parents = {said.parent for said in messages}
    missing = _strangers(run, side, parents)
    if missing:
        fetch_parents(run, side, sorted(missing, key=ref_key))
        missing = _strangers(run, side, parents)
    if missing:
        if run.now() - one.received_at >= PATIENCE:
            _park(run, side, one, f"it tells of messages on records nobody has told of: {', '.join(sorted(map(ref_key, missing)))}")
        raise Waiting
    return take_messages(run, side, messages[0].parent.collection, messages, None, also)


def _strangers(run: Run, side: Side, refs: Iterable[Ref]) -> set[Ref]:
    with run.store.read() as tx:
        known = parents_of(tx, side, refs)
    return {ref for ref in refs if ref_key(ref) not in known}


# ------------------------------------------------------------------------------------------------------------------- answers
def _answers(run: Run, side: Side, one: Kept, also: Also | None) -> bool:
    """What people pressed and typed, on the inquiries they were asked about."""
    assert one.content is not None
    lost: str | None = None
    run.verify(side)
    with run.store.write() as tx:
        links = links_by_corr(tx, [answer.corr for answer in one.content.answers])
        for answer in one.content.answers:
            link = links.get(answer.corr)
            if link is None or link.inquiry is None:
                lost = "it answers to something this store has never sent"
                continue
            meet(run, tx, side, [answer.account])
            held = _answer(run, side, tx, answer, link, link.inquiry)
            lost = held or lost
        if lost is None and also is not None:
            also(tx)
    if lost is not None:
        _park(run, side, one, lost)
        raise Waiting
    return also is not None


def _answer(run: Run, side: Side, tx: sa.Connection, answer: Answer, link: Link, inquiry: InquiryId) -> str | None:
    """One answer, written once however often it is told; why it is held back, or None."""
    source, actor = f"connection:{side.name}", f"{side.name}:{answer.account}"
    told = dumps([answer.corr, answer.kind, answer.value, answer.account, instant_text(answer.at)])
    origin = f"answer/{link.id}/{hashlib.blake2b(told.encode(), digest_size=12).hexdigest()}"
    rating = _rating(run, answer)
    if rating is not None:
        field, value = rating
        document = load_documents(tx, [inquiry])[inquiry]
        verdict = run.gate(lambda: run.hooks.incoming(document.inquiry(), ObservedChange(side.name, {field: value})))
        if verdict.hold is not None:
            return verdict.hold
        entries = [
            Entry(field=field, new=value, at=answer.at, source=source, origin_id=f"{origin}/{field}", actor=actor, history=True)
        ]
        entries += [
            Entry(field=name, new=amended, at=answer.at, source="plugin:incoming", origin_id=run.store.new_id())
            for name, amended in verdict.amend.items()
        ]
        run.ledger.commit(tx, [Posting(inquiry=inquiry, entries=entries)])
    else:
        run.ledger.record(tx, [_said(answer, inquiry, source, actor, origin)])
        spread(run, tx, links_of(tx, [inquiry]))
    run.touched.add(inquiry)
    return None


def _rating(run: Run, answer: Answer) -> tuple[FieldId, Value] | None:
    """The field a rating goes into, and its word; None where the practice has no such field or word."""
    field = run.fields.get(run.rating) if answer.kind == "rated" and run.rating is not None else None
    if field is None or not isinstance(answer.value, str) or answer.value not in field.choices:
        return None
    return field.id, answer.value


def _said(answer: Answer, inquiry: InquiryId, source: str, actor: str, origin: str) -> Utterance:
    """An answer in words: a reply is what the person wrote, in public; everything else is a note to agents."""
    message: PublicMessage | InternalMessage
    text = "" if answer.value is None else answer.value if isinstance(answer.value, str) else dumps(answer.value)
    at = answer.at.astimezone(UTC)
    if answer.kind == "replied":
        message = PublicMessage(body=text, author=None, at=at)
    else:
        word = WORDS.get(answer.kind, str(answer.kind))
        message = InternalMessage(body=f"{word}: {text}" if text else word, author=None, at=at)
    return Utterance(inquiry=inquiry, message=message, author=actor, source=source, origin_id=f"{origin}/{MESSAGE_LOG}")


# --------------------------------------------------------------------------------------------------------------------- hints
def _hints(side: Side, content: Content) -> list[Ref]:
    """Records to look at: those hinted at, and those told of where telling is not the truth."""
    if side.connection.records is None:
        return []
    refs = [Ref(hint.collection, hint.rid) for hint in content.hints if hint.rid]
    refs += [record.ref for record in content.records if not _truth(side, record.ref.collection)]
    return [ref for ref in dict.fromkeys(refs) if ref.collection in side.binding.collections and side.capabilities(ref.collection)]


def _look(run: Run, side: Side, hinted: Mapping[str, Sequence[Ref]]) -> None:
    """Look at what deliveries hint at, each record once; a record that cannot be asked for keeps nobody waiting."""
    by_collection: dict[str, dict[Ref, None]] = {}
    for refs in hinted.values():
        for ref in refs:
            by_collection.setdefault(ref.collection, {})[ref] = None
    for name, wanted in by_collection.items():
        take_page(run, side, name, [one for one in _fetched(run, side, list(wanted)) if isinstance(one, RemoteRecord)])
        if side.name in run.foreign:
            return
    if hinted:
        with run.store.write() as tx:
            finish(tx, side.name, list(hinted))


def _fetched(run: Run, side: Side, refs: Sequence[Ref]) -> Iterable[object]:
    try:
        return fetch(run, side, refs).values()
    except (TransientError, RateLimited):
        raise
    except (RequestError, PluginError) as error:
        run.note("hint-unread", side, refs[0].collection, "", f"what deliveries hint at could not be looked up: {error}")
        return ()

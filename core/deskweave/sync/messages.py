"""Messages: read from every record, carried to its counterparts, public ones by `say`, internal ones by `note`, never otherwise.

What was said belongs to the inquiry wherever it was said (practice A4, G5, G7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import sqlalchemy as sa

from deskweave.connector import CollectionCapabilities, Outcome, Plant, Ref, RemoteMessage, RemoteRecord
from deskweave.errors import Executed, Missing, PluginError, RateLimited, Rejected, RemoteError, RequestError, TransientError
from deskweave.ledger import MESSAGE_LOG, Utterance
from deskweave.model import InquiryId, InternalMessage, PublicMessage, Visibility
from deskweave.store.audit import Written, digest_value, record_writes
from deskweave.store.inquiries import load_documents, numbers_of
from deskweave.store.links import (
    Link,
    due_links,
    insert_links,
    leave_for_later,
    links_by_id,
    links_of,
    message_links_of,
    save_links,
    scan_links,
)
from deskweave.store.messages import StoredMessage, messages_by_id, messages_of
from deskweave.store.streams import Stream, read_stream, save_stream
from deskweave.sync.carried import EDITED, bare, carry, parse
from deskweave.sync.edits import closed_of, edits_of, restated, state_of, withdrawn, without_wars
from deskweave.sync.people import author_of, meet
from deskweave.sync.report import ParkedNote
from deskweave.sync.run import Progress, Run, Side, key_of, next_wait, ref_key

FEED: Final = "messages"
EVER: Final = datetime.max.replace(tzinfo=UTC)
UNSURE: Final = "whether this message was written is not known, and it must not be written twice: look, then say so"
TOGETHER: Final = 20  #: records whose messages are taken in together


# ------------------------------------------------------------------------------------------------------------------- reading
def pull_messages(run: Run, side: Side) -> bool:
    """Read the message feeds of a connection; collections without a feed are read record by record, when a record has changed."""
    changed = False
    if side.name in run.unsaved:
        return False  # records that a plan leaves out have messages too: the next run reads both
    for name in side.binding.collections:
        capabilities = side.capabilities(name)
        if capabilities is None or capabilities.messages != "feed" or side.connection.messages is None or not run.works(side):
            continue
        with run.containing(side):
            changed |= _feed(run, side, name, capabilities)
    return changed


def _feed(run: Run, side: Side, name: str, capabilities: CollectionCapabilities) -> bool:
    source = side.connection.messages
    assert source is not None
    with run.store.read() as tx:
        stream = read_stream(tx, side.name, name, FEED)
    back = capabilities.cursor_precision + capabilities.index_lag + capabilities.settle
    since = None if stream.watermark is None else stream.watermark - back
    changed, news = False, stream.watermark is None
    for page in run.pages(side, partial(source.changes, name, since), "messages.changes", f"the feed of {name}", stream.resume):
        news |= any(stream.watermark is not None and (one.edited_at or one.at) >= stream.watermark for one in page.items)
        mark = max((one for one in (page.covers_until, stream.watermark) if one is not None), default=None)
        to = Stream(mark, page.resume)
        wrote = take_messages(run, side, name, page.items, to if to != stream else None)
        changed |= wrote
        if wrote:
            stream = to
        elif page.resume is None and to != stream and (news or changed or stream.resume is not None):
            run.verify(side)
            with run.store.write() as tx:
                save_stream(tx, side.name, name, FEED, to)
            stream = to
    return changed


def read_of(run: Run, side: Side, name: str, refs: Sequence[Ref]) -> bool:
    """Read all messages of these records; one that is not there any more has none."""
    source, changed = side.connection.messages, False
    if source is None:
        return False
    for start in range(0, len(refs), TOGETHER):
        found: list[RemoteMessage] = []
        for ref in refs[start : start + TOGETHER]:
            try:
                for page in run.pages(side, partial(source.of, ref), "messages.of", f"the messages of {ref_key(ref)}"):
                    found.extend(page.items)
            except Missing:
                continue  # deleted since it was seen, or hidden: the others' messages are read, and a census tells of it
        changed |= take_messages(run, side, name, found)
    return changed


def take_messages(
    run: Run,
    side: Side,
    name: str,
    messages: Sequence[RemoteMessage],
    to: Stream | None = None,
    also: Callable[[sa.Connection], None] | None = None,
) -> bool:
    """Bring messages into the store and have their counterparts written, with what `also` writes in the same commit.

    Returns:
        False: all were known, and nothing was written.
    """
    every = {one.ref.rid: replace(one, body=one.body.encode(errors="replace").decode()) for one in messages}  # no half characters
    by_collection: dict[str, list[str]] = {}
    for one in every.values():
        by_collection.setdefault(one.ref.collection, []).append(one.ref.rid)
    with run.store.read() as tx:
        known = {
            (collection, rid) for collection, rids in by_collection.items() for rid in scan_links(tx, side.name, collection, rids)
        }
        fresh = [one for one in every.values() if (one.ref.collection, one.ref.rid) not in known]
        edits = edits_of(run, tx, side, name, [one for one in every.values() if (one.ref.collection, one.ref.rid) in known])
        edits = [one for one in edits if not _frozen(one.parent)]
        closed = closed_of(tx, side, [one for one in every.values() if (one.ref.collection, one.ref.rid) in known])
        parents = parents_of(tx, side, [one.parent for one in fresh])
    strangers = {one.parent for one in fresh} - {Ref(link.collection, str(link.rid)) for link in parents.values()}
    if strangers:
        fetch_parents(run, side, sorted(strangers, key=ref_key))
        with run.store.read() as tx:
            parents = parents_of(tx, side, [one.parent for one in fresh])
    fresh = [one for one in fresh if ref_key(one.parent) in parents and not _frozen(parents[ref_key(one.parent)])]
    if not fresh and not edits and not closed:
        return False
    run.verify(side)
    with run.store.write() as tx:
        edits = without_wars(run, tx, side, edits)
        spoken: list[tuple[RemoteMessage, Link, Utterance]] = [(one.now, one.parent, restated(side, one)) for one in edits]
        ours = {one.message: one for one in message_links_of(tx, [link.id for link in parents.values()]) if one.rid is None}
        by_corr = {one.corr: one for one in ours.values()}
        moved: list[Link] = []
        for one in sorted(fresh, key=lambda message: message.at):  # of one instant: as the platform lists them
            said = parse(one.body)
            link = by_corr.get(one.corr) if one.corr else None
            if link is None and said is not None and one.author_side == "us":  # a person may write any mark there is
                link = ours.get(said.mark)
            if link is not None and link.rid is None:
                _arrived(link, one.ref)
                moved.append(link)
                continue
            if one.author_side == "us":
                run.note(
                    "own-message-unmarked",
                    side,
                    ref_key(one.ref),
                    "",
                    "a message of our own account carries no mark we wait for; taken in, it would go to and fro",
                    "people must not write with the account deskweave uses",
                )
                continue
            spoken.append((one, parents[ref_key(one.parent)], _utterance(side, parents[ref_key(one.parent)], one)))
        save_links(tx, [*moved, *withdrawn(tx, closed)])
        meet(run, tx, side, [one.author for one, _, _ in spoken])
        ids = run.ledger.record(tx, [utterance for _, _, utterance in spoken])
        rows = []
        for (one, parent, told), identifier in zip(spoken, ids, strict=True):
            if identifier is not None:
                rid = one.ref.rid if told.edits is None else state_of(one)
                rows.append(message_link(run, parent, identifier, rid=rid, collection=one.ref.collection))
                run.part(side).messages_read += 1
        insert_links(tx, rows)
        spread(run, tx, links_of(tx, {InquiryId(str(parent.inquiry)) for _, parent, _ in spoken}))
        if to is not None:
            save_stream(tx, side.name, name, FEED, to)
        if also is not None:
            also(tx)
    return bool(moved or closed or any(identifier is not None for identifier in ids) or to is not None or also is not None)


def _frozen(parent: Link) -> bool:
    """Whether what is said on a record is left there; all of it is read when the record is about to be live again."""
    return parent.state == "frozen" and not parent.push


def fetch_parents(run: Run, side: Side, refs: Sequence[Ref]) -> None:
    """Bring in records that are younger than the last listing and have messages already."""
    from deskweave.sync.pull import take_page

    source = side.connection.records
    if source is None:
        return
    for name in side.binding.collections:
        mine = [ref for ref in refs if ref.collection == name]
        if mine:
            got = run.call(side, partial(source.fetch, mine), "records.fetch")
            take_page(run, side, name, [one for one in got if isinstance(one, RemoteRecord)])


def parents_of(tx: sa.Connection, side: Side, refs: Iterable[Ref]) -> dict[str, Link]:
    """Links of these records by `collection/rid`, of those that have an inquiry."""
    wanted: dict[str, set[str]] = {}
    for ref in refs:
        wanted.setdefault(ref.collection, set()).add(ref.rid)
    found: dict[str, str] = {}
    for collection, rids in wanted.items():
        for rid, row in scan_links(tx, side.name, collection, sorted(rids)).items():
            found[f"{collection}/{rid}"] = row.id
    links = links_by_id(tx, found.values())
    return {key: links[identifier] for key, identifier in found.items() if links[identifier].inquiry is not None}


def _utterance(side: Side, parent: Link, one: RemoteMessage) -> Utterance:
    """A message somebody wrote there. A first line of ours in it (a copy, a quotation) names its author and is taken off."""
    said = parse(one.body)
    kind = PublicMessage if one.visibility is Visibility.PUBLIC else InternalMessage
    assert parent.inquiry is not None
    return Utterance(
        inquiry=parent.inquiry,
        message=kind(body=said.body if said else bare(one.body), author=None, at=said.at if said else one.at),
        author=said.author if said else None if one.author is None else f"{side.name}:{one.author}",
        source=f"connection:{side.name}",
        origin_id=f"{ref_key(one.ref)}/{MESSAGE_LOG}",
    )


def message_link(run: Run, parent: Link, message: str, *, rid: str | None, collection: str) -> Link:
    """A message on a record: there already, or to be written."""
    link = Link(
        id=run.store.new_id(),
        conn=parent.conn,
        collection=collection,
        corr="",
        kind="message",
        state="new" if rid is None else "live",
        rid=rid,
        role=parent.role,
        inquiry=parent.inquiry,
        message=message,
        parent=parent.id,
        push=rid is None,
    )
    link.corr = f"{run.store.install.id}:{link.id}"
    return link


def _arrived(link: Link, ref: Ref) -> None:
    link.collection = ref.collection
    link.rid, link.state, link.push = ref.rid, "live", False
    link.attempts, link.not_before, link.parked_reason = 0, None, None


# ------------------------------------------------------------------------------------------------------------------ spreading
def spread(run: Run, tx: sa.Connection, links: Mapping[InquiryId, Sequence[Link]], only: Iterable[InquiryId] | None = None) -> None:
    """Make a link for every message that has to stand on a record and does not yet: they are written when their moment comes.

    A message goes to every main record of its inquiry that may be written, has a word for its visibility, and from which messages
    are not withheld; never back to the record it came from.
    """
    inquiries = [one for one in (links if only is None else only) if sum(1 for link in links.get(one, ())) > 1]
    if not inquiries:
        return
    stored = messages_of(tx, inquiries)
    if not stored:
        return
    values = {identifier: document.values for identifier, document in load_documents(tx, inquiries).items()}
    every = [link for one in inquiries for link in links[one]]
    present = {(link.parent, link.message) for link in message_links_of(tx, [link.id for link in every])}
    added: list[Link] = []
    later: set[str] = set()  #: records of platforms nobody can speak with now
    for message in stored:
        for parent in links[message.inquiry]:
            side = run.find_side(parent.conn)
            if (parent.id, message.id) in present or message.erased:
                continue
            if parent.quiet is not None and message.message.at < parent.quiet:
                continue  # both were there when it was said: it stays where it was said
            if side is None or not side.speaks:
                later.add(parent.id)
                continue
            elsewhere = any(link.conn == parent.conn and (link.id, message.id) in present for link in links[message.inquiry])
            if not elsewhere and _carries(
                run, side, parent, message, MESSAGE_LOG in run.withheld(side.name, values[message.inquiry])
            ):
                added.append(message_link(run, parent, message.id, rid=None, collection=parent.collection))
    insert_links(tx, added)
    leave_for_later(tx, later)


def _carries(run: Run, side: Side, parent: Link, message: StoredMessage, withheld: bool) -> bool:
    collection, capabilities = side.binding.collections[parent.collection], side.capabilities(parent.collection)
    visibility = Visibility.PUBLIC if isinstance(message.message, PublicMessage) else Visibility.INTERNAL
    return (
        side.access == "write"
        and not withheld
        and parent.role == "main"
        and parent.state in ("new", "creating", "live")
        and side.connection.messages is not None
        and capabilities is not None
        and visibility in capabilities.visibilities
        and visibility in collection.messages
    )


# -------------------------------------------------------------------------------------------------------------------- writing
def push_messages(run: Run, side: Side) -> bool:
    """Write every message whose record is there, oldest first.

    A message that may not be there yet keeps later ones of its record waiting, so that a conversation is read in its order; one
    that is parked does not.
    """
    if side.access != "write" or side.connection.messages is None:
        return False
    with run.store.read() as tx:
        unsaid = due_links(tx, side.name, EVER, ["message"], ["new", "creating"])
        parents = links_by_id(tx, [one.parent for one in unsaid if one.parent is not None])
        messages = messages_by_id(tx, [one.message for one in unsaid if one.message is not None])
    wrote = False
    ready = [
        one
        for one in unsaid
        if one.parent is not None and parents[one.parent].state == "live" and parents[one.parent].rid is not None and one.message
    ]
    waiting: set[str] = set()  #: records with an earlier message that was not written
    for link in sorted(ready, key=lambda one: (messages[str(one.message)].message.at, one.id)):
        if not run.works(side) or side.name in run.held_back:
            break
        if str(link.parent) in waiting:
            continue
        if link.not_before is not None and link.not_before > run.now():
            if not link.written:
                waiting.add(str(link.parent))
            continue
        with run.containing(side):
            link, sent = _push_one(run, side, link, parents[str(link.parent)], messages[str(link.message)])
            wrote |= sent
            run.progress(Progress(connection=side.name, step="write", done=1))
        if link.state in ("new", "creating") and not link.written:
            waiting.add(str(link.parent))
    return wrote


def _push_one(run: Run, side: Side, link: Link, parent: Link, message: StoredMessage) -> tuple[Link, bool]:
    """Write one message; answers with its link as it is now, and whether anything was written or found."""
    capabilities = side.capabilities(parent.collection)
    assert capabilities is not None
    assert parent.rid is not None
    ref = Ref(parent.collection, parent.rid)
    run.verify(side)
    if link.state == "creating" and capabilities.message_plant not in (Plant.UPSERT, Plant.KEY):
        # our mark stands in the text: what was written can be recognised, whether the platform has a place for a mark or not
        looks = capabilities.messages in ("feed", "per_record")
        if looks:
            read_of(run, side, parent.collection, [ref])
        with run.store.read() as tx:
            link = links_by_id(tx, [link.id])[link.id]
        if link.rid is not None:
            run.part(side).adopted += 1
            return link, True
        if capabilities.message_plant is Plant.NONE or not looks:
            with run.store.write() as tx:
                link.state, link.push, link.not_before, link.parked_reason = "unknown", False, None, UNSURE
                save_links(tx, [link])
            run.report.parked.append(ParkedNote(link=link.id, connection=side.name, label=parent.label, number=None, reason=UNSURE))
            return link, False
    wait = capabilities.settle + capabilities.index_lag
    with run.store.write() as tx:
        seen, link = link, links_by_id(tx, [link.id])[link.id]
        if link.token != seen.token or link.state not in ("new", "creating") or not link.push:
            return link, False  # a person, or another process, has decided about it since it was looked up
        link.state, link.token, link.last_try, link.written = "creating", link.token + 1, run.now(), False
        link.not_before = run.now() + wait
        save_links(tx, [link])
        author, origin = author_of(run, tx, message, side), _origin(run, tx, message, side)
    text = carry(message.message, author=author, origin=origin, mark=message.id)
    outcome: Outcome | None = None
    failure: RemoteError | PluginError | None = None
    try:
        outcome = run.call(side, lambda: _deliver(side, ref, message.message, text, link), "messages.say")
        failure = outcome.error
    except (RemoteError, PluginError) as error:
        failure = error
    with run.store.write() as tx:
        executed = (
            outcome.executed if outcome is not None else failure.executed if isinstance(failure, RequestError) else Executed.MAYBE
        )
        record_writes(
            tx,
            [
                Written(
                    at=run.now(),
                    conn=side.name,
                    ref=ref_key(ref),
                    verb="say" if isinstance(message.message, PublicMessage) else "note",
                    outcome=executed.value,
                    digest={MESSAGE_LOG: digest_value(message.id)},
                )
            ],
        )
        if executed is not Executed.NO and capabilities.notifies and isinstance(message.message, PublicMessage):
            run.told.add(link.id)
        sent, link = link, links_by_id(tx, [link.id])[link.id]
        if link.token != sent.token or link.rid is not None:
            return link, True  # another worker has taken it over since: its answer counts, not ours
        if outcome is not None and outcome.ref is not None and executed is Executed.YES:
            _arrived(link, outcome.ref)
        elif executed is Executed.YES and failure is None:
            link.written = True
        elif executed is Executed.NO and failure is not None:
            _refused(run, side, link, parent, failure)
        save_links(tx, [link])
    if link.state == "live":
        part = run.part(side)
        if isinstance(message.message, PublicMessage):
            part.messages_public += 1
        else:
            part.messages_internal += 1
        return link, True
    if failure is not None and not isinstance(failure, (Rejected, RequestError)):
        raise failure
    if isinstance(failure, RateLimited) and failure.scope.value != "record":
        run.limited(side, failure)
    return link, executed is Executed.YES


def _deliver(side: Side, ref: Ref, message: PublicMessage | InternalMessage, text: str, link: Link) -> Outcome:
    """The one place where a message leaves the house: its type decides the way."""
    target, key = side.connection.messages, key_of(link.id, 0)
    assert target is not None
    if isinstance(message, PublicMessage):
        return target.say(ref, PublicMessage(body=text, author=message.author, at=message.at), corr=link.corr, key=key)
    return target.note(ref, InternalMessage(body=text, author=message.author, at=message.at), corr=link.corr, key=key)


def _refused(run: Run, side: Side, link: Link, parent: Link, failure: RemoteError | PluginError) -> None:
    """Surely not written: it is new again, and waits."""
    link.state = "new"
    if isinstance(failure, TransientError):
        link.not_before = failure.retry_at or run.now() + next_wait(run.timing, link.last_try, None)
        return
    link.attempts += 1
    link.not_before = run.now() + run.timing.backoff * 2 ** (link.attempts - 1)
    if link.attempts >= run.timing.attempts:
        link.state, link.push, link.not_before, link.parked_reason = "parked", False, None, str(failure)
        run.report.parked.append(
            ParkedNote(link=link.id, connection=side.name, label=parent.label, number=None, reason=str(failure))
        )


def _origin(run: Run, tx: sa.Connection, message: StoredMessage, side: Side) -> str:
    """Where a message was said, as people know it: connection and number there, else our own number.

    Our own number stands as well where the label there gives away what is withheld from the platform it goes to.
    """
    name = message.source.partition(":")[2] if message.source.startswith("connection:") else ""
    edited = EDITED if message.edits is not None else ""
    if name:
        values = load_documents(tx, [message.inquiry])[message.inquiry].values
        for link in links_of(tx, [message.inquiry]).get(message.inquiry, []):
            if link.conn == name and link.label and not run.tells(link, side.name, values):
                return f"{name} {link.label}{edited}"
    number = numbers_of(tx, [message.inquiry]).get(message.inquiry)
    return f"{name or 'deskweave'} INQ-{number}{edited}"

"""What a deletion on one platform means for the records of others (`deletes:` of the collection where they are).

The policy stands where the record is that something happens to. Nothing follows from a record that is merely not listed: the sweep
has to have confirmed that it is gone. A note is a message of the inquiry, and a closing is a value of it: both go the usual way. A
record is deleted when its retention has passed, its counterpart is gone still, nobody has gone on with the inquiry, and it is as it
was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from deskweave.connector import Absent, Outcome, Ref, RemoteRecord
from deskweave.errors import Executed, PluginError, RateLimited, RequestError, Scope
from deskweave.ledger import Entry, Utterance
from deskweave.model import ConnectionName, Deletes, InquiryId, InternalMessage, Phase, StatusModel, Value
from deskweave.store.audit import Written, created_refs, record_writes
from deskweave.store.deletions import (
    Deletion,
    add_deletions,
    deletions_of,
    forget_deletions,
    list_deletions,
    mark_sent,
    went_on,
)
from deskweave.store.events import last_seq
from deskweave.store.links import Link, hush_messages, insert_links, links_by_id, save_links
from deskweave.sync.entries import version_of
from deskweave.sync.fingerprint import legible, says_the_same
from deskweave.sync.messages import message_link, spread
from deskweave.sync.reconcile import Reconciliation
from deskweave.sync.run import STATUS, Progress, Run, Side, fetch, ref_key

ENDED: Final = (Phase.CLOSED, Phase.CANCELLED)


def policy_of(run: Run, link: Link) -> Deletes:
    """What a record's collection says; nothing is done where nothing may be written."""
    side = run.find_side(link.conn)
    if side is None or side.access != "write" or link.state != "live" or link.collection not in side.binding.collections:
        return Deletes()
    found: Deletes = side.binding.collections[link.collection].deletes
    return found


# ------------------------------------------------------------------------------------------------------------ it is confirmed
def confirm(run: Run, tx: sa.Connection, gone: Sequence[Link]) -> None:
    """Follow the policies of the counterparts of records that were just found to be gone, in the commit that says so.

    A record that we deleted ourselves tells nobody anything.
    """
    known = deletions_of(tx, [one.id for one in gone])
    ours = {one.link for one in known if one.sent_at is not None}
    forget_deletions(tx, [one.link for one in known])
    rows = Reconciliation(run, tx)
    told = [one for one in gone if one.inquiry is not None and one.id not in ours]
    rows.load(InquiryId(str(one.inquiry)) for one in told)
    followed: list[Link] = []
    for link in told:
        inquiry = InquiryId(str(link.inquiry))
        acting = {one.id: (one, policy_of(run, one)) for one in rows.links[inquiry] if one.id != link.id}
        acting = {key: pair for key, pair in acting.items() if pair[1].policy != "ignore"}
        if not acting:
            continue
        followed.append(link)
        _note(run, rows, inquiry, link, acting)
        if any(policy.policy == "close" for _, policy in acting.values()):
            _close(run, rows, inquiry, link)
    if not followed:
        return
    rows.flush()
    after = last_seq(tx)
    for link in followed:
        doomed = [one for one in rows.links[InquiryId(str(link.inquiry))] if policy_of(run, one).policy == "delete"]
        add_deletions(
            tx,
            [Deletion(link=one.id, gone=link.id, conn=one.conn, at=run.now(), seq=after) for one in doomed if one.id != link.id],
        )


def _note(run: Run, rows: Reconciliation, inquiry: InquiryId, gone: Link, acting: Mapping[str, tuple[Link, Deletes]]) -> None:
    """Say on the records that do something which one is gone, and what is going to happen; the others are told nothing."""
    values = rows.values[inquiry]
    given_away = any(run.tells(gone, run.side_of(link).name, values) for link, _ in acting.values())
    name, now = str(gone.rid) if given_away or not gone.label else gone.label, run.now()
    text = f"{name} ({gone.conn}) was deleted there; noticed {now:%Y-%m-%d %H:%M} UTC."
    zh = f"{name}（{gone.conn}）已在其平台上删除，发现于 {now:%Y-%m-%d %H:%M} UTC。"
    last = [now + policy.retention for _, policy in acting.values() if policy.policy == "delete"]
    if last:
        day = f"{min(last):%Y-%m-%d}"
        text += f" Records made from it are deleted from {day} on, unless somebody goes on working on them."
        zh += f"由其创建的记录自 {day} 起将被删除，除非有人继续处理。"
    (said,) = run.ledger.record(
        rows.tx,
        [
            Utterance(
                inquiry=inquiry,
                message=InternalMessage(body=f"{text}\n{zh}", author=None, at=now),
                author="deskweave",
                source=f"deletion:{gone.conn}",
                origin_id=f"{gone.collection}/{gone.rid}/gone@{now.isoformat()}",
            )
        ],
    )
    assert said is not None, "one moment, one deletion"
    rest = [one for one in rows.links[inquiry] if one.id not in acting]
    silent = [message_link(run, one, said, rid=None, collection=one.collection) for one in rest]
    for one in silent:
        one.state, one.push = "tombstone", False
    insert_links(rows.tx, silent)
    spread(run, rows.tx, rows.links, [inquiry])


def _close(run: Run, rows: Reconciliation, inquiry: InquiryId, gone: Link) -> None:
    model = next((side.binding.statuses for side in run.sides.values() if side.binding.statuses is not None), None)
    status = rows.values[inquiry].get(STATUS)
    target = None if model is None else ending(model, status)
    if target is not None:
        entry = Entry(
            field=STATUS,
            new=target,
            at=run.now(),
            source=f"deletion:{gone.conn}",
            origin_id=run.store.new_id(),
            precise=False,
        )
        rows.add(inquiry, entry)
        rows.values[inquiry][STATUS] = target
    elif model is None or not _ended(model, status):
        run.note(
            "close-not-allowed",
            run.side_of(gone),
            f"{gone.collection}/{gone.rid}",
            gone.label or "",
            f"{gone.label} was deleted, and from status {status} no transition closes or cancels the inquiry; a note says so",
            "close it by hand where people work on it",
        )


def ending(model: StatusModel, status: Value) -> str | None:
    """The status in which an inquiry ends from this one: closed, else cancelled, where a transition leads there; else None."""
    if _ended(model, status):
        return None
    reached = (
        [one.target for one in model.transitions.values() if status in one.sources] if model.transitions else list(model.statuses)
    )
    for phase in ENDED:
        for slug in reached:
            if slug in model.statuses and model.statuses[slug].phase is phase:
                return slug
    return None


def _ended(model: StatusModel, status: Value) -> bool:
    found = model.statuses.get(status) if isinstance(status, str) else None
    return found is not None and found.phase in ENDED


# --------------------------------------------------------------------------------------------------------------- it is carried
def prepare(run: Run, sides: Sequence[Side]) -> None:
    """See what is to be deleted in this run, so that the guards can count it; what is off by now is taken from the list."""
    with run.store.read() as tx:
        listed = list_deletions(tx)
        if not listed:
            return
        links = links_by_id(tx, {key for one in listed for key in (one.link, one.gone)})
        made = {name: created_refs(tx, name) for name in {one.conn for one in listed}}
        worked = {
            one.link
            for one in listed
            if one.sent_at is None and (inquiry := links[one.link].inquiry) is not None and went_on(tx, inquiry, one.seq)
        }
    off: list[str] = []
    chosen = {side.name: side for side in sides}
    for one in listed:
        link, gone = links[one.link], links[one.gone]
        side = chosen.get(ConnectionName(one.conn))
        if link.state == "tombstone":
            off.append(one.link)
        elif one.sent_at is None and gone.state != "tombstone":
            off.append(one.link)  # it was restored
        elif side is None or not run.works(side):
            continue
        elif one.sent_at is None and policy_of(run, link).policy != "delete":
            off.append(one.link)
        elif one.link in worked:
            off.append(one.link)
            _kept(run, side, link, "somebody has gone on with the inquiry since its counterpart was deleted")
        elif one.sent_at is None and policy_of(run, link).made == "ours" and not _ours(link, made[one.conn]):
            off.append(one.link)
            _kept(run, side, link, "it was not created by deskweave, and the policy says `made: ours`")
        elif not _able(side, link):
            _unable(run, side, link)
        else:
            moment = _moment(run, one, link)
            (run.doomed if moment <= run.now() else run.waiting_deletions)[one.link] = (side.name, moment)
    if off and not run.looking:
        with run.store.write() as tx:
            forget_deletions(tx, off)


def _moment(run: Run, one: Deletion, link: Link) -> datetime:
    """When it may be deleted; after an answer that was lost: when the call can no longer take effect."""
    if one.sent_at is None:
        return one.at + policy_of(run, link).retention
    capabilities = run.side_of(link).capabilities(link.collection)
    return one.sent_at + (capabilities.settle if capabilities is not None else run.timing.backoff)


def _ours(link: Link, made: set[str]) -> bool:
    return bool({f"{link.collection}/{link.rid}", f"{link.collection}/{link.corr}"} & made)


def _able(side: Side, link: Link) -> bool:
    capabilities = side.capabilities(link.collection)
    return side.connection.sink is not None and capabilities is not None and capabilities.deletes


def _unable(run: Run, side: Side, link: Link) -> None:
    run.note(
        "delete-not-allowed",
        side,
        f"{link.collection}/{link.rid}",
        link.label or "",
        f"{link.label} should be deleted by now, and this account cannot delete in {link.collection}",
        "grant the right to delete, or choose another policy under `deletes:`",
    )


def _kept(run: Run, side: Side, link: Link, why: str) -> None:
    run.note("delete-held", side, f"{link.collection}/{link.rid}", link.label or "", f"{link.label} is not deleted: {why}")


def carry_out(run: Run, side: Side) -> bool:
    """Delete what is due on a connection, one record at a time; answers whether anything was deleted."""
    due = [identifier for identifier, (name, _) in run.doomed.items() if name == side.name]
    wrote = False
    for number, identifier in enumerate(due):
        if not run.works(side) or side.name in run.held_back:
            break
        del run.doomed[identifier]  # once a run: what could not be deleted is looked at by the next one
        with run.containing(side):
            wrote |= _delete(run, side, identifier)
            run.progress(Progress(connection=side.name, step="write", done=number + 1, total=len(due)))
    return wrote


def _delete(run: Run, side: Side, identifier: str) -> bool:
    with run.store.read() as tx:
        (one,) = deletions_of(tx, [identifier])
        links = links_by_id(tx, [one.link, one.gone])
    link, gone = links[one.link], links[one.gone]
    ref = Ref(link.collection, str(link.rid))
    if one.sent_at is None and not _still_gone(run, gone):
        return False
    found = fetch(run, side, [ref])[ref]
    if isinstance(found, Absent):
        if found.why == "gone":
            _end(run, side, link, None)
        return False
    if one.sent_at is not None and version_of(found) != one.version:
        with run.store.write() as tx:  # put back by somebody after our call, or changed beside it: theirs is the last word
            forget_deletions(tx, [link.id])
        _kept(run, side, link, "it was changed or restored after it was to be deleted")
        return False
    view = legible(found, side.mapper)
    if view is None:
        _kept(run, side, link, "it cannot be read")
        return False
    if one.sent_at is None and not says_the_same(link.seen_fp, view, side.mapper.digest):
        return False  # it has just changed: it is read first, and looked at again
    run.verify(side)
    with run.store.write() as tx:
        mark_sent(tx, link.id, run.now(), version_of(found))
    outcome = _call(run, side, ref)
    if outcome.executed is Executed.YES and outcome.error is None:
        _end(run, side, link, outcome)
        return True
    with run.store.write() as tx:
        if outcome.executed is Executed.NO:
            mark_sent(tx, link.id, None, None)
        record_writes(tx, [_audit(run, side, ref, outcome.executed)])
    error = outcome.error
    if isinstance(error, RateLimited):
        run.limited(side, error) if error.scope is not Scope.RECORD else None
    elif outcome.executed is Executed.NO:
        run.note("delete-refused", side, ref_key(ref), link.label or "", f"{link.label} could not be deleted: {error}")
    return False


def _still_gone(run: Run, gone: Link) -> bool:
    """Ask once more: a record can be restored between a count and the end of a retention."""
    side = run.find_side(gone.conn)
    if side is None or not run.works(side) or side.connection.records is None:
        return False
    answer: RemoteRecord | Absent | None = None
    with run.containing(side):
        ref = Ref(gone.collection, str(gone.rid))
        answer = fetch(run, side, [ref])[ref]
    return isinstance(answer, Absent) and answer.why == "gone"


def _call(run: Run, side: Side, ref: Ref) -> Outcome:
    sink = side.connection.sink
    assert sink is not None
    try:
        answers = run.call(side, lambda: sink.delete([ref]), "sink.delete")
        if len(answers) != 1:
            raise PluginError(side.name, "sink.delete", f"{len(answers)} outcomes for one record")
        return answers[0]
    except RequestError as error:  # anything else leaves the intent as it stands: the next run looks
        return Outcome(executed=error.executed, error=error)


def _end(run: Run, side: Side, link: Link, outcome: Outcome | None) -> None:
    """It is gone, by our doing: no policy follows from that."""
    with run.store.write() as tx:
        forget_deletions(tx, [link.id])
        (mine,) = links_by_id(tx, [link.id]).values()
        mine.state, mine.push, mine.dirty, mine.not_before, mine.missing = "tombstone", False, False, None, None
        mine.inflight, mine.parked_reason = {}, None
        hush_messages(tx, mine.id, hushed=True)
        save_links(tx, [mine])
        if outcome is not None:
            record_writes(tx, [_audit(run, side, Ref(link.collection, str(link.rid)), outcome.executed)])
    run.part(side).deleted += 1
    run.written.setdefault((side.name, "delete"), set()).add(link.id)


def _audit(run: Run, side: Side, ref: Ref, executed: Executed) -> Written:
    return Written(at=run.now(), conn=side.name, ref=ref_key(ref), verb="delete", outcome=executed.value)

"""A message that was rewritten where it stands: told as a message of its own, for no platform lets another's words be replaced.

Each state of a message is a thing of its own to us (`<id>#edited:<when>`): the first one keeps its text, its events and its copies;
the new one is joined to it by its event, and goes where the first one went, with the edit named in its first line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from deskweave.connector import RemoteMessage
from deskweave.ledger import MESSAGE_LOG, Utterance
from deskweave.model import InquiryId, InternalMessage, PublicMessage, Visibility
from deskweave.store.links import Link, links_by_id, links_of, message_links_of, save_links, scan_links
from deskweave.store.messages import StoredMessage, count_edits, messages_by_id
from deskweave.store.values import instant_text
from deskweave.sync.carried import bare
from deskweave.sync.report import ParkedNote
from deskweave.sync.run import Run, Side

MARK: Final = "#edited:"


@dataclass(frozen=True, slots=True)
class Edit:
    """A message that says something else than when it was last read."""

    now: RemoteMessage
    parent: Link
    before: StoredMessage


def state_of(one: RemoteMessage) -> str:
    """The id of a message as it is now; its own as long as nobody has rewritten it."""
    return one.ref.rid if one.edited_at is None else f"{one.ref.rid}{MARK}{instant_text(one.edited_at)}"


def edits_of(run: Run, tx: sa.Connection, side: Side, collection: str, messages: Sequence[RemoteMessage]) -> list[Edit]:
    """Those of these messages, all of them known, that were rewritten since: with another text, not only touched.

    Args:
        run: of this run.
        tx: reads.
        side: the connection.
        collection: of the records they stand on.
        messages: in any order.
    """
    capabilities = side.capabilities(collection)
    if capabilities is None or capabilities.message_edits != "seen":
        return []
    rewritten = [one for one in messages if one.edited_at is not None]
    found: list[Edit] = []
    for kind in sorted({one.ref.collection for one in rewritten}):
        mine = [one for one in rewritten if one.ref.collection == kind]
        known = scan_links(tx, side.name, kind, [state_of(one) for one in mine])
        mine = [one for one in mine if state_of(one) not in known]
        first = scan_links(tx, side.name, kind, [one.ref.rid for one in mine])
        links = links_by_id(tx, [row.id for row in first.values()])
        parents = links_by_id(tx, [str(link.parent) for link in links.values()])
        last = _last(message_links_of(tx, parents), kind) if mine else {}
        stored = messages_by_id(tx, [str(link.message) for link in last.values()])
        for one in mine:
            link = last.get(one.ref.rid)
            before = None if link is None else stored.get(str(link.message))
            if link is None or before is None or before.erased or _words(before.message.body) == _words(bare(one.body)):
                continue
            parent = parents[str(link.parent)]
            if parent.state == "live":
                found.append(Edit(one, parent, before))
    return found


def closed_of(tx: sa.Connection, side: Side, messages: Sequence[RemoteMessage]) -> list[str]:
    """Copies that are still to be written of messages that were public when they were read, and are internal now: by link.

    Args:
        tx: reads.
        side: the connection they stand on.
        messages: in any order, all of them known.
    """
    found: list[str] = []
    inner = [one for one in messages if one.visibility is Visibility.INTERNAL and one.edited_at is not None]
    for kind in sorted({one.ref.collection for one in inner}):
        known = scan_links(tx, side.name, kind, [one.ref.rid for one in inner if one.ref.collection == kind])
        links = list(links_by_id(tx, [row.id for row in known.values()]).values())
        stored = messages_by_id(tx, [str(link.message) for link in links])
        public = {name for name, one in stored.items() if isinstance(one.message, PublicMessage)}
        mine = {InquiryId(one.inquiry) for name, one in stored.items() if name in public}
        records = [link.id for every in links_of(tx, mine).values() for link in every]
        found += [one.id for one in message_links_of(tx, records) if one.message in public and _unsent(one)]
    return found


def withdrawn(tx: sa.Connection, closed: Sequence[str]) -> list[Link]:
    """The same copies, as far as nothing of them has been sent since: they are not to be written any more."""
    links = [link for link in links_by_id(tx, closed).values() if _unsent(link)]
    for link in links:
        link.state, link.push, link.not_before = "tombstone", False, None
    return links


def _unsent(link: Link) -> bool:
    return link.state == "new" and link.rid is None


def _last(links: Sequence[Link], kind: str) -> Mapping[str, Link]:
    """The latest state we know of each message, by the message's own id."""
    found: dict[str, Link] = {}
    for link in sorted(links, key=lambda one: one.id):
        if link.collection == kind and link.rid is not None:
            found[link.rid.partition(MARK)[0]] = link
    return found


def _words(text: str) -> list[str]:
    return text.split()


def without_wars(run: Run, tx: sa.Connection, side: Side, edits: Sequence[Edit]) -> list[Edit]:
    """These edits without those of copies that go to and fro between rules: nobody else would end it, the record is set aside."""
    kept: list[Edit] = []
    for one in edits:
        assert one.parent.inquiry is not None
        often = count_edits(tx, one.parent.inquiry, run.now() - run.timing.war_within)
        if one.now.author_side != "us" or often < run.timing.war_after:
            kept.append(one)
            continue
        link = links_by_id(tx, [one.parent.id])[one.parent.id]
        if link.state == "live":
            minutes = int(run.timing.war_within.total_seconds() // 60)
            link.state, link.push, link.not_before = "parked", False, None
            link.parked_reason = (
                f"messages were rewritten {often} times within {minutes} minutes, our copies too: a rule on this platform or "
                f"on another one changes what is said. Change that rule; release the record {minutes} minutes later"
            )
            save_links(tx, [link])
            run.report.parked.append(
                ParkedNote(link=link.id, connection=side.name, label=link.label, number=None, reason=link.parked_reason)
            )
    return kept


def restated(side: Side, edit: Edit) -> Utterance:
    """The message as it says now. A copy of ours keeps the author of what it is a copy of: no platform tells who rewrote it."""
    now, kind = edit.now, PublicMessage if edit.now.visibility is Visibility.PUBLIC else InternalMessage
    assert edit.parent.inquiry is not None
    assert now.edited_at is not None
    author = edit.before.author if now.author_side == "us" or now.author is None else f"{side.name}:{now.author}"
    return Utterance(
        inquiry=edit.parent.inquiry,
        message=kind(body=bare(now.body), author=None, at=now.edited_at),
        author=author,
        source=f"connection:{side.name}",
        origin_id=f"{now.ref.collection}/{state_of(now)}/{MESSAGE_LOG}",
        edits=edit.before.id,
    )

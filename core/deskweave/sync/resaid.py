"""Messages of a rebuilt store: what was carried is joined with what it was carried from, by the mark of its first line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from deskweave.connector import RemoteMessage
from deskweave.ledger import Utterance
from deskweave.model import InquiryId, InternalMessage, PublicMessage, Visibility
from deskweave.store.links import Link, insert_links, links_by_corr, links_by_id, links_of, message_links_of, save_links
from deskweave.store.messages import StoredMessage, messages_of
from deskweave.sync.carried import Carried, bare, parse
from deskweave.sync.messages import _arrived, _utterance, message_link, spread
from deskweave.sync.pull import MARK
from deskweave.sync.rejoin import Key
from deskweave.sync.run import Run


def carried_line(message: RemoteMessage) -> Carried | None:
    """The first line of a message that our account wrote; what people quote or copy proves nothing."""
    return parse(message.body) if message.author_side == "us" or message.corr else None


@dataclass(slots=True)
class Said:
    """One message as it was first said, and where it stands."""

    connection: str
    at: datetime  #: to the second, as a first line tells it
    public: bool
    body: str
    id: str | None  #: of the store, or of the lost one
    utterance: Utterance | None  #: None: the store has it already
    places: list[tuple[Link, RemoteMessage]] = field(default_factory=list)
    silent: list[Link] = field(default_factory=list)  #: records on which it stood, and is not to be said again


def say_again(run: Run, tx: sa.Connection, inquiries: Sequence[InquiryId], said: Mapping[Key, Sequence[RemoteMessage]]) -> int:
    """Take in the messages of these inquiries, each once; answers with how many are new to the store."""
    links = links_of(tx, inquiries)
    below = message_links_of(tx, [link.id for every in links.values() for link in every])
    there = {(one.conn, one.collection, one.rid) for one in below if one.rid is not None}
    pending = {(one.parent, one.message): one for one in below if one.rid is None}
    stored: dict[InquiryId, list[StoredMessage]] = {}
    for message in messages_of(tx, inquiries):
        stored.setdefault(message.inquiry, []).append(message)
    every: list[Said] = []
    for inquiry in inquiries:
        fresh = [
            (link, one)
            for link in links.get(inquiry, ())
            for one in said.get((link.conn, link.collection, str(link.rid)), ())
            if (link.conn, one.ref.collection, one.ref.rid) not in there
        ]
        every += _told(run, links.get(inquiry, ()), stored.get(inquiry, ()), fresh)
    every.sort(key=lambda one: (one.at, one.id or ""))
    new = [one for one in every if one.utterance is not None]
    for one, identifier in zip(new, run.ledger.record(tx, [one.utterance for one in new if one.utterance]), strict=True):
        one.id = identifier
    added: list[Link] = []
    moved: list[Link] = []
    for one in every:
        for parent, remote in one.places if one.id is not None else ():
            waiting = pending.pop((parent.id, one.id), None)
            if waiting is not None:
                _arrived(waiting, remote.ref)
                moved.append(waiting)
                continue
            link = message_link(run, parent, str(one.id), rid=remote.ref.rid, collection=remote.ref.collection)
            if remote.corr and MARK.fullmatch(remote.corr) and _free(tx, remote.corr, added):
                link.id, link.corr = remote.corr.partition(":")[2], remote.corr
            added.append(link)
        for parent in one.silent if one.id is not None else ():
            link = message_link(run, parent, str(one.id), rid=None, collection=parent.collection)
            link.state, link.push = "tombstone", False
            added.append(link)
    save_links(tx, moved)
    insert_links(tx, added)
    spread(run, tx, links_of(tx, inquiries))
    return len(new)


def _free(tx: sa.Connection, corr: str, added: Sequence[Link]) -> bool:
    identifier = corr.partition(":")[2]
    return not (
        links_by_corr(tx, [corr]) or links_by_id(tx, [identifier]) or any(identifier == one.id or corr == one.corr for one in added)
    )


def _told(
    run: Run, parents: Sequence[Link], stored: Sequence[StoredMessage], fresh: Sequence[tuple[Link, RemoteMessage]]
) -> list[Said]:
    """The messages of one inquiry, each with every place where it stands."""
    origins: list[Said] = []
    for message in stored:
        origins.append(
            Said(
                connection=message.source.partition(":")[2],
                at=message.message.at.replace(microsecond=0),
                public=isinstance(message.message, PublicMessage),
                body=message.message.body,
                id=message.id,
                utterance=None,
            )
        )
    copies: dict[str, list[tuple[Link, RemoteMessage, Carried]]] = {}
    for link, one in fresh:
        line = carried_line(one)
        if line is not None:
            copies.setdefault(line.mark, []).append((link, one, line))
        elif one.author_side != "us":
            utterance = _utterance(run.side_of(link), link, one)
            origins.append(
                Said(
                    connection=link.conn,
                    at=utterance.message.at.replace(microsecond=0),
                    public=one.visibility is Visibility.PUBLIC,
                    body=utterance.message.body,
                    id=None,
                    utterance=utterance,
                    places=[(link, one)],
                )
            )
    taken: set[int] = set()
    by_id = {one.id: one for one in origins if one.id is not None}
    for mark, places in sorted(copies.items()):
        origin = by_id.get(mark) or _origin(origins, taken, places)
        if origin is None:
            origin = _orphaned(parents, mark, places)
            origins.append(origin)
        elif origin.utterance is not None and origin.id is None:
            origin.utterance = replace(origin.utterance, id=mark)
            origin.id = mark
        taken.add(id(origin))
        origin.places += [(link, one) for link, one, _ in places]
    return origins


def _origin(origins: Sequence[Said], taken: set[int], places: Sequence[tuple[Link, RemoteMessage, Carried]]) -> Said | None:
    """The message that was carried: said at that second, where the first line says, with that text; else the only one of then."""
    _, copy, line = places[0]
    here = {link.conn for link, _, _ in places}
    name = line.origin.partition(" ")[0]
    near = [
        one
        for one in origins
        if id(one) not in taken
        and one.at == line.at
        and one.public == (copy.visibility is Visibility.PUBLIC)
        and one.connection not in here
        and (one.connection == name or name == "deskweave")
    ]
    alike = [one for one in near if bare(one.body).strip() == line.body.strip()]
    if alike:
        return alike[0]
    return near[0] if len(near) == 1 else None


def _orphaned(parents: Sequence[Link], mark: str, places: Sequence[tuple[Link, RemoteMessage, Carried]]) -> Said:
    """A copy whose original is gone or was rewritten: it is the message by now, and is not carried back to where it came from."""
    link, copy, line = places[0]
    kind = PublicMessage if copy.visibility is Visibility.PUBLIC else InternalMessage
    assert link.inquiry is not None
    utterance = Utterance(
        inquiry=link.inquiry,
        message=kind(body=line.body, author=None, at=line.at),
        author=line.author,
        source=f"connection:{link.conn}",
        origin_id=f"{copy.ref.collection}/{copy.ref.rid}/message_log",
        id=mark,
    )
    name = line.origin.partition(" ")[0]
    return Said(
        connection=name,
        at=line.at,
        public=copy.visibility is Visibility.PUBLIC,
        body=line.body,
        id=mark,
        utterance=utterance,
        silent=[one for one in parents if one.conn == name],
    )

"""The tables, as SQLAlchemy Core knows them. A change here is a new revision in migrations/versions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from deskweave.store.values import Instant, JsonText

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: One row: who we are. `epoch` rises with every restore.
install = Table(
    "install",
    metadata,
    Column("id", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
)

#: What was in force when; events and facts name the digest.
practice_version = Table(
    "practice_version",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("version", Text),
    Column("documents", JsonText),
    Column("adopted_at", Instant, nullable=False),
)

#: `heartbeat` is the one write of a quiet run. `paused_*` is the engine's own word and passes; `held_*` is a person's and stays.
connection = Table(
    "connection",
    metadata,
    Column("name", Text, primary_key=True),
    Column("plugin", Text, nullable=False),
    Column("capabilities", JsonText),
    Column("identity", JsonText),
    Column("paused_until", Instant),
    Column("pause_reason", Text),
    Column("heartbeat", Instant),
    Column("held_by", Text),
    Column("held_at", Instant),
    Column("held_why", Text),
)

stream = Table(
    "stream",
    metadata,
    Column("conn", Text, primary_key=True),
    Column("collection", Text, primary_key=True),
    Column("feed", Text, primary_key=True),
    Column("watermark", Instant),
    Column("resume", Text),
    Column("generation", Integer, nullable=False, server_default="0"),
)

#: One row: who holds the store. `token` rises with every holder; `until` where it is held for a time; `locked` is who has the
#: kernel's lock: the holder, or one that stood still and was taken over.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("holder", JsonText),
    Column("until", Instant),
    Column("locked", JsonText),
)

#: `doc` is the fold of the inquiry's events by seq: a cache. Personal values in it are references into `personal`.
inquiry = Table(
    "inquiry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, unique=True, nullable=False),
    Column("doc", JsonText, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("closed_at", Instant),
    Column("erased_at", Instant),
)

#: Values of fields marked personal, and message bodies: erasing empties `value`, everything that points here stays valid.
personal = Table(
    "personal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, index=True),
    Column("value", JsonText),
    Column("erased_at", Instant),
)

message = Table(
    "message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("inquiry", Text, ForeignKey("inquiry.id"), nullable=False, index=True),
    Column("visibility", Text, nullable=False),
    Column("author", Text),
    Column("at", Instant, nullable=False),
    Column("body", Text, ForeignKey("personal.id"), nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("inquiry", Text, ForeignKey("inquiry.id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("old", JsonText),
    Column("new", JsonText),
    Column("at", Instant, nullable=False),
    Column("ord", Integer, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Text),
    Column("source", Text, nullable=False),
    Column("origin_id", Text, nullable=False),
    Column("precise", Boolean, nullable=False),
    Column("refines", Integer, ForeignKey("event.seq")),
    Column("cause", Integer),
    Column("practice", Text, nullable=False),
    UniqueConstraint("source", "origin_id"),
    Index("ix_event_inquiry_seq", "inquiry", "seq"),
    Index("ix_event_refines", "refines", sqlite_where=text("refines IS NOT NULL"), postgresql_where=text("refines IS NOT NULL")),
    Index("ix_event_coarse", "source", "recorded_at", sqlite_where=text("precise = 0"), postgresql_where=text("NOT precise")),
    Index(
        "ix_event_joined",
        "inquiry",
        sqlite_where=text("field = 'joined_into'"),
        postgresql_where=text("field = 'joined_into'"),
    ),
)

#: What is no inquiry and counts in figures all the same: contacts, answers to surveys (practice A7, D2). Rows are only added: the
#: last one of a key by `n` holds, and what was known at a moment stays known. Without `doc` the key is no more.
record = Table(
    "record",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("grain", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("doc", JsonText),
    Column("practice", Text, nullable=False),
    Index("ix_record_grain_n", "grain", "n"),
    Index("ix_record_source_key", "source", "key"),
)

#: What joins one thing on one platform with an inquiry. `label` is what people call it there.
link = Table(
    "link",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conn", Text, nullable=False),
    Column("collection", Text, nullable=False),
    Column("rid", Text),
    Column("role", Text, nullable=False, server_default="main"),
    Column("inquiry", Text, ForeignKey("inquiry.id"), index=True),
    Column("kind", Text, nullable=False),
    Column("message", Text, ForeignKey("message.id")),
    Column("parent", Text, ForeignKey("link.id")),
    Column("corr", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("seen_fp", Text),
    Column("seen_version", Text),
    Column("dirty", Boolean, nullable=False, server_default="0"),
    Column("push", Boolean, nullable=False, server_default="0"),
    Column("inflight", JsonText),
    Column("label", Text, index=True),
    Column("url", Text),
    Column("token", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Instant),
    Column("last_try", Instant),
    Column("parked_reason", Text),
    Column("written", Boolean, nullable=False, server_default="0"),
    UniqueConstraint("conn", "collection", "rid"),
    Index(
        "uq_link_home",
        "conn",
        "collection",
        "inquiry",
        "role",
        unique=True,
        sqlite_where=text("kind = 'inquiry'"),
        postgresql_where=text("kind = 'inquiry'"),
    ),
    Index(
        "uq_link_part",
        "conn",
        "parent",
        "corr",
        unique=True,
        sqlite_where=text("kind <> 'inquiry'"),
        postgresql_where=text("kind <> 'inquiry'"),
    ),
    Index("ix_link_message", "message", sqlite_where=text("message IS NOT NULL"), postgresql_where=text("message IS NOT NULL")),
    Index("ix_link_parent", "parent", sqlite_where=text("parent IS NOT NULL"), postgresql_where=text("parent IS NOT NULL")),
    Index("ix_link_push", "conn", "not_before", sqlite_where=text("push = 1"), postgresql_where=text("push")),
    Index("ix_link_dirty", "conn", "inquiry", sqlite_where=text("dirty = 1"), postgresql_where=text("dirty")),
    Index(
        "ix_link_waiting",
        "conn",
        "state",
        sqlite_where=text("state IN ('unknown', 'parked')"),
        postgresql_where=text("state IN ('unknown', 'parked')"),
    ),
)

#: Both in the platform's view, never in the neutral form; apart from `link`, so that fingerprint scans stay narrow.
snapshot = Table(
    "snapshot",
    metadata,
    Column("link", Text, ForeignKey("link.id", ondelete="CASCADE"), primary_key=True),
    Column("base", JsonText),
    Column("observed", JsonText),
    Column("unreadable", JsonText),
)

#: What an inquiry would say in the fields by which a collection's records are matched, digested: an index, made anew at will.
likeness = Table(
    "likeness",
    metadata,
    Column("conn", Text, primary_key=True),
    Column("collection", Text, primary_key=True),
    Column("inquiry", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Index("ix_likeness_key", "conn", "collection", "key"),
    Index("ix_likeness_inquiry", "inquiry"),
)

#: Records (`link`) to be deleted, as a counterpart of theirs (`gone`) was found deleted at `at`, when the last event was `seq`.
#: `sent_at` and `version` are the intent: from then on it may be deleted.
deletion = Table(
    "deletion",
    metadata,
    Column("link", Text, ForeignKey("link.id"), primary_key=True),
    Column("gone", Text, nullable=False),
    Column("conn", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("version", Text),
)

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("profile", JsonText, nullable=False),
    Column("locale", Text),
    Column("zone", Text),
    Column("erased_at", Instant),
)

person_key = Table(
    "person_key",
    metadata,
    Column("person", Text, ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
)

#: `how`: the rule that matched, or the person who said so; `name` and `told`: what the platform says of it (keys, side, whether
#: it is in use), asked at `asked_at` (null: not yet).
account = Table(
    "account",
    metadata,
    Column("conn", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), index=True),
    Column("how", Text),
    Column("name", Text),
    Column("told", JsonText),
    Column("asked_at", Instant),
)

#: Deliveries word for word, saved before they are answered. Where the connector could not read one, `hints` is NULL;
#: `parked_reason` says why nothing could be made of it.
inbox = Table(
    "inbox",
    metadata,
    Column("conn", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("raw", LargeBinary),
    Column("hints", JsonText),
    Column("answers", JsonText),
    Column("done", Boolean, nullable=False, server_default="0"),
    Column("records", JsonText),
    Column("messages", JsonText),
    Column("parked_reason", Text),
    Index("ix_inbox_done_received_at", "done", "received_at"),
)

timer = Table(
    "timer",
    metadata,
    Column("inquiry", Text, ForeignKey("inquiry.id"), primary_key=True),
    Column("clock", Text, primary_key=True),
    Column("moment", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("fired_seq", Integer),
)

#: How far each reader of events has come: facts, desk, each plugin, exports; and what has been reached once ("route:<id>").
position = Table(
    "position",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
)

blob = Table(
    "blob",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("refs", Integer, nullable=False, server_default="0"),
    Column("expires_at", Instant),
)

credential = Table(
    "credential",
    metadata,
    Column("conn", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
)

apply_step = Table(
    "apply_step",
    metadata,
    Column("plan", Text, primary_key=True),
    Column("ord", Integer, primary_key=True),
    Column("element", Text, nullable=False),
    Column("change", JsonText, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", JsonText),
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("inquiry", Text, ForeignKey("inquiry.id"), nullable=False, index=True),
    Column("field", Text, nullable=False),
    Column("base", JsonText),
    Column("ours", JsonText),
    Column("theirs", JsonText),
    Column("conn", Text, nullable=False),
    Column("winner", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("resolved_by", Text),
)

#: What was written remotely. `digest` is {field: digest of the value}; `hash` chains over digests, so erasing leaves it whole.
audit = Table(
    "audit",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("conn", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("digest", JsonText),
    Column("cause_seq", Integer),
    Column("outcome", Text),
    Column("previous", Text),
    Column("hash", Text),
    Index("ix_audit_conn_ref", "conn", "ref"),
)

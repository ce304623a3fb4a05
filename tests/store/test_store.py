from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from deskweave.errors import CredentialError, SafetyStop
from deskweave.store import Install, Store, StoreTooNew, tables
from deskweave.store.audit import Written, record_writes, verify_audit
from deskweave.store.migrations import HEAD, migrate, revision_of
from deskweave.store.values import decode, encode, new_ulid, ulid_time
from deskweave.store.vault import StoreVault

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def now():
    return AT


def shape(tx):
    """Tables as they are, whatever the order of their constraints."""
    inspect = sa.inspect(tx)
    found = {}
    for table in inspect.get_table_names():
        found[table] = (
            sorted((c["name"], str(c["type"]), c["nullable"], c["default"], c["primary_key"]) for c in inspect.get_columns(table)),
            sorted(f"{i['name']} {i['column_names']} {i['unique']}" for i in inspect.get_indexes(table)),
            sorted(str(sorted(i.items(), key=str)) for i in inspect.get_unique_constraints(table)),
            sorted(str(sorted(i.items(), key=str)) for i in inspect.get_foreign_keys(table)),
        )
    return found


def test_a_fresh_store_is_all_migrations_applied(tmp_path):
    store = Store.open(tmp_path / "state.db", now=now)
    engine = sa.create_engine("sqlite://")
    with engine.begin() as tx:
        migrate(tx)
        migrated, indexes = (
            shape(tx),
            sorted(tx.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL").scalars()),
        )
        assert revision_of(tx) == HEAD
    with store.read() as tx:
        assert shape(tx) == migrated
        assert (
            sorted(tx.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL").scalars()) == indexes
        )
        assert set(migrated) == {*tables.metadata.tables, "alembic_version"}
    store.close()
    engine.dispose()


def test_who_we_are_is_random_and_stays(tmp_path):
    first, other = Store.open(tmp_path / "a.db", now=now), Store.open(tmp_path / "b.db", now=now)
    assert first.install.id != other.install.id
    assert first.install.epoch == 1
    first.close()
    again = Store.open(tmp_path / "a.db", now=now)
    assert again.install == first.install
    restored = Store.open(tmp_path / "c.db", now=now, install=Install(first.install.id, 2))
    assert restored.install == Install(first.install.id, 2)
    for one in (other, again, restored):
        one.close()


def test_a_newer_store_is_refused_untouched(tmp_path):
    path = tmp_path / "state.db"
    store = Store.open(path, now=now)
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreTooNew, match=r"9999.*pip install -U deskweave"):
        Store.open(path, now=now)


def test_the_file_is_copied_aside_before_a_migration(tmp_path, monkeypatch):
    path = tmp_path / "state.db"
    Store.open(path, now=now).close()
    import deskweave.store.migrations as migrations

    here = migrations.HEAD
    monkeypatch.setattr(migrations, "HEAD", "9999")
    monkeypatch.setattr(migrations, "revisions", lambda: frozenset({here, "9999"}))
    ran = []
    monkeypatch.setattr(migrations, "migrate", lambda tx: ran.append(revision_of(tx)))
    Store.open(path, now=now).close()
    assert ran == [here]
    copy = tmp_path / "state.db.before-9999"
    monkeypatch.undo()
    Store.open(copy, now=now).close()


def test_settings_of_the_database(tmp_path):
    store = Store.open(tmp_path / "state.db", now=now)
    with store.read() as tx:
        pragma = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "busy_timeout")
        }
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "wal_autocheckpoint": 20000,
        "busy_timeout": 10000,
    }
    store.close()


@pytest.mark.parametrize("length", ["None", "datetime.timedelta(minutes=5)"])
def test_a_lease_is_free_again_when_its_holder_is_killed(tmp_path, length):
    path = tmp_path / "state.db"
    Store.open(path, now=now).close()
    code = (
        "import sys, datetime\nfrom deskweave.store import Store\n"
        "store = Store.open(sys.argv[1], now=lambda: datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc))\n"
        f"with store.lease('sync', {length}):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert holder.stdout.readline() == b"held\n"
    store = Store.open(path, now=now)
    with pytest.raises(SafetyStop, match=f"process {holder.pid}"), store.lease("sync"):
        pass
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    with store.lease("sync"), store.lease("again"):
        pass
    store.close()


def test_values_come_back_as_they_were():
    for value in (None, True, 1, 1.5, "a", AT, ("a", AT, ("b",)), ()):
        assert decode(encode(value)) == value
    with pytest.raises(ValueError, match="time zone"):
        encode(datetime(2026, 1, 1))


def test_ids_sort_by_time():
    ids = [new_ulid(AT + timedelta(milliseconds=n)) for n in range(50)]
    assert ids == sorted(ids)
    assert all(len(one) == 26 for one in ids)
    assert ulid_time(ids[7]) == AT + timedelta(milliseconds=7)


def test_the_vault_keeps_nothing_in_plain_text():
    with pytest.raises(CredentialError, match="cannot seal"):
        StoreVault("feishu").rotate("token", "a", "b")


def test_the_audit_chain_shows_a_changed_row():
    store = Store.open(":memory:", now=now)
    with store.write() as tx:
        for n in range(5):
            record_writes(tx, [Written(at=AT, conn="a", ref=f"t/{n}", verb="update", outcome="yes", digest={"title": "x"})] * 2)
        assert verify_audit(tx) is None
        tx.execute(sa.update(tables.audit).where(tables.audit.c.n == 4).values(ref="t/9"))
        assert verify_audit(tx) == 4
    store.close()


def test_a_store_of_the_first_revision_gets_the_index_on_what_events_refine(tmp_path):
    path = tmp_path / "state.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as tx:
        migrate(tx, "0001")
        tx.exec_driver_sql("INSERT INTO install (id, epoch, created_at) VALUES ('us', 1, '2026-11-22T09:00:00.000000Z')")
        tx.exec_driver_sql("INSERT INTO inquiry (id, number, doc, seq) VALUES ('a', 1, '{}', 0)")
    engine.dispose()
    store = Store.open(path, now=now)
    with store.read() as tx:
        assert revision_of(tx) == HEAD
        assert tx.execute(sa.select(tables.inquiry.c.id)).scalars().all() == ["a"]
        asked = "SELECT 1 FROM event coarse WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.refines = coarse.seq)"
        assert any("ix_event_refines" in row[-1] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}"))
    store.close()


def test_a_message_that_stands_without_an_id_stays_so_over_the_migration(tmp_path):
    path = tmp_path / "state.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as tx:
        migrate(tx, "0008")
        tx.exec_driver_sql("INSERT INTO install (id, epoch, created_at) VALUES ('us', 1, '2026-11-22T09:00:00.000000Z')")
        link = "INSERT INTO link (id, conn, collection, corr, kind, state, seen_version) VALUES "
        tx.exec_driver_sql(f"{link} ('m', 'b', 'ticket', 'us:m', 'message', 'creating', 'written')")
        tx.exec_driver_sql(f"{link} ('r', 'b', 'ticket', 'us:r', 'inquiry', 'live', 'written')")  # a version may be any word
    engine.dispose()
    store = Store.open(path, now=now)
    with store.read() as tx:
        found = {row.id: (row.written, row.seen_version) for row in tx.execute(sa.select(tables.link))}
        assert found == {"m": (True, None), "r": (False, "written")}
        assert "bucket" not in sa.inspect(tx).get_table_names()
    store.close()


def test_events_of_many_inquiries_are_read_in_few_statements(tmp_path):
    from deskweave.model import InquiryId
    from deskweave.workspace.events import INQUIRIES, StoreEvents

    store = Store.open(tmp_path / "state.db", now=now)
    ids = [f"i{number:03}" for number in range(2 * INQUIRIES + 1)]
    with store.write() as tx:
        tx.execute(sa.insert(tables.inquiry), [{"id": one, "number": n, "doc": {}, "seq": 0} for n, one in enumerate(ids, 1)])
        for n, one in enumerate(ids * 2, 1):
            tx.execute(
                sa.insert(tables.event).values(
                    seq=n, inquiry=one, field="title", old=None, new=f"t{n}", at=AT, ord=0, recorded_at=AT, source="toy",
                    origin_id=str(n), precise=True, practice="p",
                )
            )  # fmt: skip
    asked = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    wanted = [InquiryId(one) for one in ids[1:]]
    found = list(StoreEvents(store).events_of(wanted))
    assert sorted((event.inquiry, event.new) for event in found) == sorted(
        (one, f"t{n}") for n, one in enumerate(ids * 2, 1) if one != ids[0]
    )
    assert all(first.seq < then.seq for first, then in pairwise(found) if first.inquiry == then.inquiry)
    assert len([one for one in asked if "FROM event" in one]) == 2
    assert list(StoreEvents(store).events_of([])) == []
    store.close()


def test_a_number_that_becomes_a_flag_is_written(tmp_path):
    """A field that is read by another mapping: 1 there, and yes from now on."""
    from deskweave.store.links import Link, insert_links, links_by_id, save_links

    store = Store.open(tmp_path / "state.db", now=now)

    with store.write() as tx:
        insert_links(tx, [Link(id="L", conn="a", collection="t", corr="c", kind="inquiry", state="live", base={"urgent": 1})])
    with store.write() as tx:
        (link,) = links_by_id(tx, ["L"]).values()
        link.base = {"urgent": True}
        assert save_links(tx, [link]) == 1
    with store.read() as tx:
        (link,) = links_by_id(tx, ["L"]).values()
        assert link.base["urgent"] is True
        assert save_links(tx, [link]) == 0
    store.close()

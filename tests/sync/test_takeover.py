"""A run that stands still for longer than its lease: another process takes the store over, and the first one goes on too late."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from deskweave.connector import Plant
from deskweave.errors import SafetyStop
from deskweave.model import Visibility
from deskweave.store import Store, tables
from deskweave.store.lease import LeaseLost
from deskweave.sync import Timing
from deskweave.testing.memory import Switches

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}
LEASE = Timing().lease.total_seconds()
RISING = (
    "CREATE TRIGGER rising_{table} BEFORE UPDATE OF token ON {table} WHEN NEW.token < OLD.token "
    "BEGIN SELECT RAISE(ABORT, 'a token went back'); END"
)


class Doors(Store):
    """A store with a door before and behind every commit."""

    door = staticmethod(lambda _where: None)

    def write(self):
        return self._passed(super().write())

    @contextmanager
    def _passed(self, transaction):
        self.door("before commit")
        with transaction as tx:
            yield tx
        self.door("after commit")


def desk(world, path, **switches):
    """A desk with something of every kind to do: a create, a patch, messages on a new record and on a known one."""
    w = world(switches={name: Switches(**switches) for name in "ab"})
    w.store.close()
    w.store = Doors.open(path, now=w.clock)
    with w.store.write() as tx:
        for table in ("link", "lease"):
            tx.exec_driver_sql(RISING.format(table=table))
    first = w.hands("a").create("ticket", {**V, "title": "one"}, "li")
    w.sync(1)
    w.sync(120)
    w.hands("a").edit(first, {"priority": "low"}, "li")
    w.hands("a").write(first, Visibility.PUBLIC, "known, public", "li")
    second = w.hands("a").create("ticket", {**V, "title": "two"}, "li")
    w.hands("a").write(second, Visibility.INTERNAL, "new, internal", "li")
    w.hands("b").edit(w.refs("b")[0], {"status": "working"}, "chen")
    w.hands("b").create("ticket", {**V, "title": "three"}, "chen")
    w.clock.turn(120)
    return w


def frozen_at(w, path, number):
    """Run; at the n-th door the process stands still while another one takes over and works. Answers which door it was."""
    passed: list[str] = []

    def door(where):
        passed.append(where)
        if len(passed) != number:
            return
        for platform in w.platforms.values():
            platform.hook = lambda _door: None
        mine, w.store = w.store, Store.open(path, now=w.clock)
        w.clock.turn(LEASE + 1)
        for _ in range(3):
            w.sync(120)
        w.store.close()
        w.store = mine

    for name, platform in w.platforms.items():
        platform.hook = lambda where, name=name: door(f"{name} {where}")
    w.store.door = door
    engine = w.engine()
    try:
        if len(passed) < number:
            engine.run()
    except LeaseLost:
        passed.append("lost")
    w.store.door = lambda _where: None
    for platform in w.platforms.values():
        platform.hook = lambda _door: None
    return passed


def told(w, report_of):
    return [finding.rule for report in report_of for finding in report.findings]


def some(plant, conditions, step):
    """Every `step`-th door. What stands on the wire while `AFTER` plants its mark can be doubled by a mere slow answer, and is."""
    every = [] if step > 1 else [pytest.mark.slow]
    return pytest.param(plant, conditions, step, id=f"{plant}-{conditions}-{step}", marks=every)


@pytest.mark.parametrize(
    ("plant", "conditions", "step"),
    [
        some(Plant.ATOMIC, False, 7),
        some(Plant.KEY, False, 11),
        *(some(plant, conditions, 1) for plant in (Plant.ATOMIC, Plant.KEY, Plant.UPSERT) for conditions in (True, False)),
    ],
)
def test_a_run_that_is_taken_over_at_any_door_doubles_and_loses_nothing(world, tmp_path, plant, conditions, step):
    habits = {"plant": plant, "conditions": conditions, "message_plant": plant}
    number, lost = 2 - step, 0  # the first door is that of the lease itself: whoever stands still there holds the store by no time
    while True:
        number += step
        path = tmp_path / f"{number}.db"
        w = desk(world, path, **habits)
        doors = frozen_at(w, path, number)
        if len(doors) < number:
            w.store.close()
            break
        lost += "lost" in doors
        at = doors[number - 1]
        reports = [w.sync(120) for _ in range(4)]
        shown = {name: Counter(str(w.hands(name).shows(ref)["title"]) for ref in w.refs(name)) for name in "ab"}
        said = {name: Counter(comment.body.splitlines()[-1] for comment in w.platforms[name].comments) for name in "ab"}
        once, talk = Counter(["one", "two", "three"]), Counter(["known, public", "new, internal"])
        # what was on the wire already when the process stood still cannot be called back: only a key of the platform's own closes that
        where, _, what = at.partition(" ")
        keyed = plant in (Plant.KEY, Plant.UPSERT)
        late = what == "before sink.create" and not keyed
        for name in "ab":
            assert shown[name] == once or (late and where == name and "duplicate-mark" in told(w, reports)), at
            spoken = at == f"{name} before messages.say" and plant is not Plant.KEY
            assert said[name] == talk or (spoken and (said[name] - talk).total() == 1), at
        for ref in w.refs("a"):
            here = w.hands("a").shows(ref)
            for there in w.refs("b"):
                values = w.hands("b").shows(there)
                if values["title"] == here["title"] and not late:
                    assert {**values, "submitted_at": None} == {**here, "submitted_at": None}, at
        with w.store.read() as tx:
            assert tx.execute(sa.select(sa.func.count()).select_from(tables.inquiry)).scalar() == 3, at
            assert tx.execute(sa.select(sa.func.count()).select_from(tables.conflict)).scalar() == 0, at
        before = [platform.writes for platform in w.platforms.values()]
        w.sync(600)
        assert [platform.writes for platform in w.platforms.values()] == before, at
        w.store.close()
    assert lost > 25 / step


def test_nothing_is_sent_once_the_store_is_anothers(world, tmp_path):
    """Frozen before a commit: what was about to be sent is not sent, as it could not be written down."""
    path = tmp_path / "state.db"
    w = desk(world, path)
    doors = frozen_at(w, path, 2)
    assert doors[-1] == "lost"
    assert not [door for door in doors[2:] if "sink" in door or "say" in door]


def test_a_run_that_takes_long_and_is_not_taken_over_goes_on(world, tmp_path):
    path = tmp_path / "state.db"
    w = desk(world, path)
    other = Store.open(path, now=w.clock)

    def hook(door):
        w.clock.turn(LEASE / 3)
        with pytest.raises(SafetyStop, match=r"in use by process \d+ \(sync\)"), other.lease("sync", timedelta(minutes=5)):
            pass

    w.platforms["b"].hook = hook
    assert w.engine().run().written == 6
    w.platforms["b"].hook = lambda _door: None
    with other.lease("sync", timedelta(minutes=5)):  # at its end the store is free at once
        pass
    other.close()


def test_every_commit_is_a_sign_of_life(world, tmp_path):
    """A first run may merge for an hour between two calls."""
    path = tmp_path / "state.db"
    w = desk(world, path)
    other, five = Store.open(path, now=w.clock), timedelta(minutes=5)
    with w.store.lease("sync", five):
        for _ in range(6):
            w.clock.turn(LEASE * 0.6)
            with w.store.write():
                pass
            with pytest.raises(SafetyStop, match=r"in use"), other.lease("sync", five):
                pass
        w.clock.turn(LEASE * 0.6)
        with pytest.raises(ZeroDivisionError), w.store.write():
            raise ZeroDivisionError  # rolled back: it has said nothing
        w.clock.turn(LEASE * 0.6)
        with other.lease("sync", five), pytest.raises(LeaseLost):
            w.store.keep_lease()
    other.close()


def test_one_that_took_over_is_told_from_one_that_died(world, tmp_path):
    path = tmp_path / "state.db"
    w = desk(world, path)
    zombie, second, third = w.store, Store.open(path, now=w.clock), Store.open(path, now=w.clock)
    five = timedelta(minutes=5)
    with zombie.lease("sync", five):
        w.clock.turn(LEASE + 1)
        with pytest.raises(SafetyStop, match=r"in use"), third.lease("conflicts"):
            pass  # it takes over nothing: whoever asks once may ask again
        with second.lease("sync", five):
            with pytest.raises(SafetyStop, match=r"in use"), third.lease("sync", five):
                pass
            with pytest.raises(LeaseLost, match="taken over by process"), zombie.write():
                pass
            with pytest.raises(LeaseLost):
                zombie.keep_lease()
        with third.lease("sync", five):  # the second is done, though the first one still stands there with the kernel's lock
            pass
    with second.lease("sync", five), zombie.read() as tx:
        assert tx.execute(sa.select(tables.lease.c.token)).scalar() >= 4
    # a holder without a time, as a restore is, never passes
    with zombie.lease("store restore"):
        w.clock.turn(10 * LEASE)
        with pytest.raises(SafetyStop, match="store restore"), second.lease("sync", five):
            pass
    second.close()
    third.close()


def test_the_lock_of_one_that_took_over_is_not_taken_for_that_of_a_dead_one(world, tmp_path):
    """The zombie dies while the second works: its lock is free, the store is not."""
    path = tmp_path / "state.db"
    w = desk(world, path)
    five = timedelta(minutes=5)
    second, third = Store.open(path, now=w.clock), Store.open(path, now=w.clock)
    holding = w.store.lease("sync", five)
    holding.__enter__()
    w.clock.turn(LEASE + 1)
    with second.lease("sync", five):
        holding.__exit__(None, None, None)
        for purpose, length in (("sync", five), ("conflicts", None)):
            with pytest.raises(SafetyStop, match=r"\(sync\)"), third.lease(purpose, length):
                pass
        w.clock.turn(LEASE / 2 + 1)
        second.keep_lease()
        w.clock.turn(LEASE / 2 + 1)
        with pytest.raises(SafetyStop), third.lease("sync", five):
            pass
    with third.lease("conflicts"):
        pass
    second.close()
    third.close()

"""Runs, one after another, on a clock that is turned: nothing here waits."""

from __future__ import annotations

from datetime import timedelta

from deskweave.errors import SafetyStop
from deskweave.web import Service

EVERY = timedelta(minutes=2)


class Hand:
    """Whoever waits is told the time it waits for; what is planned happens meanwhile."""

    def __init__(self, desk, *plan):
        self.desk, self.plan, self.waited = desk, list(plan), []
        self.ran = []
        self.service = Service(desk.space, every=EVERY, wait=self.wait, told=self.ran.append)

    def wait(self, until):
        self.waited.append(until)
        if not self.plan:
            return False
        act = self.plan.pop(0)
        if act is None:
            self.desk.clock.set(until)
        else:
            act()
        return True


def test_it_runs_every_few_minutes_until_it_is_stopped(desk):
    hand = Hand(desk, None, None)
    begun = desk.clock()
    hand.service.run()
    assert hand.waited == [begun + EVERY, begun + 2 * EVERY, begun + 3 * EVERY]
    assert len(hand.ran) == 3
    assert all(one.error is None for one in hand.ran)


def test_it_can_be_stopped_where_every_run_takes_longer_than_the_time_between_two(desk, monkeypatch):
    sync = type(desk.space).sync

    def slow(space):
        done = sync(space)
        desk.clock.advance(3 * EVERY)
        return done

    monkeypatch.setattr(type(desk.space), "sync", slow)
    hand = Hand(desk, lambda: None)
    hand.service.run()
    assert len(hand.ran) == 2


def test_what_is_delivered_is_worked_on_soon_and_not_at_once_each_time(desk):
    hand = Hand(desk)

    def deliver():
        desk.clock.advance(timedelta(seconds=5))
        hand.service.ring()

    hand.plan = [deliver, deliver, None]
    begun = desk.clock()
    hand.service.run()
    assert len(hand.ran) == 2
    assert hand.waited[:3] == [begun + EVERY, begun + timedelta(seconds=30), begun + timedelta(seconds=30)]


def test_a_run_that_fails_does_not_end_it_and_health_says_so(desk, monkeypatch):
    def fails(**_):
        raise SafetyStop("no")

    hand = Hand(desk, *[None] * 3, lambda: monkeypatch.undo(), None)
    monkeypatch.setattr(type(desk.space), "sync", lambda self: fails())
    assert hand.service.healthy() == (True, None)
    seen = []
    told = hand.service._told
    hand.service._told = lambda ran: (told(ran), seen.append(hand.service.healthy()[0]))
    hand.service.run()
    assert [type(one.error) for one in hand.ran[:4]] == [SafetyStop] * 4
    assert hand.ran[-1].error is None
    assert seen[-1]
    desk.clock.advance(timedelta(minutes=11))
    assert hand.service.healthy()[0] is False

"""The workshop of the emulators: what a test or the demo relies on, whatever the vendor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from deskweave.emulation import Call, LoopbackServer, Platform, Reply, TurnedTime
from deskweave.http import open_session

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


class Counter(Platform):
    """A platform with one number in it."""

    def __init__(self) -> None:
        super().__init__(now=TurnedTime(NOON), faults=frozenset({"tired"}))
        self.number = 0
        self.router.add("GET", "/number", lambda call: Reply(body={"number": self.number}))
        self.router.add("POST", "/number", self.add, writes=True)
        self.router.add("GET", "/things/{id}", lambda call: Reply(body={"id": call.params["id"]}))
        self.router.add("GET", "/things/search", lambda call: Reply(body={"found": call.query.get("q", [])}))
        self.router.add("GET", "/bug", lambda call: Reply(body={"x": 1 // self.number}))

    def add(self, call: Call) -> Reply:
        self.number += 1
        return Reply(status=201, body={"number": self.number}, account="li.wei")

    def before(self, call: Call) -> Reply | None:
        return (
            Reply(status=429, body=b"later", headers={"Retry-After": "7"}) if self.faults.take("tired", call) is not None else None
        )


@pytest.fixture
def counter() -> Iterator[LoopbackServer]:
    server = LoopbackServer(Counter())
    yield server
    server.stop()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with open_session() as session:
        yield session


def test_a_lost_answer_was_carried_out_and_a_lost_request_was_not(counter: LoopbackServer, session: requests.Session) -> None:
    platform = counter.platform
    assert isinstance(platform, Counter)
    platform.faults.arm("lost_answer", method="POST")
    with pytest.raises(requests.exceptions.ConnectionError):
        session.post(counter.address + "/number")
    assert platform.number == 1
    platform.faults.arm("lost_request")
    with pytest.raises(requests.exceptions.ConnectionError):
        session.post(counter.address + "/number")
    assert platform.number == 1
    assert session.post(counter.address + "/number").json() == {"number": 2}
    assert platform.faults.played == {"lost_answer": 1, "lost_request": 1}


def test_faults_fit_only_the_calls_they_name(counter: LoopbackServer, session: requests.Session) -> None:
    counter.platform.faults.arm("tired", times=2, writes=True, skip=1)
    assert session.get(counter.address + "/number").status_code == 200
    assert [session.post(counter.address + "/number").status_code for _ in range(4)] == [201, 429, 429, 201]
    with pytest.raises(ValueError, match="no fault called sleepy; known: lost_answer, lost_request, tired"):
        counter.platform.faults.arm("sleepy")


def test_literal_routes_win_and_unknown_ones_are_told(counter: LoopbackServer, session: requests.Session) -> None:
    assert session.get(counter.address + "/things/a%2Fb").json() == {"id": "a/b"}
    assert session.get(counter.address + "/things/search?q=1&q=2").json() == {"found": ["1", "2"]}
    assert session.get(counter.address + "/nothing").status_code == 404
    assert session.delete(counter.address + "/number").status_code == 405


def test_an_emulators_own_bug_is_never_taken_for_the_vendors(counter: LoopbackServer, session: requests.Session) -> None:
    answer = session.get(counter.address + "/bug")
    assert answer.status_code == 599
    assert "ZeroDivisionError" in answer.json()["error"]


def test_traffic_counts_writes_and_keeps_who_asked(counter: LoopbackServer, session: requests.Session) -> None:
    session.get(counter.address + "/number")
    session.post(counter.address + "/number", json={"单": 1})
    traffic = counter.platform.traffic
    assert (traffic.reads, traffic.writes) == (1, 1)
    last = list(traffic)[-1]
    assert (last.method, last.body, last.status, last.account, last.at) == ("POST", {"单": 1}, 201, "li.wei", NOON)


def test_requests_of_many_threads_meet_one_state(counter: LoopbackServer) -> None:
    def post() -> None:
        with open_session() as session:
            for _ in range(20):
                session.post(counter.address + "/number")

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert isinstance(counter.platform, Counter)
    assert counter.platform.number == 80


def test_turned_time_only_goes_on() -> None:
    clock = TurnedTime(NOON)
    assert clock.advance(timedelta(minutes=2)) == clock() == NOON + timedelta(minutes=2)
    with pytest.raises(ValueError, match="does not run backwards"):
        clock.set(NOON)
    with pytest.raises(ValueError, match="aware"):
        TurnedTime(datetime(2026, 1, 1))

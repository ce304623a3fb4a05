"""How a call goes out: proxies, repeats, limits, secrets. Servers are real and on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.connector import RateClass, Ref
from deskweave.emulation import Call, LoopbackServer, Platform, Reply, TurnedTime
from deskweave.errors import Executed, RateLimited, Rejected, RemoteError, Scope, TransientError
from deskweave.http import Answer, ConnectionKit, MemoryBudget, Observation, Redactor, Transport, open_session, retry_after
from deskweave.http.session import is_loopback

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


class Echo(Platform):
    def __init__(self) -> None:
        super().__init__(now=TurnedTime(NOON), faults=frozenset())
        for method in ("GET", "POST"):
            self.router.add(method, "/echo", self.echo, writes=method == "POST")
        self.router.add("GET", "/moved", lambda call: Reply(status=302, headers={"Location": "/echo", "Set-Cookie": "a=b"}))
        self.router.add("GET", "/html", lambda call: Reply(body=b"<html>", headers={"Content-Type": "text/html"}))
        halves = rb'{"cut": "a\ud83d", "whole": "\ud83d\ude00", "two": ["\ude00\uD83D"]}'
        self.router.add("GET", "/halves", lambda call: Reply(body=halves, headers={"Content-Type": "application/json"}))
        self.router.add("GET", "/huge", lambda call: Reply(body=b"x" * 70 * 1024 * 1024))

    def echo(self, call: Call) -> Reply:
        return Reply(
            body={"headers": dict(call.headers), "body": call.body.decode(), "query": {k: list(v) for k, v in call.query.items()}}
        )


@pytest.fixture
def echo() -> Iterator[LoopbackServer]:
    server = LoopbackServer(Echo())
    yield server
    server.stop()


class NoVault:
    def read(self, name: str) -> str:
        raise KeyError(name)

    def rotate(self, name: str, old: str, new: str) -> bool:
        raise KeyError(name)


def classify(answer: Answer) -> RemoteError | None:
    return None if answer.status < 300 and answer.is_json else Rejected(f"status {answer.status}")


@pytest.fixture
def transport(echo: LoopbackServer) -> Iterator[Transport]:
    with open_session() as session:
        kit = ConnectionKit(
            connection="snow", install="i", now=lambda: NOON, http=session, budget=MemoryBudget(now=lambda: NOON), vault=NoVault()
        )
        yield Transport(kit, echo.address, classify=classify)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_loopback_is_never_proxied(transport: Transport, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert transport.send("GET", "/echo", reads=True, rate_class="any").status == 200


def test_a_proxy_is_honoured_for_the_rest(echo: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The echo server plays the proxy: what arrives there carries the whole address."""
    for given_by in ("environment", "connection"):
        monkeypatch.delenv("HTTP_PROXY", raising=False)
        if given_by == "environment":
            monkeypatch.setenv("HTTP_PROXY", echo.address)
        with open_session(proxy=echo.address if given_by == "connection" else None) as session:
            assert session.get("http://desk.example/echo").status_code in (200, 404)
        assert list(echo.platform.traffic)[-1].headers["host"] == "desk.example"


def test_no_redirect_is_followed_and_no_cookie_is_kept(echo: LoopbackServer) -> None:
    with open_session() as session:
        assert session.get(echo.address + "/moved").status_code == 302
        assert "cookie" not in {name.lower() for name in session.get(echo.address + "/echo").json()["headers"]}


def test_a_read_is_asked_again_at_once_and_a_write_never(echo: LoopbackServer, transport: Transport) -> None:
    echo.platform.faults.arm("lost_answer", times=1)
    assert transport.send("GET", "/echo", reads=True, rate_class="any").status == 200
    assert transport.calls == 2
    echo.platform.faults.arm("lost_answer", times=1)
    with pytest.raises(TransientError) as caught:
        transport.send("POST", "/echo", reads=False, rate_class="any", body={"password": "hunter2"}, ref=Ref("incident", "42"))
    assert caught.value.executed is Executed.MAYBE
    assert (caught.value.connection, caught.value.record) == ("snow", "incident/42")
    assert "hunter2" not in str(caught.value)
    assert echo.platform.traffic.writes == 1


def test_a_write_that_never_left_was_not_executed(transport: Transport, echo: LoopbackServer) -> None:
    echo.stop()
    with pytest.raises(TransientError) as caught:
        transport.send("POST", "/echo", reads=False, rate_class="any", body={})
    assert caught.value.executed is Executed.NO
    assert "Is the address right" in str(caught.value)


def test_a_page_that_is_no_json_reaches_the_table(transport: Transport) -> None:
    with pytest.raises(Rejected, match="status 200"):
        transport.send("GET", "/html", reads=True, rate_class="any")


def test_half_a_character_is_replaced_where_it_comes_in(transport: Transport) -> None:
    """A text that was cut by UTF-16 units: no store and no other platform takes it."""
    said = transport.send("GET", "/halves", reads=True, rate_class="any").parsed
    assert said == {"cut": "a\ufffd", "whole": "\N{GRINNING FACE}", "two": ["\ufffd\ufffd"]}


def test_an_endless_answer_is_cut(transport: Transport) -> None:
    with pytest.raises(TransientError, match="over 64 MiB"):
        transport.send("GET", "/huge", reads=True, rate_class="any")


def test_every_call_is_observed_without_query_or_body(echo: LoopbackServer) -> None:
    seen: list[Observation] = []
    with open_session(observe=seen.append) as session:
        session.post(echo.address + "/echo?token=abc", data=b"secret")
    assert [(call.method, call.path, call.status, call.sent) for call in seen] == [("POST", "/echo", 200, 6)]
    assert "abc" not in repr(seen)


def test_a_budget_says_when_to_come_back() -> None:
    clock = TurnedTime(NOON)
    budget = MemoryBudget(
        [RateClass("search", 2, timedelta(seconds=1)), RateClass("write", 1, timedelta(seconds=2), True)], now=clock
    )
    budget.take("search", 2)
    with pytest.raises(RateLimited) as caught:
        budget.take("search")
    assert (caught.value.scope, caught.value.retry_at) == (Scope.RATE_CLASS, NOON + timedelta(seconds=1))
    clock.advance(timedelta(seconds=1))
    budget.take("search")
    budget.take("write", ref=Ref("a", "1"))
    budget.take("write", ref=Ref("a", "2"))
    with pytest.raises(RateLimited) as caught:
        budget.take("write", ref=Ref("a", "1"))
    assert caught.value.scope is Scope.RECORD
    budget.learn("search", 0, clock() + timedelta(minutes=1))
    clock.advance(timedelta(seconds=30))
    with pytest.raises(RateLimited):
        budget.take("search")
    budget.take("never heard of", 10**6)


def test_a_clock_that_is_put_back_makes_nobody_wait_longer_than_a_window() -> None:
    moments = [NOON]
    budget = MemoryBudget([RateClass("search", 2, timedelta(seconds=1))], now=lambda: moments[-1])
    budget.take("search", 2)
    moments.append(NOON - timedelta(days=1))
    with pytest.raises(RateLimited) as caught:
        budget.take("search")
    assert caught.value.retry_at == moments[-1] + timedelta(seconds=1)
    moments.append(caught.value.retry_at)
    budget.take("search")


@given(st.lists(st.one_of(st.floats(0, 3), st.floats(0, 0.01)), max_size=60))
def test_no_window_holds_more_calls_than_the_quota(pauses: list[float]) -> None:
    """Whatever the windows by which a platform counts; and who comes back at the moment that was said gets through."""
    clock = TurnedTime(NOON)
    budget = MemoryBudget([RateClass("x", 5, timedelta(seconds=1))], now=clock)
    passed: list[datetime] = []
    waits: list[timedelta] = []
    for pause in pauses:
        clock.advance(timedelta(seconds=pause))
        for _ in range(8):
            try:
                budget.take("x")
            except RateLimited as limit:
                again = limit.retry_at or clock()
                waits.append(again - clock())
                clock.advance(again - clock())
                budget.take("x")
            passed.append(clock())
    assert all(timedelta(0) < one <= timedelta(seconds=1) for one in waits)
    for start in passed:
        assert sum(start <= at < start + timedelta(seconds=1) for at in passed) <= 5


def test_secrets_are_taken_out_in_every_spelling() -> None:
    redactor = Redactor(["p&ss word", "abc"])
    assert redactor.clean("x p&ss word p%26ss%20word cCZzcyB3b3Jk abc") == "x [secret] [secret] [secret] abc"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("snow.localhost", True),
        ("127.0.0.1.evil.example", False),  # a name that only begins like one
        ("10.0.0.1", False),
        (None, False),
    ],
)
def test_what_counts_as_loopback(host: str | None, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("1e12", 86_400.0),
        ("Mon, 16 Nov 2026 12:01:00 GMT", 60.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_defensively(header: str, seconds: float | None) -> None:
    answer = Answer(
        method="GET", path="/", status=429, headers={"retry-after": header}, body=b"", parsed=None, is_json=False, reads=True
    )
    at = retry_after(answer, NOON)
    assert (at - NOON).total_seconds() == seconds if at else seconds is None

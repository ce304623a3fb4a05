"""What goes wrong on the way is said truly: nothing is sent twice, a limit is no empty page, a lost answer is a maybe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from deskweave.connector import Absent, Outcome, Ref
from deskweave.errors import (
    CredentialError,
    DeskweaveError,
    Executed,
    RateLimited,
    RemoteError,
    RequestError,
    Scope,
    TransientError,
)
from deskweave.model import Json
from deskweave.testing.suite.ground import Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.values import TITLE

AFTER = 7  #: seconds a limit asks for


class Faults:
    """Calls that get lost, limits, a platform that is away, a sign-in that is not taken."""

    @guarantee(
        "faults/lost-request",
        en="A create whose request was lost is a maybe and is not sent again by the connector.",
        zh="请求丢失的新建是“也许”，连接器绝不自行重发。",
        needs="creates fetch",
        faults="lost_request",
    )
    def test_a_lost_request_is_not_repeated(self, ground: Ground, collection: str) -> None:
        draft = ground.draft(collection, ground.values(collection))
        outcome = self._lost(ground, "lost_request", lambda: ground.create(draft))
        assert outcome.executed is not Executed.YES, "the request never arrived, and is said to be carried out"
        there = ground.whose(collection, draft)
        assert not there, "the request was lost, and the record is there: the connector sent it again by itself"

    @guarantee(
        "faults/lost-answer",
        en="A create whose answer was lost is a maybe; the record is there once and is found.",
        zh="应答丢失的新建是“也许”；记录恰有一条，且能找到。",
        needs="creates fetch",
        faults="lost_answer",
    )
    def test_a_lost_answer_is_a_maybe_and_made_once(self, ground: Ground, collection: str) -> None:
        draft = ground.draft(collection, ground.values(collection))
        outcome = self._lost(ground, "lost_answer", lambda: ground.create(draft))
        assert outcome.executed is Executed.MAYBE, f"nobody knows whether it was carried out, and it says {outcome.executed}"
        there = ground.whose(collection, draft)
        assert len(there) == 1, f"the record is there {len(there)} times"

    @guarantee(
        "faults/lost-patch",
        en="A patch without an answer is a maybe, whether it arrived or not; the next look tells the truth.",
        zh="没有应答的修改是“也许”，无论是否到达；下一次读取说出真相。",
        needs="hands patches fetch",
        faults="lost_answer lost_request",
    )
    def test_a_patch_without_an_answer_is_a_maybe(self, ground: Ground, collection: str) -> None:
        if TITLE not in ground.editable(collection):
            pytest.skip(f"{collection}: titles are not written")
        for word, arrives in (("lost_answer", True), ("lost_request", False)):
            ref = ground.raise_one(collection)
            ground.later()
            before = ground.says(ref)[TITLE]
            outcome = self._lost(ground, word, lambda: ground.patch(ref, {TITLE: f"Kit {word}"}))  # noqa: B023
            assert outcome.executed is Executed.MAYBE, f"{word}: executed={outcome.executed}"
            ground.later()
            ground.agrees(ref, {TITLE: f"Kit {word}" if arrives else before})

    @guarantee(
        "faults/limit-read",
        en="A limit on a listing is a RateLimited with the time to come back, never an empty page.",
        zh="列表遇到限流时报 RateLimited 并给出可重试时间，绝不当成空页。",
        needs="hands listing",
        faults="rate_limited",
    )
    def test_a_limit_is_no_empty_page(self, ground: Ground, collection: str) -> None:
        source = ground.connection.records
        assert source is not None
        ref = ground.raise_one(collection)
        ground.later()
        for read in self._reads(ground, collection, ref):
            ground.running.faults.arm("rate_limited", times=None, retry_after=AFTER)
            error = self._raised(read, RateLimited)
            assert isinstance(error, RateLimited)
            assert error.executed is Executed.NO
            assert isinstance(error.scope, Scope)
            if error.retry_at is not None:
                assert error.retry_at > ground.now(), "the time to come back is over already"
            ground.running.faults.disarm()
            ground.later()
            read()  # the limit is over: the same call goes through

    @guarantee(
        "faults/limit-write",
        en="A write that was limited is said to be not carried out, and is not.",
        zh="被限流的写入报告为未执行，而且确实没有执行。",
        needs="creates fetch",
        faults="rate_limited",
    )
    def test_a_limited_write_is_not_carried_out(self, ground: Ground, collection: str) -> None:
        draft = ground.draft(collection, ground.values(collection))
        ground.running.faults.arm("rate_limited", times=None, writes=True, retry_after=AFTER)
        outcome = ground.create(draft)
        ground.running.faults.disarm()
        assert outcome.executed is Executed.NO, f"a limit is surely not carried out, and it says {outcome.executed}"
        assert isinstance(outcome.error, RateLimited), f"a limit is a RateLimited, not {outcome.error!r}"
        assert not ground.whose(collection, draft), "said to be limited, and the record is there"
        again = ground.create(draft)
        assert again.executed is Executed.YES, f"the limit is over, and: {again.error}"

    @guarantee(
        "faults/limit-batch",
        en="A limit within a batch leaves the rest of it unsent, and says so of each item.",
        zh="批量写入中途遇到限流，其余不再发送，并逐条说明。",
        needs="hands patches fetch",
        faults="rate_limited",
    )
    def test_what_stands_behind_a_limit_is_unsent(self, ground: Ground, collection: str) -> None:
        if TITLE not in ground.editable(collection):
            pytest.skip(f"{collection}: titles are not written")
        sink = ground.connection.sink
        assert sink is not None
        refs = [ground.raise_one(collection) for _ in range(3)]
        ground.later()
        patches = [ground.retitled(ref, f"Kit limit {n}") for n, ref in enumerate(refs)]
        ground.running.faults.arm("rate_limited", times=None, writes=True, skip=1, retry_after=AFTER)
        try:
            outcomes = list(sink.patch(patches))
        except RateLimited:
            outcomes = [Outcome(executed=Executed.NO) for _ in patches]
        ground.running.faults.disarm()
        ground.later()
        assert len(outcomes) == len(refs), f"{len(refs)} items, {len(outcomes)} outcomes"
        for number, (ref, outcome) in enumerate(zip(refs, outcomes, strict=True)):
            stands = ground.says(ref)[TITLE] == f"Kit limit {number}"
            assert stands is (outcome.executed is Executed.YES), (
                f"item {number} says executed={outcome.executed}, and it {'stands there' if stands else 'does not stand there'}"
            )

    @guarantee(
        "faults/down",
        en="A platform that is away is an error: no empty page, no absent record, no finished write.",
        zh="平台不可用时报错：不是空页，不是记录不存在，也不是写入成功。",
        needs="hands listing",
        faults="down",
    )
    def test_a_platform_that_is_away_is_not_empty(self, ground: Ground, collection: str) -> None:
        for error in self._while_armed(ground, collection, "down", RemoteError):
            assert isinstance(error, TransientError) or not isinstance(error, RequestError), (
                f"a platform that is away will be back: a TransientError, not {error!r}"
            )
        if ground.of(collection).creates is not None and ground.binding.collections[collection].creates:
            draft = ground.draft(collection, ground.values(collection))
            ground.running.faults.arm("down", times=None)
            outcome = ground.create(draft)
            ground.running.faults.disarm()
            assert outcome.executed is not Executed.YES, "the platform was away, and the write is said to be carried out"
            assert not ground.whose(collection, draft), "the platform was away, and the record is there"

    @guarantee(
        "faults/sign-in",
        en="A sign-in that is not taken is a CredentialError on every read, never an empty platform.",
        zh="登录不被接受时，每次读取都报 CredentialError，绝不当成空平台。",
        needs="hands listing",
        faults="unauthorised",
    )
    def test_a_refused_sign_in_is_not_an_empty_platform(self, ground: Ground, collection: str) -> None:
        assert self._while_armed(ground, collection, "unauthorised", CredentialError)

    @guarantee(
        "faults/quota",
        en="Our own budget is asked before a call: where it says wait, nothing is sent.",
        zh="每次调用前先问本方配额：它说等，就什么都不发。",
        needs="fetch rates",
    )
    def test_the_budget_is_asked_before_a_call(self, ground: Ground, collection: str) -> None:
        spent = SpentBudget(ground)
        connection = ground.connect(budget=spent)
        _ = connection.capabilities
        source = connection.records
        assert source is not None
        spent.empty = True
        asked = spent.asked
        if ground.of(collection).changes in ("filter", "scan"):
            self._raised(lambda: source.changes(collection, None, None), RateLimited)
            assert spent.asked > asked, "a listing was sent without asking the budget"
        if connection.sink is not None and ground.of(collection).creates is not None:
            draft = ground.draft(collection, ground.values(collection))
            outcome = ground.create(draft, connection)
            assert outcome.executed is Executed.NO, f"the budget is spent, and a create says {outcome.executed}"
            spent.empty = False
            assert not ground.whose(collection, draft), "the budget was spent, and the record is there"

    @guarantee(
        "faults/secrets",
        en="No error shows a secret of the settings.",
        zh="任何报错都不会露出设置中的机密。",
        needs="fetch",
    )
    def test_no_error_shows_a_secret(self, ground: Ground, collection: str) -> None:
        settings = {**ground.running.settings(ground.account), **ground.settings}
        secrets = secrets_in(settings, ground.connector.settings_schema())
        said: list[str] = [repr(ground.connection), repr(ground.connection.capabilities)]
        for word in ("unauthorised", "down", "rate_limited", "lost_answer"):
            if word not in ground.running.faults.names:
                continue
            ground.running.faults.arm(word, times=None)
            for read in self._reads(ground, collection, Ref(collection, "no-such-record")):
                try:
                    read()
                except DeskweaveError as error:
                    said += [str(error), repr(error), repr(error.__cause__), repr(error.__context__)]
            ground.running.faults.disarm()
            ground.later()
        shown = [number for number, secret in enumerate(secrets) if any(secret in text for text in said)]
        assert not shown, f"{len(shown)} of the settings' secrets stand in an error's text"

    # --------------------------------------------------------------------------------------------------------------- inside
    @staticmethod
    def _lost(ground: Ground, word: str, write: Callable[[], Outcome]) -> Outcome:
        ground.running.faults.arm(word, times=1, writes=True)
        outcome = write()
        ground.running.faults.disarm()
        return outcome

    @staticmethod
    def _reads(ground: Ground, collection: str, ref: Ref) -> list[Callable[[], object]]:
        """Every way to read the collection that must not answer with nothing when it may not look."""
        source = ground.connection.records
        assert source is not None

        def fetched() -> object:
            found = source.fetch([ref])
            assert not (found and isinstance(found[0], Absent) and ground.running.faults.names and _armed(ground)), (
                f"the platform did not answer, and the record is called {found[0]}"
            )
            return found

        reads: list[Callable[[], object]] = [fetched]
        capabilities = ground.of(collection)
        if capabilities.changes in ("filter", "scan"):
            reads.append(lambda: source.changes(collection, None, None))
        if capabilities.census:
            reads.append(lambda: source.census(collection, None))
        return reads

    def _while_armed(self, ground: Ground, collection: str, fault: str, kind: type[DeskweaveError]) -> list[DeskweaveError]:
        """What each way of reading raises while a fault lasts; once it is over, each reads again."""
        ref = ground.raise_one(collection)
        ground.later()
        errors: list[DeskweaveError] = []
        for read in self._reads(ground, collection, ref):
            ground.running.faults.arm(fault, times=None)
            errors.append(self._raised(read, kind))
            ground.running.faults.disarm()
            ground.later()
            read()
        return errors

    @staticmethod
    def _raised(read: Callable[[], object], kind: type[DeskweaveError]) -> DeskweaveError:
        try:
            found = read()
        except kind as error:
            return error
        except DeskweaveError as error:
            pytest.fail(f"{type(error).__name__} where {kind.__name__} is meant: {error}")
        items = getattr(found, "items", found)
        pytest.fail(
            f"no {kind.__name__}: answered as if all were well, with {len(items) if isinstance(items, list) else items} items"
        )


def _armed(ground: Ground) -> bool:
    """Whether a fault is being shown; an emulator that cannot tell counts as if none were."""
    return not getattr(ground.running.faults, "idle", True)


class SpentBudget:
    """`connector.Budget` that can be emptied at once."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.empty, self.asked = False, 0

    def take(self, rate_class: str, calls: int = 1, ref: Ref | None = None) -> None:
        self.asked += 1
        if self.empty:
            raise RateLimited("the budget is spent", scope=Scope.RATE_CLASS, rate_class=rate_class)

    def learn(self, rate_class: str, remaining: int | None, resets_at: Any) -> None:
        """A test's budget learns nothing."""


def secrets_in(settings: Mapping[str, Json], schema: Mapping[str, Json]) -> list[str]:
    """Values of the keys that the schema marks as `writeOnly`."""
    names: set[str] = set()

    def collect(part: Json) -> None:
        if isinstance(part, Mapping):
            properties = part.get("properties")
            if isinstance(properties, Mapping):
                names.update(name for name, said in properties.items() if isinstance(said, Mapping) and said.get("writeOnly"))
            for value in part.values():
                collect(value)
        elif isinstance(part, (list, tuple)):
            for value in part:
                collect(value)

    collect(schema)
    found: list[str] = []

    def look(part: Json) -> None:
        if isinstance(part, Mapping):
            for name, value in part.items():
                if name in names and isinstance(value, str) and len(value) >= 4:
                    found.append(value)
                look(value)

    look(settings)
    return found

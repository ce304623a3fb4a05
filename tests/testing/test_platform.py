"""The platform in memory, where the suite does not look: ids, and a fault that strikes one item of a batch."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deskweave.connector import Draft, Patch, Ref
from deskweave.emulation import FaultBox
from deskweave.errors import Executed, RateLimited
from deskweave.testing.memory import MemoryConnection, MemoryHands, MemoryPlatform, small_binding, small_mapper


@pytest.fixture
def platform():
    return MemoryPlatform(name="a", now=lambda: datetime(2026, 11, 22, 9, 0, tzinfo=UTC))


def test_the_id_of_a_removed_record_is_never_given_out_again(platform):
    hands = MemoryHands(platform, small_mapper(small_binding("a")))
    first, second = (hands.create("ticket", {"title": title}, "li") for title in ("one", "two"))
    hands.remove(first)
    third = hands.create("ticket", {"title": "three"}, "li")
    assert third.rid not in (first.rid, second.rid)
    assert hands.shows(second)["title"] == "two"


#: what strikes the second of three items, and what each of them says then; a limit leaves what comes after it unsent
STRIKES = [
    ("lost_answer", [Executed.YES, Executed.MAYBE, Executed.YES], [1, 1, 1]),
    ("lost_request", [Executed.YES, Executed.MAYBE, Executed.YES], [1, 0, 1]),
    ("rate_limited", [Executed.YES, Executed.NO, Executed.NO], [1, 0, 0]),
    ("down", [Executed.YES, Executed.NO, Executed.NO], [1, 0, 0]),
]


@pytest.mark.parametrize(("word", "said", "there"), STRIKES)
def test_a_fault_strikes_one_item_of_a_batch(platform, word, said, there):
    connection = MemoryConnection(platform, small_mapper)
    drafts = [Draft(collection="ticket", corr=f"c{n}", key=f"k{n}", fields={"short": f"t{n}"}) for n in range(3)]
    platform.armed.arm(word, writes=True, item=1)
    assert [one.executed for one in connection.create(drafts)] == said
    titles = [record.fields["short"] for record in platform.records.values()]
    assert [titles.count(f"t{n}") for n in range(3)] == there


def test_a_shared_word_is_played_in_the_vendors_own(platform):
    box = FaultBox(frozenset({"unavailable"}), {"down": "unavailable"})
    assert {"down", "unavailable", "lost_answer"} <= box.names
    box.arm("down", times=None)
    assert not box.idle
    box.disarm("down")
    assert box.idle
    with pytest.raises(ValueError, match="no fault called tired"):
        box.arm("tired")


def test_a_limit_over_a_whole_call_says_when_to_come_back(platform):
    connection = MemoryConnection(platform, small_mapper)
    platform.armed.arm("rate_limited", writes=True, retry_after=7)
    with pytest.raises(RateLimited) as met:
        connection.patch([Patch(ref=Ref("ticket", "1"), key="k", set={})])
    assert (met.value.retry_at - platform.now()).total_seconds() == 7

"""An apply that fails on the way: lost requests and answers, missing rights, a kill within a batch."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from deskweave.configure import ElementKey, Mark, StoreJournal, read_lock, write_lock
from deskweave.configure.apply import SETTLE, WINDOW
from deskweave.errors import Executed, TransientError


def test_a_repeat_has_the_key_of_the_first_and_a_later_change_its_own(desk: Any) -> None:
    platform, keys = desk.platforms["here"], []
    original = platform.apply

    def apply(change: Any, *, key: str) -> Any:
        if change.after is not None and change.after.id.path == "fields/cost":
            keys.append(key)
        return original(change, key=key)

    platform.apply = apply
    for _ in range(2):  # lost twice, in two runs
        platform.faults = ["lost_request"]
        desk.apply()
        desk.now.at += timedelta(minutes=2)
    assert desk.apply().is_clean
    assert desk.journal.unanswered() == []
    cost = desk.practice.fields.pop("cost")
    desk.removed = frozenset({"fields/cost"})
    desk.apply()
    desk.practice.fields["cost"], desk.removed = cost, frozenset()
    assert desk.apply().is_clean
    # the platform would take the first key for a request it has carried out already
    assert [keys[0] == key for key in keys] == [True, True, True, False]


def test_a_lost_answer_is_looked_up_and_not_repeated(desk: Any) -> None:
    desk.platforms["here"].faults = ["lost_answer", "", "lost_answer"]
    report = desk.apply()
    assert report.is_clean
    assert [result.looked_up for result in report.results] == [True, False, True, False]
    assert len(desk.platforms["here"].writes) == 4
    assert all(entry.made for entry in read_lock(desk.lock_file(), "here", "test").elements.values())


def test_a_lost_request_is_not_repeated_before_it_can_no_longer_arrive(desk: Any, lab: SimpleNamespace) -> None:
    desk.platforms["here"].faults = ["lost_request"]
    report = desk.apply()
    assert report.count("unknown") == 1
    assert report.count("done") == 3
    assert report.retry_at == lab.START + timedelta(minutes=1)
    again = desk.apply()  # too early: the first request may still be under way
    assert again.count("unknown") == 1
    assert desk.platforms["here"].asked.count(("create", "fields/cost")) == 1
    desk.now.at = report.retry_at
    assert desk.apply().is_clean
    assert desk.platforms["here"].asked.count(("create", "fields/cost")) == 2
    assert desk.journal.unanswered() == []


def test_a_late_request_that_arrives_after_all_is_ours(desk: Any) -> None:
    desk.platforms["here"].faults = ["lost_request"]
    desk.apply()
    platform = desk.platforms["here"]
    platform.put("field", name="u_cost", label={"en": "Cost centre", "zh": "Cost centre字段"}, type="text", collection="ledger")
    assert desk.apply().is_clean
    assert platform.asked.count(("create", "fields/cost")) == 1
    assert read_lock(desk.lock_file(), "here", "test").elements[ElementKey("field", "fields/cost", "ledger")].made
    assert desk.journal.unanswered() == []


def test_with_a_host_that_waits_one_apply_is_enough(desk: Any) -> None:
    desk.waits = True
    desk.platforms["here"].faults = ["lost_request", "busy", "busy"]
    report = desk.apply()
    assert report.is_clean
    assert len(desk.platforms["here"].writes) == 4


def test_a_change_whose_request_was_lost_is_repeated_after_looking(desk: Any) -> None:
    desk.apply()
    desk.relabel("New")
    desk.platforms["here"].faults = ["lost_request"]
    assert desk.apply().is_clean
    assert desk.platforms["here"].asked.count(("change", "fields/cost")) == 2


def test_a_lost_answer_that_cannot_be_looked_up_is_never_repeated(desk: Any) -> None:
    platform = desk.platforms["here"]
    desk.waits = True
    configurator = desk.configurator()
    plan = configurator.plan()
    original = platform.apply

    def apply(change: Any, *, key: str) -> Any:
        platform.unreadable = True
        return original(change, key=key)

    platform.apply = apply
    platform.faults = ["lost_answer"]
    report = configurator.apply(plan)
    assert report.results[0].state == "unknown"
    assert "cannot be looked up" in report.results[0].message
    assert platform.asked.count(("create", "fields/cost")) == 1
    assert report.after.connections[0].failed is not None
    platform.unreadable = False
    del platform.apply
    assert desk.apply().is_clean
    assert platform.asked.count(("create", "fields/cost")) == 1


def test_killed_between_request_and_commit_the_next_apply_knows_it_as_ours(desk: Any) -> None:
    desk.platforms["here"].faults = ["", "crash"]
    with pytest.raises(KeyboardInterrupt):
        desk.apply()
    report = desk.apply()
    assert report.is_clean
    assert len(desk.platforms["here"].writes) == 4
    assert all(entry.made for entry in read_lock(desk.lock_file(), "here", "test").elements.values())
    assert desk.journal.unanswered() == []


def test_a_missing_right_is_named_and_the_others_go_on(desk: Any) -> None:
    desk.platforms["here"].faults = ["", "forbidden"]
    report = desk.apply()
    states = {result.step.key.path: result.state for result in report.results}
    assert states == {
        "fields/cost": "done",
        "fields/category": "failed",
        "fields/category/choices/hardware": "skipped",
        "fields/category/choices/usage": "skipped",
    }
    refused = report.results[1]
    assert refused.missing_right
    assert "personalize_dictionary" in refused.message
    assert report.after.counts()["add"] == 3
    assert [event.done for event in desk.events] == [1, 2, 3, 4]


def test_a_connector_that_raises_is_named_without_its_text(desk: Any) -> None:
    desk.platforms["here"].faults = ["bug"]
    report = desk.apply()
    assert report.results[0].state == "unknown"
    assert report.results[0].message == "the connector raised ValueError"


def test_refused_content_stops_only_itself(desk: Any) -> None:
    desk.platforms["here"].faults = ["refused"]
    report = desk.apply()
    assert (report.count("failed"), report.count("done")) == (1, 3)
    assert report.results[0].message == "name too long"


def test_success_that_changed_nothing_is_a_failure(desk: Any) -> None:
    desk.apply()
    desk.relabel("New")
    desk.platforms["here"].faults = ["ignored"]
    report = desk.apply()
    assert report.results[0].state == "failed"
    assert "not changed there: label/en, label/zh" in report.results[0].message
    assert len(report.after.writing) == 1


def test_a_create_answered_with_success_and_not_there_is_unknown(desk: Any) -> None:
    desk.platforms["here"].faults = ["ignored"]
    report = desk.apply()
    assert report.results[0].state == "unknown"
    desk.now.at += timedelta(minutes=2)
    assert desk.apply().is_clean


def test_an_answer_without_an_id_is_completed_by_reading(desk: Any) -> None:
    desk.platforms["here"].faults = ["silent"]
    assert desk.apply().is_clean
    assert read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost") == "n1"


def test_what_the_platform_spells_its_own_way_is_not_asked_for_again(desk: Any) -> None:
    desk.platforms["here"].spell = lambda name, value: value.upper() if name == "name" else value
    report = desk.apply()
    assert report.is_clean
    assert {finding.rule for finding in report.findings} == {"spelled-otherwise"}
    before = desk.lock_file().read_bytes()
    assert desk.apply().is_clean
    assert desk.lock_file().read_bytes() == before


def test_a_crash_before_reading_back_does_not_make_the_platforms_spelling_a_change(desk: Any) -> None:
    coarse = {"choice": "list", "text": "string"}
    desk.platforms["here"].spell = lambda name, value: coarse[value] if name == "type" else value
    desk.platforms["here"].faults = ["", "", "", "crash"]
    with pytest.raises(KeyboardInterrupt):
        desk.apply()
    assert read_lock(desk.lock_file(), "here", "test").elements[ElementKey("field", "fields/cost", "ledger")].unseen
    plan = desk.plan()
    assert desk.marks(plan) == []
    assert desk.apply().is_clean
    assert not any(entry.unseen for entry in read_lock(desk.lock_file(), "here", "test").elements.values())
    before = desk.lock_file().read_bytes()
    desk.apply()
    assert desk.lock_file().read_bytes() == before


def test_a_rename_in_the_lock_alone_keeps_the_platforms_spelling(desk: Any, lab: SimpleNamespace) -> None:
    desk.platforms["here"].spell = lambda name, value: value + 10 if name == "order" else value
    desk.apply()
    desk.practice.fields["category"] = lab.choice_field("category", "Category", {"hardware": "Hardware", "how_to": "Usage"})
    assert [(step.mark, step.verb) for step in desk.plan().writing] == [(Mark.RENAME, None)]
    assert desk.apply().is_clean
    assert desk.marks(desk.plan()) == []


def test_another_accounts_view_of_ours_gives_nothing_up(desk: Any) -> None:
    """ServiceNow's agent sees choices by value, not by sys_id: other ids, and everything locked."""
    desk.apply()
    platform, before = desk.platforms["here"], desk.lock_file().read_bytes()
    whole = dict(platform.held)
    platform.held = {f"n{int(native[1:]) + 50}": held for native, held in whole.items()}
    platform.locked = dict.fromkeys(platform.held, "this account may read it and not its definition")
    desk.relabel("New")
    plan = desk.plan()
    assert desk.marks(plan) == []
    assert plan.connections[0].edits == {}
    assert {finding.rule for finding in plan.findings} == {"another-id"}
    platform.locked.clear()
    assert desk.marks(desk.plan()) == []
    desk.apply()
    assert desk.lock_file().read_bytes() == before
    platform.held = whole
    assert desk.marks(desk.plan()) == [("~", "fields/cost")]


def test_a_connection_that_cannot_be_read_does_not_stop_the_others(desk: Any, lab: SimpleNamespace) -> None:
    desk.platforms["there"] = lab.Platform(instance="acme-2")
    desk.documents["there"] = desk.documents["here"]
    desk.platforms["there"].unreadable = True
    plan = desk.plan()
    assert plan.connections[1].failed == "the platform is away"
    assert desk.configurator().apply(plan).count("done") == 4


def test_a_listing_that_never_ends_is_an_error_of_that_connection(desk: Any) -> None:
    from deskweave.connector import Page

    desk.platforms["here"].elements = lambda kind, resume: Page(items=[], resume="again")
    assert "twice" in desk.plan().connections[0].failed


def test_the_store_keeps_the_journal(desk: Any) -> None:
    store_module = pytest.importorskip("deskweave.store")
    store = store_module.Store.open(":memory:", now=desk.now)
    try:
        desk.journal = StoreJournal(store)
        desk.platforms["here"].faults = ["lost_request", "crash"]
        with pytest.raises(KeyboardInterrupt):
            desk.apply()
        assert sorted((row.key.path, row.verb) for row in desk.journal.unanswered()) == [
            ("fields/category", "create"),
            ("fields/cost", "create"),
        ]
        desk.now.at += timedelta(minutes=2)
        assert desk.apply().is_clean
        assert desk.journal.unanswered() == []
        assert [verb for verb, _ in desk.platforms["here"].writes] == ["create"] * 4
    finally:
        store.close()


ALL_PATHS = ["fields/cost", "fields/category", "fields/category/choices/hardware", "fields/category/choices/usage"]


class Killed(BaseException):
    """The process is gone: nothing that it had in mind reaches the disk any more."""


def killed_after(desk: Any, requests: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply, and be killed when `requests` have been carried out and before anything is noted of the last."""
    platform, gone = desk.platforms["here"], [False]
    original, mark = platform.apply, desk.journal.mark

    def apply(change: Any, *, key: str) -> Any:
        outcome = original(change, key=key)
        if len(platform.writes) == requests:
            gone[0] = True
            raise Killed
        return outcome

    def dead(*_: Any) -> None:
        if gone[0]:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(platform, "apply", apply)
        patch.setattr(desk.journal, "mark", lambda marks: (dead(), mark(marks)))
        patch.setattr("deskweave.configure.apply.write_lock", lambda path, lock: (dead(), write_lock(path, lock)))
        with pytest.raises(Killed):
            desk.apply()


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("requests", [1, 2, 3, 4])
def test_killed_within_a_batch_nothing_is_made_twice_and_all_is_ours(
    desk: Any, requests: int, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.waits = waits
    killed_after(desk, requests, monkeypatch)
    assert len(desk.journal.unanswered()) == 4
    assert read_lock(desk.lock_file(), "here", "test").elements == {}
    plan = desk.plan()
    assert len(plan.connections[0].edits) == requests
    assert all(entry is not None and entry.made for entry in plan.connections[0].edits.values())
    if not waits:  # what may still be under way is left alone until it no longer can be
        held = desk.apply()
        assert held.count("unknown") + held.count("skipped") == 4 - requests
        assert len(desk.platforms["here"].writes) == requests
        if held.retry_at is not None:
            assert held.retry_at == desk.now() + WINDOW + SETTLE
            desk.now.at = held.retry_at
    report = desk.apply()
    assert report.is_clean
    assert desk.platforms["here"].writes == [("create", path) for path in ALL_PATHS]
    entries = read_lock(desk.lock_file(), "here", "test").elements
    assert sorted(key.path for key in entries) == sorted(ALL_PATHS)
    assert all(entry.made for entry in entries.values())
    assert desk.journal.unanswered() == []


def test_a_killed_apply_leaves_one_batch_to_look_up(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskweave.configure.apply.BATCH", 2)
    killed_after(desk, 3, monkeypatch)
    entries = read_lock(desk.lock_file(), "here", "test").elements
    assert [(key.path, entry.made) for key, entry in sorted(entries.items())] == [
        ("fields/category", True),
        ("fields/cost", True),
    ]
    assert sorted(row.key.path for row in desk.journal.unanswered()) == sorted(ALL_PATHS[2:])
    desk.waits = True
    assert desk.apply().is_clean
    assert desk.platforms["here"].writes == [("create", path) for path in ALL_PATHS]


def test_an_announcement_does_not_outlast_its_window(desk: Any) -> None:
    """A step that is sent later than the journal says would be repeated while it may still take effect."""
    platform, late = desk.platforms["here"], []
    original = platform.apply

    def apply(change: Any, *, key: str) -> Any:
        sent = {row.key: row.sent_at for row in desk.journal.unanswered()}
        late.append(desk.now() - max(sent.values()) > timedelta(0))
        desk.now.at += timedelta(seconds=8)
        return original(change, key=key)

    platform.apply = apply
    assert desk.apply().is_clean
    assert late == [False] * 4


def test_an_interrupted_apply_leaves_nothing_open_that_was_not_sent(desk: Any) -> None:
    desk.platforms["here"].faults = ["", "crash"]
    with pytest.raises(KeyboardInterrupt):
        desk.apply()
    assert [row.key.path for row in desk.journal.unanswered()] == [ALL_PATHS[1]]
    entries = read_lock(desk.lock_file(), "here", "test").elements
    assert [key.path for key in entries] == [ALL_PATHS[0]]


def test_a_quota_with_room_for_one_request_at_a_time_is_waited_for_longer(desk: Any) -> None:
    """A listing of three requests where each retry finds one token: waiting for one token each time would never end."""
    platform, tokens, at = desk.platforms["here"], [0.0], [desk.now()]
    original = platform.elements

    def elements(kind: str, resume: str | None) -> Any:
        for _ in range(3):
            tokens[0] = min(20.0, tokens[0] + (desk.now() - at[0]).total_seconds() * 20)
            at[0] = desk.now()
            if tokens[0] < 1:
                raise TransientError("used up", executed=Executed.NO, retry_at=desk.now() + timedelta(milliseconds=50))
            tokens[0] -= 1
        return original(kind, resume)

    platform.elements = elements
    desk.waits = True
    assert desk.apply().is_clean


def test_each_intent_is_journalled_before_its_request(desk: Any) -> None:
    platform, seen = desk.platforms["here"], []
    original = platform.apply

    def apply(change: Any, *, key: str) -> Any:
        seen.append([row["state"] for row in desk.journal.rows.values()])
        return original(change, key=key)

    platform.apply = apply
    desk.apply()
    assert seen[0] == ["sent", "sent", "sent", "sent"]
    assert [row["state"] for row in desk.journal.rows.values()] == ["done"] * 4

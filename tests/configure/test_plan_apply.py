from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deskweave.configure import ElementKey, Mark, StoreJournal, plan_json, read_lock, read_plan, write_lock, write_plan
from deskweave.configure.apply import SETTLE, WINDOW
from deskweave.errors import DocumentError, Executed, SafetyStop, TransientError
from deskweave.findings import Place

CATEGORY = {"hardware": "Hardware", "usage": "Usage"}


@pytest.fixture
def desk(lab: SimpleNamespace, tmp_path: Path) -> Any:
    """One text field and one field with two choices, on an empty platform."""
    practice = lab.Terms(
        fields={"cost": lab.text_field("cost", "Cost centre"), "category": lab.choice_field("category", "Category", CATEGORY)},
        statuses=lab.status_model(),
    )
    return lab.bench(tmp_path, practice, lab.bound({"cost": "u_cost", "category": "u_category"}))


def marks(plan: Any) -> list[tuple[str, str]]:
    return [(step.mark.value, step.key.path) for step in plan.steps if step.mark is not Mark.BY_HAND]


def test_first_plan_adds_fields_before_their_choices_and_writes_nothing(desk: Any) -> None:
    plan = desk.plan()
    assert marks(plan) == [
        ("+", "fields/cost"),
        ("+", "fields/category"),
        ("+", "fields/category/choices/hardware"),
        ("+", "fields/category/choices/usage"),
    ]
    assert plan.steps[2].needs == (ElementKey("field", "fields/category", "ledger"),)
    assert not desk.platforms["here"].asked
    assert not desk.lock_file().exists()
    assert not (desk.root / "by-hand").exists()


def test_apply_then_plan_is_empty_and_lock_bytes_stay(desk: Any) -> None:
    report = desk.apply()
    assert report.is_clean
    assert report.count("done") == 4
    assert report.after.counts()["add"] == 0
    before = desk.lock_file().read_bytes()
    stamp = desk.lock_file().stat().st_mtime_ns
    again = desk.apply()
    assert again.results == ()
    assert again.is_clean
    assert desk.lock_file().read_bytes() == before
    assert desk.lock_file().stat().st_mtime_ns == stamp
    lock = read_lock(desk.lock_file(), "here", "test")
    assert lock.identity is not None
    assert lock.identity.instance == "acme-1"
    assert lock.field_native("ledger", "cost") == "n1"
    assert lock.choice_natives("ledger", "category") == {"hardware": "n3", "usage": "n4"}
    assert all(entry.made for entry in lock.elements.values())


def test_a_plan_from_a_clone_elsewhere_says_the_same(desk: Any, lab: SimpleNamespace, tmp_path: Path) -> None:
    desk.apply()
    desk.practice.fields["cost"] = lab.text_field("cost", "Cost center")
    elsewhere = lab.bench(tmp_path / "clone", desk.practice, desk.documents["here"], desk.platforms["here"])
    elsewhere.lock_file().parent.mkdir(parents=True)
    elsewhere.lock_file().write_bytes(desk.lock_file().read_bytes())
    assert plan_json(elsewhere.plan())["digest"] == plan_json(desk.plan())["digest"]
    assert marks(elsewhere.plan()) == [("~", "fields/cost")]


def test_what_was_there_is_adopted_without_a_write_and_never_changed(desk: Any, lab: SimpleNamespace) -> None:
    platform = desk.platforms["here"]
    native = platform.put("field", name="u_cost", label={"en": "Kostenstelle"}, type="text", collection="ledger")
    report = desk.apply()
    assert ("create", "fields/cost") not in platform.writes
    entry = read_lock(desk.lock_file(), "here", "test").elements[ElementKey("field", "fields/cost", "ledger")]
    assert (entry.native, entry.made) == (native, False)
    assert platform.held[native][1]["label"] == {"en": "Kostenstelle"}
    assert report.after.is_empty
    # renamed in the practice, and unbound: still not ours
    desk.practice.fields["cost"] = lab.text_field("cost", "Another")
    assert desk.plan().is_empty
    desk.removed = frozenset({"fields/cost"})
    del desk.practice.fields["cost"]
    assert desk.apply().is_clean
    assert platform.held[native][1]["label"] == {"en": "Kostenstelle"}
    assert ElementKey("field", "fields/cost", "ledger") not in read_lock(desk.lock_file(), "here", "test").elements


def test_choices_of_a_field_that_is_not_ours_are_left_alone_and_reported(desk: Any) -> None:
    platform = desk.platforms["here"]
    platform.put("field", name="u_category", type="choice", collection="ledger")
    platform.put("choice", name="Hardware", collection="ledger", field="u_category")
    plan = desk.plan()
    assert marks(plan) == [("+", "fields/cost")]
    (report,) = desk.configurator().discover()
    assert [str(key) for key in report.missing] == ["choice/fields/category/choices/usage@ledger"]
    assert [finding.rule for finding in report.findings] == ["field-not-yet-there", "choice-missing"]


def test_foreign_elements_are_byte_equal_after_apply_and_removal(desk: Any) -> None:
    platform = desk.platforms["here"]
    foreign = [platform.put("field", name=f"theirs {n}", label={"en": "x"}, collection="ledger") for n in range(107)]
    foreign += [platform.put("choice", name="Hardware", collection="ledger", field=f"theirs {n}") for n in range(107)]
    before = repr({native: platform.held[native] for native in foreign})
    assert desk.plan().left_alone == 214
    desk.apply()
    desk.removed = frozenset({"fields/category"})
    del desk.practice.fields["category"]
    report = desk.apply()
    assert report.is_clean
    assert ("remove", "fields/category") in platform.writes
    assert repr({native: platform.held[native] for native in foreign}) == before
    # the options of the removed field were not named one by one: they went with it
    assert [verb for verb, _ in platform.writes].count("remove") == 1


def test_only_remove_removes(desk: Any) -> None:
    desk.apply()
    del desk.practice.fields["cost"]
    plan = desk.plan()
    assert plan.is_empty
    assert [finding.rule for finding in plan.findings] == ["no-longer-wanted"]
    assert "remove: [fields/cost]" in plan.findings[0].remedy
    desk.removed = frozenset({"/fields/cost"})
    assert marks(desk.plan()) == [("-", "fields/cost")]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (312, ("x", None)),  # records hold it: blocked
        (0, ("-", "remove")),  # nobody holds it
        (None, ("-", "retire")),  # cannot be told: taken out of use, never deleted
    ],
)
def test_removal_asks_how_many_records_hold_it(desk: Any, count: int | None, expected: tuple[str, str | None]) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").choice_natives("ledger", "category")["usage"]
    desk.platforms["here"].counts[native] = count
    choices = dict(desk.practice.fields["category"].choices)
    del choices["usage"]
    desk.practice.fields["category"] = _with(desk.practice.fields["category"], choices)
    desk.removed = frozenset({"fields/category/choices/usage"})
    (step,) = [step for step in desk.plan().steps if step.mark is not Mark.BY_HAND]
    assert (step.mark.value, step.verb) == expected
    if count:
        assert "312 records" in step.reason
        assert step.remedy
    assert desk.apply().after.is_empty
    if count is None:
        assert native in desk.platforms["here"].held
        assert desk.plan().is_empty


def test_a_retired_choice_that_is_wanted_again_comes_back_with_its_id(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    whole = desk.practice.fields["category"]
    native = read_lock(desk.lock_file(), "here", "test").choice_natives("ledger", "category")["usage"]
    desk.platforms["here"].counts[native] = None
    desk.practice.fields["category"] = _with(whole, {"hardware": whole.choices["hardware"]})
    desk.removed = frozenset({"fields/category/choices/usage"})
    desk.apply()
    desk.practice.fields["category"], desk.removed = whole, frozenset()
    (step,) = desk.plan().writing
    assert (step.mark, step.verb, step.before.native) == (Mark.ADD, "change", native)
    assert desk.apply().is_clean
    assert read_lock(desk.lock_file(), "here", "test").choice_natives("ledger", "category")["usage"] == native


def test_a_rename_is_one_rename_and_the_id_stays(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    old = read_lock(desk.lock_file(), "here", "test").choice_natives("ledger", "category")
    desk.practice.fields["category"] = lab.choice_field(
        "category", "Category", {"hardware": "Hardware", "how_to": "How to"}, {"how_to": ("usage",)}
    )
    plan = desk.plan()
    assert marks(plan) == [(">", "fields/category/choices/how_to")]
    assert plan.counts()["remove"] == 0
    assert [part.attribute for part in plan.writing[0].differences] == ["label/en", "label/zh", "name"]
    assert desk.apply().is_clean
    assert read_lock(desk.lock_file(), "here", "test").choice_natives("ledger", "category") == {
        "hardware": old["hardware"],
        "how_to": old["usage"],
    }


def test_a_rename_the_platform_sees_nothing_of_only_touches_the_lock(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    writes = list(desk.platforms["here"].writes)
    # another slug, the same words: found by the id the lock file knows, without `was:`
    desk.practice.fields["category"] = lab.choice_field("category", "Category", {"hardware": "Hardware", "how_to": "Usage"})
    (step,) = desk.plan().writing
    assert (step.mark, step.verb) == (Mark.RENAME, None)
    desk.access = "read"
    assert desk.apply().is_clean
    assert desk.platforms["here"].writes == writes


# --------------------------------------------------------------------------------------------------------------- three ways
def _label(lab: SimpleNamespace, desk: Any, text: str) -> None:
    desk.practice.fields["cost"] = lab.text_field("cost", text)


def test_difference_shows_last_file_and_live(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    _label(lab, desk, "Cost center")
    (step,) = desk.plan().writing
    assert step.mark is Mark.CHANGE
    found = {part.attribute: (part.last, part.file, part.live) for part in step.differences}
    assert found["label/en"] == ("Cost centre", "Cost center", "Cost centre")


def test_a_change_there_alone_is_set_right_and_named(desk: Any) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    desk.platforms["here"].held[native][1]["label"] = {"en": "Theirs", "zh": "Cost centre字段"}
    desk.platforms["here"].changed[native] = (datetime(2026, 11, 20, tzinfo=UTC), "admin.wang")
    (step,) = desk.plan().writing
    assert (step.mark, step.reason, step.changed_by) == (Mark.CHANGE, "changed there: label/en", "admin.wang")
    assert desk.apply().is_clean
    assert desk.platforms["here"].held[native][1]["label"]["en"] == "Cost centre"


def test_changed_on_both_sides_waits_for_a_person(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    desk.platforms["here"].held[native][1]["label"] = {"en": "Theirs", "zh": "Cost centre字段"}
    _label(lab, desk, "Ours")
    plan = desk.plan()
    (step,) = [step for step in plan.steps if step.mark is Mark.BOTH]
    assert {part.attribute: (part.last, part.file, part.live) for part in step.differences}["label/en"] == (
        "Cost centre",
        "Ours",
        "Theirs",
    )
    assert plan.is_empty
    assert "--ours field/fields/cost" in step.remedy
    configurator = desk.configurator()
    decided = configurator.plan(ours=["field/cost"])
    write_plan(desk.root / "p.plan", decided)
    assert configurator.apply(read_plan(desk.root / "p.plan")).is_clean
    assert desk.platforms["here"].held[native][1]["label"]["en"] == "Ours"


def test_both_came_to_say_the_same(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    desk.platforms["here"].held[native][1]["label"] = {"en": "New", "zh": "New字段"}
    _label(lab, desk, "New")
    writes = len(desk.platforms["here"].writes)
    assert desk.plan().is_empty
    desk.apply()
    assert len(desk.platforms["here"].writes) == writes
    # and from now on the new words are the base: a change there is a change there, not on both sides
    desk.platforms["here"].held[native][1]["label"] = {"en": "Theirs", "zh": "New字段"}
    assert [step.mark for step in desk.plan().writing] == [Mark.CHANGE]


def test_what_a_platform_does_not_show_is_neither_compared_nor_written(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    del desk.platforms["here"].held[native][1]["label"]["zh"]
    _label(lab, desk, "Cost centre")
    desk.practice.fields["cost"] = lab.replace(desk.practice.fields["cost"], label={"en": "Cost centre", "zh": "成本"})
    assert desk.plan().is_empty


def test_a_locked_element_and_a_changed_type_are_blocked(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    _label(lab, desk, "New")
    desk.platforms["here"].locked[native] = "part of a managed package"
    (step,) = [step for step in desk.plan().steps if step.mark is Mark.BLOCKED]
    assert "managed package" in step.reason
    desk.platforms["here"].locked.clear()
    desk.practice.fields["cost"] = lab.text_field("cost", "Cost centre", "number")
    (step,) = [step for step in desk.plan().steps if step.mark is Mark.BLOCKED]
    assert "from text to number" in step.reason


def test_names_that_fit_several_are_blocked(desk: Any) -> None:
    for _ in range(2):
        desk.platforms["here"].put("field", name="u_cost", collection="ledger")
    (step,) = [step for step in desk.plan().steps if step.mark is Mark.BLOCKED]
    assert "several" in step.reason


def test_a_read_only_binding_is_only_looked_for(desk: Any, lab: SimpleNamespace) -> None:
    desk.documents["here"] = lab.bound(
        {"cost": {"at": "u_cost", "policy": "read_only"}, "category": {"at": "u_category", "policy": "read_only"}}
    )
    plan = desk.plan()
    assert plan.is_empty
    assert marks(plan) == [("x", "fields/cost"), ("x", "fields/category")]


def test_nothing_readable_any_more_is_a_lost_right_not_a_removal(desk: Any) -> None:
    desk.apply()
    held = desk.platforms["here"].held
    desk.platforms["here"].held = {}
    plan = desk.plan()
    assert plan.is_empty
    assert {mark for mark, _ in marks(plan)} == {"x"}
    before = desk.lock_file().read_bytes()
    desk.apply()
    assert desk.lock_file().read_bytes() == before
    desk.platforms["here"].held = held
    assert desk.plan().is_empty


def test_options_of_a_field_that_all_went_out_of_sight_are_not_made_again(desk: Any, lab: SimpleNamespace) -> None:
    """Jira's agent sees our fields and system options, and none of our options."""
    platform = desk.platforms["here"]
    platform.put("choice", name="theirs", collection="ledger", field="theirs")
    desk.apply()
    ours = [native for native, (kind, held) in platform.held.items() if kind == "choice" and held["field"] == "u_category"]
    kept = {native: platform.held.pop(native) for native in ours}
    assert {mark for mark, _ in marks(desk.plan())} == {"x"}
    # one of two missing is a removal; so are both, when their field went with them
    platform.held[ours[0]] = kept[ours[0]]
    assert marks(desk.plan()) == [("+", "fields/category/choices/usage")]
    del platform.held[ours[0]]
    del platform.held[read_lock(desk.lock_file(), "here", "test").field_native("ledger", "category")]
    assert [mark for mark, _ in marks(desk.plan())] == ["+", "+", "+"]
    assert desk.apply().is_clean


def test_what_we_made_and_somebody_removed_is_made_again(desk: Any) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    del desk.platforms["here"].held[native]
    (step,) = desk.plan().writing
    assert (step.mark, step.reason) == (Mark.ADD, "we had made it and it was removed there")
    keys = list(desk.platforms["here"].keys)
    assert desk.apply().is_clean
    assert desk.platforms["here"].keys[-1] not in keys  # another change than the first time: another key


def test_one_field_in_two_collections_is_two_elements(desk: Any, lab: SimpleNamespace) -> None:
    desk.documents["here"] = {
        "collections": {name: {"fields": {"category": {"at": "u_category"}}} for name in ("incident", "interaction")}
    }
    report = desk.apply()
    assert report.is_clean
    assert report.count("done") == 6
    assert desk.plan().is_empty


def test_choices_are_told_apart_where_the_platform_names_no_field(desk: Any, lab: SimpleNamespace) -> None:
    """Feishu's options carry the column in their id, and nothing else says where they belong."""
    platform = desk.platforms["here"]
    native = platform.put("field", name="theirs", collection="ledger")
    platform.held[f"{native}/o1"] = ("choice", {"name": "Hardware", "collection": "ledger"})
    platform.elements = _by_text(platform)
    plan = desk.plan()
    assert ("+", "fields/category/choices/hardware") in marks(plan)


def _by_text(platform: Any) -> Any:
    from deskweave.connector import Element, Page

    def elements(kind: str, resume: str | None) -> Any:
        return Page(
            items=[Element(id=None, native=n, attributes=a) for n, (k, a) in platform.held.items() if k == kind], resume=None
        )

    return elements


# ------------------------------------------------------------------------------------------------------------------- safety
def test_access_read_stops_before_anything_is_written(desk: Any) -> None:
    desk.access = "read"
    with pytest.raises(SafetyStop, match="access is read"):
        desk.apply()
    assert desk.platforms["here"].asked == []
    assert not desk.lock_file().exists()


def test_one_connection_that_may_not_be_written_stops_all(desk: Any, lab: SimpleNamespace) -> None:
    desk.platforms["there"] = lab.Platform(instance="acme-2")
    desk.documents["there"] = desk.documents["here"]
    configurator = desk.configurator()
    plan = configurator.plan()

    def refuse() -> None:
        raise SafetyStop("there: another instance")

    configurator.sides = (configurator.sides[0], lab.replace(configurator.sides[1], may_write=refuse))
    with pytest.raises(SafetyStop, match="another instance"):
        configurator.apply(plan)
    assert desk.platforms["here"].asked == []


@pytest.mark.parametrize(
    "change",
    [
        lambda desk, lab: desk.platforms["here"].put("field", name="u_cost", collection="ledger"),  # there in the meantime
        lambda desk, lab: desk.practice.fields.update(cost=lab.text_field("cost", "Otherwise")),  # the file moved
        lambda desk, lab: setattr(desk.platforms["here"], "instance", "acme-9"),  # another instance answers
        lambda desk, lab: desk.apply(),  # already done
        lambda desk, lab: setattr(desk.platforms["here"], "unreadable", True),  # cannot be held against it
    ],
)
def test_a_stale_plan_is_refused(desk: Any, lab: SimpleNamespace, change: Any) -> None:
    write_plan(desk.root / "saved.plan", desk.plan())
    change(desk, lab)
    asked = list(desk.platforms["here"].asked)
    with pytest.raises(SafetyStop):
        desk.configurator().apply(read_plan(desk.root / "saved.plan"))
    assert desk.platforms["here"].asked == asked


def test_a_saved_plan_that_is_still_true_goes_through(desk: Any, lab: SimpleNamespace) -> None:
    plan = lab.replace(desk.plan(), made_at=lab.START, made_by="lin.yue")
    write_plan(desk.root / "saved.plan", plan)
    desk.platforms["here"].put("field", name="theirs", collection="ledger")  # nothing the plan rests on
    saved = read_plan(desk.root / "saved.plan")
    assert (saved.digest, saved.made_by, saved.made_at) == (plan.digest, "lin.yue", lab.START)
    assert desk.configurator().apply(saved).is_clean


def test_an_edited_plan_file_is_refused(desk: Any) -> None:
    path = desk.root / "saved.plan"
    write_plan(path, desk.plan())
    path.write_text(path.read_text(encoding="utf-8").replace("u_cost", "u_salary"), encoding="utf-8")
    with pytest.raises(SafetyStop, match="not what was written"):
        read_plan(path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"deskweave_plan": 1}', b"\xff\xfe", b'{"deskweave_plan": 99}', b"[" * 5000]
)
def test_what_is_no_plan_file_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.plan").write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        read_plan(tmp_path / "x.plan")
    assert caught.value.findings[0].place.source.endswith("x.plan")


def test_only_narrows_and_takes_along_what_is_needed(desk: Any) -> None:
    configurator = desk.configurator()
    plan = configurator.plan().only(elements=["fields/category/choices/usage"])
    assert marks(plan) == [("+", "fields/category"), ("+", "fields/category/choices/usage")]
    report = configurator.apply(plan)
    assert report.count("done") == 2
    assert marks(report.after) == [("+", "fields/cost"), ("+", "fields/category/choices/hardware")]
    with pytest.raises(SafetyStop):
        configurator.plan().only(elements=["fields/nothing"])
    assert configurator.plan().only(connections=["here"]).counts()["add"] == 2
    with pytest.raises(SafetyStop, match="no connection"):
        configurator.plan().only(connections=["nowhere"])


# ------------------------------------------------------------------------------------------------------------ what can fail
def test_a_repeat_has_the_key_of_the_first_and_a_later_change_its_own(desk: Any, lab: SimpleNamespace) -> None:
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


def test_a_late_request_that_arrives_after_all_is_ours(desk: Any, lab: SimpleNamespace) -> None:
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


def test_a_change_whose_request_was_lost_is_repeated_after_looking(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    _label(lab, desk, "New")
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


def test_success_that_changed_nothing_is_a_failure(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    _label(lab, desk, "New")
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
    assert marks(plan) == []
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
    assert marks(desk.plan()) == []


def test_another_accounts_view_of_ours_gives_nothing_up(desk: Any, lab: SimpleNamespace) -> None:
    """ServiceNow's agent sees choices by value, not by sys_id: other ids, and everything locked."""
    desk.apply()
    platform, before = desk.platforms["here"], desk.lock_file().read_bytes()
    whole = dict(platform.held)
    platform.held = {f"n{int(native[1:]) + 50}": held for native, held in whole.items()}
    platform.locked = dict.fromkeys(platform.held, "this account may read it and not its definition")
    _label(lab, desk, "New")
    plan = desk.plan()
    assert marks(plan) == []
    assert plan.connections[0].edits == {}
    assert {finding.rule for finding in plan.findings} == {"another-id"}
    platform.locked.clear()
    assert marks(desk.plan()) == []
    desk.apply()
    assert desk.lock_file().read_bytes() == before
    platform.held = whole
    assert marks(desk.plan()) == [("~", "fields/cost")]


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


def test_steps_name_the_line_that_wants_them(desk: Any) -> None:
    configurator = desk.configurator(origin=lambda path: Place("practice/fields.yaml", path, 61, 5))
    assert {step.origin.line for step in configurator.plan().steps} == {61}


def _with(term: Any, choices: Any) -> Any:
    from dataclasses import replace

    return replace(term, choices=choices)

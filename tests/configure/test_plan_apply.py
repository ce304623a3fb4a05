from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deskweave.configure import ElementKey, Mark, plan_json, read_lock, read_plan, write_plan
from deskweave.errors import DocumentError, SafetyStop
from deskweave.findings import Place


def test_first_plan_adds_fields_before_their_choices_and_writes_nothing(desk: Any) -> None:
    plan = desk.plan()
    assert desk.marks(plan) == [
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
    assert desk.marks(elsewhere.plan()) == [("~", "fields/cost")]


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
    assert desk.marks(plan) == [("+", "fields/cost")]
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
    assert desk.marks(desk.plan()) == [("-", "fields/cost")]


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


def test_a_retired_choice_that_is_wanted_again_comes_back_with_its_id(desk: Any) -> None:
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
    assert desk.marks(plan) == [(">", "fields/category/choices/how_to")]
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
def test_difference_shows_last_file_and_live(desk: Any) -> None:
    desk.apply()
    desk.relabel("Cost center")
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


def test_changed_on_both_sides_waits_for_a_person(desk: Any) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    desk.platforms["here"].held[native][1]["label"] = {"en": "Theirs", "zh": "Cost centre字段"}
    desk.relabel("Ours")
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


def test_both_came_to_say_the_same(desk: Any) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    desk.platforms["here"].held[native][1]["label"] = {"en": "New", "zh": "New字段"}
    desk.relabel("New")
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
    desk.relabel("Cost centre")
    desk.practice.fields["cost"] = lab.replace(desk.practice.fields["cost"], label={"en": "Cost centre", "zh": "成本"})
    assert desk.plan().is_empty


def test_a_locked_element_and_a_changed_type_are_blocked(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    native = read_lock(desk.lock_file(), "here", "test").field_native("ledger", "cost")
    desk.relabel("New")
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
    assert desk.marks(plan) == [("x", "fields/cost"), ("x", "fields/category")]


def test_nothing_readable_any_more_is_a_lost_right_not_a_removal(desk: Any) -> None:
    desk.apply()
    held = desk.platforms["here"].held
    desk.platforms["here"].held = {}
    plan = desk.plan()
    assert plan.is_empty
    assert {mark for mark, _ in desk.marks(plan)} == {"x"}
    before = desk.lock_file().read_bytes()
    desk.apply()
    assert desk.lock_file().read_bytes() == before
    desk.platforms["here"].held = held
    assert desk.plan().is_empty


def test_options_of_a_field_that_all_went_out_of_sight_are_not_made_again(desk: Any) -> None:
    """Jira's agent sees our fields and system options, and none of our options."""
    platform = desk.platforms["here"]
    platform.put("choice", name="theirs", collection="ledger", field="theirs")
    desk.apply()
    ours = [native for native, (kind, held) in platform.held.items() if kind == "choice" and held["field"] == "u_category"]
    kept = {native: platform.held.pop(native) for native in ours}
    assert {mark for mark, _ in desk.marks(desk.plan())} == {"x"}
    # one of two missing is a removal; so are both, when their field went with them
    platform.held[ours[0]] = kept[ours[0]]
    assert desk.marks(desk.plan()) == [("+", "fields/category/choices/usage")]
    del platform.held[ours[0]]
    del platform.held[read_lock(desk.lock_file(), "here", "test").field_native("ledger", "category")]
    assert [mark for mark, _ in desk.marks(desk.plan())] == ["+", "+", "+"]
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


def test_one_field_in_two_collections_is_two_elements(desk: Any) -> None:
    desk.documents["here"] = {
        "collections": {name: {"fields": {"category": {"at": "u_category"}}} for name in ("incident", "interaction")}
    }
    report = desk.apply()
    assert report.is_clean
    assert report.count("done") == 6
    assert desk.plan().is_empty


def test_choices_are_told_apart_where_the_platform_names_no_field(desk: Any) -> None:
    """Feishu's options carry the column in their id, and nothing else says where they belong."""
    platform = desk.platforms["here"]
    native = platform.put("field", name="theirs", collection="ledger")
    platform.held[f"{native}/o1"] = ("choice", {"name": "Hardware", "collection": "ledger"})
    platform.elements = _by_text(platform)
    plan = desk.plan()
    assert ("+", "fields/category/choices/hardware") in desk.marks(plan)


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
    assert desk.marks(plan) == [("+", "fields/category"), ("+", "fields/category/choices/usage")]
    report = configurator.apply(plan)
    assert report.count("done") == 2
    assert desk.marks(report.after) == [("+", "fields/cost"), ("+", "fields/category/choices/hardware")]
    with pytest.raises(SafetyStop):
        configurator.plan().only(elements=["fields/nothing"])
    assert configurator.plan().only(connections=["here"]).counts()["add"] == 2
    with pytest.raises(SafetyStop, match="no connection"):
        configurator.plan().only(connections=["nowhere"])


def test_steps_name_the_line_that_wants_them(desk: Any) -> None:
    configurator = desk.configurator(origin=lambda path: Place("practice/fields.yaml", path, 61, 5))
    assert {step.origin.line for step in configurator.plan().steps} == {61}


def _with(term: Any, choices: Any) -> Any:
    from dataclasses import replace

    return replace(term, choices=choices)

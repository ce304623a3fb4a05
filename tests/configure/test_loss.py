from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deskweave.configure import (
    Mark,
    Register,
    loss_markdown,
    loss_report,
    read_plan,
    read_register,
    register_path,
    write_plan,
    write_register,
)
from deskweave.connector import ElementId, Loss
from deskweave.errors import DocumentError
from deskweave.model import CatalogItem, Clock


@pytest.fixture
def desk(lab: SimpleNamespace, tmp_path: Path) -> Any:
    item = CatalogItem(
        slug="vpn", label={"en": "VPN"}, category="c", category_label={}, service="s", service_label={}, classification=None,
        served="user", channels=(), delivery=(), hours=None, stream=None,
    )  # fmt: skip
    practice = lab.Terms(
        fields={"cost": lab.text_field("cost", "Cost centre")},
        statuses=lab.status_model(),
        catalog={"vpn": item},
        clocks={"first_response": Clock(id="first_response", label={"en": "First response"}, calendar=None)},
    )
    return lab.bench(tmp_path, practice, lab.bound({"cost": "u_cost"}))


def hand(plan: Any) -> list[tuple[str, str]]:
    return [(step.hand.number, step.key.path) for step in plan.steps if step.mark is Mark.BY_HAND]


@pytest.mark.practice("M2")
def test_losses_are_numbered_and_nothing_vanishes(desk: Any) -> None:
    plan = desk.plan()
    assert hand(plan) == [("J-1", "statuses/open"), ("J-2", "statuses/closed"), ("J-3", "transitions/close")]
    report = loss_report(plan)
    (here,) = report.connections
    assert [step.elements for step in here.narrowed] == [("catalog/vpn",)]
    # the connector says nothing about clocks: the host does
    assert [(step.kind, step.elements) for step in here.impossible] == [("clock", ("clocks/first_response",))]
    assert plan.counts()["by_hand"] == 3


def test_numbers_stay_when_other_things_come_and_go(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    model = desk.practice.statuses
    statuses = {"waiting": lab.replace(model.statuses["open"], slug="waiting"), **model.statuses}
    desk.practice.statuses = lab.replace(model, statuses=statuses)
    assert hand(desk.plan()) == [
        ("J-1", "statuses/open"),
        ("J-2", "statuses/closed"),
        ("J-3", "transitions/close"),
        ("J-4", "statuses/waiting"),
    ]
    desk.apply()
    desk.practice.statuses = lab.replace(model, statuses={"closed": model.statuses["closed"]})
    assert hand(desk.plan()) == [("J-2", "statuses/closed"), ("J-3", "transitions/close")]
    desk.apply()
    desk.practice.statuses = lab.replace(model, statuses={**statuses, "new": lab.replace(model.statuses["open"], slug="new")})
    assert ("J-5", "statuses/new") in hand(desk.plan())  # J-1 and J-4 are waiting's and open's for ever
    assert ("J-4", "statuses/waiting") in hand(desk.plan())


def test_ticked_is_gone_from_the_plan_and_reopened_is_back(desk: Any, lab: SimpleNamespace) -> None:
    desk.apply()
    path = register_path(desk.root, "test")
    register = read_register(path, "test")
    write_register(path, register.tick("j-3", by="李雷", on="2026-12-03", note="drawn as in the handbook"))
    plan = desk.plan()
    assert [number for number, _ in hand(plan)] == ["J-1", "J-2"]
    (done,) = loss_report(plan).done
    assert (done.number, done.done_by, done.done_on) == ("J-3", "李雷", "2026-12-03")
    before = path.read_bytes()
    desk.apply()
    assert path.read_bytes() == before
    # something new of the same kind: it was not done for that
    model = desk.practice.statuses
    desk.practice.statuses = lab.replace(
        model, transitions={**model.transitions, "reopen": lab.replace(model.transitions["close"], slug="reopen")}
    )
    assert "J-3" in [number for number, _ in hand(desk.plan())]
    desk.practice.statuses = model
    assert "J-3" not in [number for number, _ in hand(desk.plan())]
    write_register(path, read_register(path, "test").reopen("J-3"))
    assert "J-3" in [number for number, _ in hand(desk.plan())]
    with pytest.raises(KeyError):
        register.tick("J-99", by="x", on="2026-12-03")


def test_two_connections_never_share_a_number(desk: Any, lab: SimpleNamespace) -> None:
    desk.platforms["there"] = lab.Platform(instance="acme-2")
    desk.documents["there"] = desk.documents["here"]
    plan = desk.plan()
    numbers = [number for number, _ in hand(plan)]
    assert numbers == [f"J-{n}" for n in range(1, 7)]


def test_numbers_a_saved_plan_has_shown_are_kept(desk: Any, lab: SimpleNamespace) -> None:
    desk.platforms = {"first": lab.Platform(instance="acme-0"), **desk.platforms}
    desk.documents["first"] = desk.documents["here"]
    path = desk.root / "saved.plan"
    write_plan(path, desk.plan())
    saved = read_plan(path)
    assert hand(saved) == hand(desk.plan())
    assert loss_markdown(loss_report(saved), "zh") == loss_markdown(loss_report(desk.plan()), "zh")
    # applied by a run that looks at the second connection only
    del desk.platforms["first"]
    report = desk.configurator().apply(saved.only(connections=["here"]))
    assert [number for number, _ in hand(report.after)] == ["J-4", "J-5", "J-6"]
    assert [number for number, _ in hand(desk.plan())] == ["J-4", "J-5", "J-6"]


def test_a_reworded_step_keeps_its_number() -> None:
    def loss(what: str) -> Loss:
        element = ElementId("status", "statuses/open")
        return Loss(element=element, degree="by_hand", what=what, steps={"en": "do"}, where=None, verify=False)

    _, register = Register(environment="test").number("here", [loss("old words")])
    (step,), again = register.number("here", [loss("new words")])
    assert step.number == "J-1"
    assert again.entries[1].what == "new words"


def test_a_person_may_write_the_tick_into_the_file(desk: Any) -> None:
    desk.apply()
    path = register_path(desk.root, "test")
    text = path.read_text(encoding="utf-8").replace("  J-2:\n", "  J-2:\n    done: {by: Han Meimei, on: 2026-12-04}\n")
    path.write_text(text, encoding="utf-8")
    assert [number for number, _ in hand(desk.plan())] == ["J-1", "J-3"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("J-2:", "two:", "J- and a number"),
        ("kind: ByHand", "kind: Hand", "ByHand"),
        ("    kind: status", "    kind: 4", "all text"),
    ],
)
def test_a_broken_register_is_named_with_its_line(desk: Any, old: str, new: str, words: str) -> None:
    desk.apply()
    path = register_path(desk.root, "test")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        desk.plan()
    assert words in caught.value.findings[0].message
    assert (caught.value.findings[0].place.line or 0) > 1


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["To do by hand", "Do: Do it"]), ("zh", ["待手工完成", "操作: 手工设置"]), ("fr", ["By hand"])]
)
def test_markdown_in_both_languages(desk: Any, language: str, words: list[str]) -> None:
    text = loss_markdown(loss_report(desk.plan()), language)
    text.encode("gbk")
    for word in (*words, "J-1", "Settings > Workflow", "catalog/vpn", "https://acme-1.example"):
        assert word in text
    assert "[ ] **J-1**" in text


def test_a_connectors_text_cannot_break_the_page(desk: Any) -> None:
    platform = desk.platforms["here"]
    evil = Loss(
        element=ElementId("status", "statuses/open"),
        degree="by_hand",
        what="a\n# b <script> `c",
        steps={"en": "x\n- y"},
        where=None,
        verify=True,
    )
    express = platform.express
    platform.express = lambda wanted, live: type(express(wanted, live))(express(wanted, live).elements, [evil])
    text = loss_markdown(loss_report(desk.plan()))
    assert "\n# b" not in text
    assert "<script>" not in text

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from deskweave.configure import ElementKey, option_texts, removed_paths, wanted_elements
from deskweave.model import CatalogItem


def item(slug: str) -> CatalogItem:
    return CatalogItem(
        slug=slug, label={"en": slug.upper(), "zh": f"{slug}项"}, category="c", category_label={}, service="s", service_label={},
        classification=None, served="user", channels=(), delivery=(), hours=None, stream=None,
    )  # fmt: skip


@pytest.fixture
def practice(lab: SimpleNamespace) -> Any:
    return lab.Terms(
        fields={
            "title": lab.text_field("title", "Subject"),
            "category": lab.choice_field("category", "Category", {"usage": "Usage", "other": "Other"}),
            "service_item": lab.text_field("service_item", "Service item", "catalog_item"),
            "status": lab.text_field("status", "Status", "status"),
            "exchange": lab.text_field("exchange", "Exchange", "messages"),
        },
        statuses=lab.status_model(),
        catalog={"vpn": item("vpn"), "os": item("os")},
    )


def test_bound_fields_and_their_choices(practice: Any, lab: SimpleNamespace) -> None:
    document = lab.bound(
        {"title": "标题", "category": {"at": "分类", "choices": {"usage": "使用"}}, "exchange": "x", "unknown": "y"}
    )
    wanted = wanted_elements(practice, document, language="zh")
    found = {
        str(ElementKey.of(element)): element for element in wanted.elements if ElementKey.of(element).kind in ("field", "choice")
    }
    assert list(found) == [
        "field/fields/title@ledger",
        "field/fields/category@ledger",
        "choice/fields/category/choices/usage@ledger",
        "choice/fields/category/choices/other@ledger",
    ]
    assert found["field/fields/title@ledger"].attributes == {
        "label": {"en": "Subject", "zh": "Subject字段"},
        "type": "text",
        "collection": "ledger",
        "name": "标题",
    }
    # the binding's word is the option's text; without one it is the label
    assert [found[key].attributes["name"] for key in list(found)[2:]] == ["使用", "Other项"]
    assert [found[key].attributes["order"] for key in list(found)[2:]] == [1, 2]


def test_catalog_and_statuses_are_options_where_a_field_holds_them(practice: Any, lab: SimpleNamespace) -> None:
    wanted = wanted_elements(practice, lab.bound({"service_item": "服务项", "status": "状态"}))
    paths = [ElementKey.of(element).path for element in wanted.elements if ElementKey.of(element).kind == "choice"]
    assert paths == [
        "fields/service_item/choices/vpn",
        "fields/service_item/choices/os",
        "fields/status/choices/open",
        "fields/status/choices/closed",
    ]
    assert option_texts(practice, practice.fields["status"], {"open": 1}, "zh") == {"open": "1", "closed": "已关闭"}


def test_every_other_kind_is_stated(practice: Any, lab: SimpleNamespace) -> None:
    document = lab.bound({})
    document["collections"]["ledger"]["statuses"] = {"open": {"is": {"state": "1"}}}
    elements = {ElementKey.of(element).path: element for element in wanted_elements(practice, document).elements}
    assert set(elements) == {"statuses/open", "statuses/closed", "transitions/close", "catalog/vpn", "catalog/os"}
    assert elements["statuses/open"].attributes["is"] == {"ledger": {"state": "1"}}
    assert [need.path for need in elements["transitions/close"].needs] == ["statuses/open", "statuses/closed"]


CATALOG: dict[str, Any] = {"kind": "Catalog", "categories": {"it": {"services": {"net": {"items": {"vpn": {}, "wifi": {}}}}}}}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"kind": "Fields", "remove": ["fields/user_scenario"]}, {"fields/user_scenario"}),
        ({"kind": "Fields", "remove": ["/fields/category/choices/gone"]}, {"fields/category/choices/gone"}),
        ({"kind": "Fields", "remove": ["fields/category/choices/usage"]}, set()),  # a layer above put it in again
        ({"kind": "Fields", "remove": ["fields/title/description"]}, set()),  # no element
        ({"kind": "StatusModel", "remove": ["statuses/parked"]}, {"statuses/parked", "fields/status/choices/parked"}),
        # a category takes its items along; vpn is still in the practice
        ({"kind": "Catalog", "remove": ["categories/it"]}, {"catalog/wifi", "fields/service_item/choices/wifi"}),
        (
            {"kind": "Catalog", "remove": ["categories/it/services/net/items/wifi"]},
            {"catalog/wifi", "fields/service_item/choices/wifi"},
        ),
        ({"kind": "Metric", "remove": ["target"]}, set()),
    ],
)
def test_removed_paths(practice: Any, document: dict[str, Any], expected: set[str]) -> None:
    assert removed_paths(practice, [CATALOG, document]) == expected


def test_the_built_in_practice_compiles(lab: SimpleNamespace) -> None:
    builtin = pytest.importorskip("deskweave.practice").builtin()
    document = lab.bound({slug: f"u_{slug}" for slug in builtin.fields})
    wanted = wanted_elements(builtin, document, language="zh")
    keys = [ElementKey.of(element) for element in wanted.elements]
    assert len(keys) == len(set(keys))
    assert {key.kind for key in keys} >= {"field", "choice", "status", "transition", "catalog_item", "clock", "metric", "calendar"}
    assert all(element.attributes["name"] for element in wanted.elements if ElementKey.of(element).kind in ("field", "choice"))


def test_a_field_that_is_never_sent_there_is_looked_for_and_not_made(practice: Any, lab: SimpleNamespace) -> None:
    """practice A9: what never goes to a connection is not offered there; a column that stands there already is still read."""
    fields = {**practice.fields, "category": replace(practice.fields["category"], never_send=("here",))}
    document = lab.bound({"title": "标题", "category": "分类"})
    wanted = wanted_elements(replace(practice, fields=fields), document)
    assert {str(key) for key in wanted.looked_for} == {
        "field/fields/category@ledger",
        "choice/fields/category/choices/usage@ledger",
        "choice/fields/category/choices/other@ledger",
    }
    elsewhere = wanted_elements(replace(practice, fields=fields), {**document, "id": "there"})
    assert not elsewhere.looked_for

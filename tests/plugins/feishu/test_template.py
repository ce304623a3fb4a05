"""The whole way: the template applied to an empty base by the admin, then inquiries written and read by the agent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from deskweave import documents, practice
from deskweave.connector import Element, ElementChange, ElementId
from deskweave.model import Binding, CollectionBinding, ConnectionName, FieldBinding, FieldId, StatusBinding
from deskweave_feishu.connector import FeishuConnector
from deskweave_feishu.emulator import FeishuEmulator, RunningFeishu


@pytest.fixture
def running(clock, closing) -> Iterator[RunningFeishu]:
    emulator = FeishuEmulator().start(port=0, seed=3, now=clock, ledger="none")
    yield emulator
    closing.submit(emulator.stop)


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "feishu.yaml"
    path.write_text(FeishuConnector().binding_template(), encoding="utf-8")
    return documents.read(path)[0].body["collections"]["ledger"]


def wanted(template, fields):
    elements = []
    for slug, at in template["fields"].items():
        words = {"collection": "ledger", "label": dict(fields[slug].label)}
        attributes = {**words, "type": fields[slug].type, "name": at["at"]}
        elements.append(Element(id=ElementId("field", f"fields/{slug}"), native=None, attributes=attributes))
        options = at.get("choices", {})
        if slug == "status":
            options = {status: said["is"]["状态"] for status, said in template["statuses"].items()}
        for order, (option, name) in enumerate(options.items()):
            path = f"fields/{slug}/choices/{option}"
            attributes = {"collection": "ledger", "name": name, "order": order}
            elements.append(Element(id=ElementId("choice", path), native=None, attributes=attributes))
    return elements


@pytest.mark.practice("M1")
def test_from_an_empty_base_to_a_row_and_back(running, connect, template):
    built_in = practice.builtin()
    fields = {FieldId(name): built_in.fields[FieldId(name)] for name in template["fields"]}
    admin, natives = connect("admin"), {}
    elements = wanted(template, built_in.fields)
    expression = admin.target.express(elements, [])
    for number, element in enumerate(expression.elements):
        outcome = admin.target.apply(ElementChange(verb="create", before=None, after=element), key=f"p/{number}")
        assert outcome.error is None, outcome.error
        natives[element.id.path] = outcome.ref.rid
    live = [*admin.configuration.elements("field", None).items, *admin.configuration.elements("choice", None).items]
    shown = {element.native: element.attributes for element in live}
    for element in admin.target.express(elements, live).elements:
        assert shown[element.native] == element.attributes  # the next plan is empty

    bound = CollectionBinding(
        name="ledger",
        holds=None,
        correlation=template["correlation"],
        cross_reference=template["cross_reference"],
        fields={
            FieldId(name): FieldBinding(
                at=at["at"],
                native=natives[f"fields/{name}"],
                max_length=at.get("max_length"),
                choices=at.get("choices", {}),
            )
            for name, at in template["fields"].items()
        },
        statuses={slug: StatusBinding(is_=said["is"]) for slug, said in template["statuses"].items()},
    )
    binding = Binding(
        connection=ConnectionName("feishu"),
        digest="d",
        collections={"ledger": bound},
        fields=fields,
        statuses=built_in.statuses,
        zone="Asia/Shanghai",
    )
    sample = {
        "text": "一行",
        "long_text": "两\n行",
        "email": "a@b.example",
        "phone": "021-5555 1234",
        "person": "张伟",
        "boolean": True,
        "datetime": datetime(2026, 11, 16, 1, 2, 3, tzinfo=UTC),
        "link": "https://x.example/1",
    }
    document = {}
    for name, field in fields.items():
        choices = list(bound.fields[name].choices)
        one = choices[-1] if choices else None
        document[name] = sample.get(field.type, tuple(choices) if field.type == "choices" else one)
    document[FieldId("status")] = "waiting_on_third_party"
    assert None not in document.values()

    agent = connect("agent")
    mapper = agent.mapper(binding)
    outcome = agent.sink.create([mapper.draft("ledger", document, corr="i:L1", key="k")])[0]
    assert outcome.error is None, outcome.error
    record = agent.records.fetch([outcome.ref])[0]
    assert dict(mapper.read(record).values) == document == dict(mapper.project("ledger", document).values)
    assert [finding.rule for finding in agent.capabilities.lost if finding.severity != "note"] == []

"""Catalogs of other products, said as our documents (practice A9, B1, F6): what fits, and exactly what cannot be said.

Three sources: orders of a ServiceNow catalog (WorkArena), services and flows of a Chinese ITSM product (BK-ITSM), and ServiceNow's own
catalog-as-code samples. Each is turned into Fields, Catalog and StatusModel documents over the built-in practice. What has no word of
ours is counted by reason; docs/en/explanation/foreign-catalogs.md says the same to people. Nothing of the data is kept here.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deskweave.documents import Document
from deskweave.model import FieldId
from deskweave.practice import Practice, compose, inquiry_check
from deskweave.practice.tables.slugs import new_slug, unused

pytestmark = pytest.mark.contracts
ROOT = Path(__file__).parents[2]
PAGES = [ROOT / f"docs/{language}/explanation/foreign-catalogs.md" for language in ("en", "zh")]


CANNOT = {
    "a file as an answer of its own": (0, 1, 2),
    "a flow that fulfils the order": (0, 0, 1),
    "a form within a form": (0, 2, 0),
    "a record of another table": (0, 0, 1),
    "a scale of steps without words": (0, 0, 1),
    "a script in the form": (0, 0, 5),
    "a status model for each service": (0, 6, 0),
    "a step for named persons or roles": (0, 10, 0),
    "a step that is an approval": (0, 3, 0),
    "a value filled in beforehand": (0, 12, 3),
    "a way that depends on an answer": (0, 4, 0),
    "an answer that is hidden as it is typed": (0, 0, 1),
    "choices of one question that differ by item": (2, 0, 1),
    "choices that another system answers": (0, 7, 0),
    "choices that depend on another answer": (0, 4, 0),
    "formatted text": (0, 3, 0),
    "layout of the form": (0, 0, 3),
    "prices": (0, 0, 1),
    "required before a step is left": (0, 27, 0),
    "required on this form only": (0, 48, 11),
    "several persons in one answer": (0, 3, 0),
    "several records of another table": (0, 0, 1),
    "shown only after a certain answer": (0, 8, 3),
    "who is offered it, by the platform's own roles": (0, 0, 4),
}
"""What has no word of ours, by reason: how often in the orders, in the flows, in the samples that are code."""


def lost(number: int) -> dict[str, int]:
    """What one of the three sources is expected to lose."""
    return {reason: counts[number] for reason, counts in CANNOT.items() if counts[number]}


@dataclass
class Said:
    """Another product's catalog in our words, and what has none."""

    language: str
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)

    def ask(self, name: str, spec: dict[str, Any]) -> str:
        """The field a form asks by this name; one of the same name and sort is the same field, whatever form asks it."""
        spec = {"label": {self.language: name}, "group": "form", "entry": "chosen" if "choices" in spec else "typed", **spec}
        for slug, there in self.fields.items():
            if all(there.get(key) == spec.get(key) for key in ("label", "type", "constraints")):
                if there.get("choices") != spec.get("choices"):
                    there["choices"] = {**there["choices"], **spec["choices"]}
                    self.lost["choices of one question that differ by item"] += 1
                return slug
        slug = "x_" + new_slug(spec["label"], "field", ())  # never one of the built-in fields
        self.fields[unused(slug, self.fields)] = spec
        return list(self.fields)[-1]

    def choices(self, names: Mapping[str, str]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name in names.values():
            made[unused(new_slug({self.language: name}, "choice", ()), made)] = {"label": {self.language: name}}
        return made

    def offer(self, name: str, asks: list[str], **more: Any) -> str:
        slug = unused(new_slug({self.language: name}, "item", ()), self.services)
        item = {
            "label": {self.language: name},
            "served": "user",
            "channels": ["self_service"],
            "asks": list(dict.fromkeys(asks)),
            **more,
        }
        self.services[slug] = item
        return slug

    def practice(self, *more: Document) -> Practice:
        """Composed over the built-in practice; an error of any document fails the test with all of them."""
        head = {
            "version": "1", "label": {"en": "Foreign", "zh": "外来"}, "languages": [self.language], "zone": "Asia/Shanghai",
            "extends": ["deskweave:service-desk@1"],
        }  # fmt: skip
        label = {"label": {"en": "Foreign", "zh": "外来目录"}}
        catalog = {"categories": {"foreign": {**label, "services": {"foreign": {**label, "items": self.services}}}}}
        bodies = [
            ("Practice", "foreign", head),
            ("Catalog", "services", catalog),
            ("Fields", "inquiry", {"groups": {"form": label}, "fields": self.fields}),
        ]
        documents = [
            Document(kind=kind, id=name, body={"kind": kind, "id": name, **body}, source=kind) for kind, name, body in bodies
        ]
        return compose([*documents, *more])


# ---------------------------------------------------------------------------------------------------------------- WorkArena
def orders(shared: Path) -> list[dict[str, Any]]:
    files = sorted((shared / "data/workarena").glob("order_*.json.gz"))
    return [order for file in files for order in json.loads(gzip.decompress(file.read_bytes()))]


QUANTITY = "Quantity"
WIDGETS = {"textarea": {"type": "long_text"}, "checkbox": {"type": "boolean"}}


def from_orders(found: list[dict[str, Any]]) -> tuple[Said, dict[tuple[str, str], str]]:
    """Items with the questions of their orders; a choice is what was ever chosen."""
    said = Said("en")
    questions: dict[str, dict[str, tuple[str, dict[str, str]]]] = {}
    described: dict[str, str] = {}
    for order in found:
        asked = questions.setdefault(order["item"], {})
        described[order["item"]] = order["description"]
        for name, (widget, value) in order["configuration"].items():
            seen = asked.setdefault(name, (widget, {}))[1]
            if widget == "radio":
                seen[value] = value
    where: dict[tuple[str, str], str] = {}
    for item, asked in questions.items():
        quantity = said.ask(QUANTITY, {"type": "integer", "constraints": {"minimum": 1}})
        for name, (widget, seen) in asked.items():
            spec = (
                {"type": "choice", "choices": said.choices(dict(sorted(seen.items())))}
                if widget == "radio"
                else dict(WIDGETS[widget])
            )
            where[item, name] = said.ask(name, spec)
        asks = [where[item, name] for name in asked]
        said.offer(item, [*asks, quantity], description={"en": described[item]})
    return said, where


def test_every_order_of_a_catalog_can_be_said(shared: Path) -> None:
    found = orders(shared)
    said, where = from_orders(found)
    practice = said.practice()
    assert (len(found), len(said.services), len(said.fields)) == (3550, 9, 13)
    check = inquiry_check(practice)
    wrong = []
    for order in found:
        asks = next(item.asks for item in practice.catalog.values() if item.label.get("en") == order["item"])
        values: dict[FieldId, Any] = {FieldId("x_quantity"): order["quantity"]}
        for name, (widget, value) in order["configuration"].items():
            slug = FieldId(where[order["item"], name])
            choices = practice.fields[slug].choices
            values[slug] = next(key for key, one in choices.items() if one.label["en"] == value) if widget == "radio" else value
        assert set(values) <= set(asks)
        wrong += check(values)
    assert wrong == []
    assert +said.lost == lost(0)


# ------------------------------------------------------------------------------------------------------------------ BK-ITSM
def flows(shared: Path) -> Iterator[dict[str, Any]]:
    for file in sorted((shared / "data/bk-itsm").glob("*.json")):
        data = json.loads(file.read_text("utf-8"))
        yield from data["flows"] if isinstance(data, dict) else data


def listed(value: Any) -> list[dict[str, Any]]:
    return list(value.values()) if isinstance(value, dict) else list(value or ())


PLAIN = {"STRING": "text", "TEXT": "long_text", "RICHTEXT": "long_text", "INT": "integer", "DATE": "date", "DATETIME": "datetime"}
ELSEWHERE = {
    "CASCADE": "choices that depend on another answer",
    "FILE": "a file as an answer of its own",
    "CUSTOM-FORM": "a form within a form",
}


def bk_field(said: Said, spec: dict[str, Any], *, later: bool = False) -> str | None:
    """One field of a form, or of a step later on; None where nothing of it can be asked."""
    sort, lost = spec["type"], said.lost
    if spec["validate_type"] == "REQUIRE":
        lost["required before a step is left" if later else "required on this form only"] += 1
    if spec.get("default") not in ("", None, [], "[]"):
        lost["a value filled in beforehand"] += 1
    if (spec.get("show_conditions") or {}) != {}:
        lost["shown only after a certain answer"] += 1
    if spec.get("custom_regex"):
        lost["a pattern of its own"] += 1
    if sort in ("FILE", "CUSTOM-FORM"):
        lost[ELSEWHERE[sort]] += 1
        return None
    if sort == "CASCADE":
        lost[ELSEWHERE[sort]] += 1
        return said.ask(spec["name"], {"type": "text"})
    if sort == "MEMBERS":
        lost["several persons in one answer"] += 1
        return said.ask(spec["name"], {"type": "person"})
    if sort in ("RADIO", "SELECT"):
        if spec["source_type"] != "CUSTOM" or not spec["choice"]:
            lost["choices that another system answers"] += 1
            return said.ask(spec["name"], {"type": "text"})
        names = {str(one["key"]): str(one["name"]) for one in spec["choice"]}
        return said.ask(spec["name"], {"type": "choice", "choices": said.choices(names)})
    if sort == "RICHTEXT":
        lost["formatted text"] += 1
    return said.ask(spec["name"], {"type": PLAIN[sort]})


def bk_flow(flow: dict[str, Any], said: Said) -> Document:
    """The flow as a status model: its steps between the first status and the last of the built-in one."""
    states, transitions = listed(flow["states"]), listed(flow["transitions"])
    ends = {"START": "awaiting_acceptance", "END": "closed"}
    slugs = {one["id"]: ends.get(one["type"], f"step_{one['id']}") for one in states}
    statuses, moves = {}, {}
    for one in states:
        if one["type"] not in ends:
            statuses[slugs[one["id"]]] = {"label": {"zh": one["name"]}, "phase": "active"}
            said.lost["a step that is an approval"] += one["type"] == "APPROVAL"
            said.lost["a step for named persons or roles"] += one.get("processors_type") in (
                "PERSON",
                "GENERAL",
                "VARIABLE",
                "BY_ASSIGNOR",
            )
    for one in transitions:
        start, end = one.get("from_state", one.get("from_state_id")), one.get("to_state", one.get("to_state_id"))
        branches = [
            expression for part in (one.get("condition") or {}).get("expressions", ()) for expression in part["expressions"]
        ]
        said.lost["a way that depends on an answer"] += any(expression["key"] != "G_INT_1" for expression in branches)
        by = ["user"] if next(state for state in states if state["id"] == start).get("processors_type") == "STARTER" else ["agent"]
        label = {"zh": one["name"] or next(state["name"] for state in states if state["id"] == end)}
        moves[f"way_{one['id']}"] = {"label": label, "from": [slugs[start]], "to": slugs[end], "by": by}
    body = {"kind": "StatusModel", "id": "inquiry", "statuses": statuses, "transitions": moves}
    return Document(kind="StatusModel", id="inquiry", body=body, source=flow["name"])


def test_services_and_flows_of_another_product(shared: Path) -> None:
    every, said, catalogs = list(flows(shared)), Said("zh"), 0
    for flow in every:
        own = {one["id"]: one for one in listed(flow["fields"])}
        first = next(one for one in listed(flow["states"]) if one["name"] in ("提单", "变更提单"))
        asks = [slug for number in first["fields"] if number in own and (slug := bk_field(said, own[number])) is not None]
        for state in listed(flow["states"]):
            for number in (state.get("fields") or ()) if state is not first else ():
                if number in own:
                    bk_field(said, own[number], later=True)
        said.offer(flow["name"], asks, description={"zh": flow["desc"]} if flow["desc"] else {"zh": flow["name"]})
        model = bk_flow(flow, said)
        practice = said.practice(model)  # a practice has one status model: each flow is one of its own
        assert set(model.body["statuses"]) <= set(practice.statuses.statuses)  # type: ignore[arg-type]
        assert {slug for slug in practice.statuses.transitions if slug.startswith("way_")} == set(model.body["transitions"])  # type: ignore[arg-type]
        catalogs += 1
    said.lost["a status model for each service"] += catalogs - 1
    assert (catalogs, len(said.services), len(said.fields)) == (7, 7, 63)
    assert +said.lost == lost(1)


# ----------------------------------------------------------------------------------------------------------- catalog as code
def block(text: str, start: int) -> str:
    """What stands between a brace and its other one; braces in quotation marks do not count."""
    depth, quote = 0, ""
    for number in range(start, len(text)):
        sign = text[number]
        if quote:
            quote = "" if sign == quote and text[number - 1] != "\\" else quote
        elif sign in "'\"`":
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if not depth:
                return text[start : number + 1]
    raise AssertionError(text[start : start + 80])


FLUENT = {
    "SingleLineText": "text", "MultiLineText": "long_text", "Email": "email", "Date": "date", "DateTime": "datetime",
    "YesNo": "boolean", "Checkbox": "boolean", "RequestedFor": "person",
}  # fmt: skip
UNSAID = {
    "Attachment": "a file as an answer of its own",
    "ListCollector": "several records of another table",
    "Masked": "an answer that is hidden as it is typed",
    "ContainerStart": "layout of the form",
    "ContainerSplit": "layout of the form",
    "ContainerEnd": "layout of the form",
}
BESIDE = {
    r"\bCatalogUiPolicy\(": "shown only after a certain answer",
    r"\bCatalogClientScript\(": "a script in the form",
    r"\bFlow\(": "a flow that fulfils the order",
    r"\bpricingDetails:": "prices",
    r"\bavailableFor:|\broles:": "who is offered it, by the platform's own roles",
}


def fluent(shared: Path) -> Said:
    said = Said("en")
    texts = {file.name: file.read_text("utf-8") for file in sorted((shared / "data/fluent").glob("*.now.ts"))}
    sets: dict[str, list[str]] = {}
    for text in texts.values():
        for match in re.finditer(r"const (\w+) = VariableSet\((?=\{)", text):
            sets[match[1]] = variables(block(text, match.end()), said)
    for text in texts.values():
        for pattern, reason in BESIDE.items():
            said.lost[reason] += len(re.findall(pattern, text))
        for match in re.finditer(r"\b(?:CatalogItem|CatalogItemRecordProducer)\((?=\{)", text):
            body = block(text, match.end())
            used = [name for name in re.findall(r"variableSet: (\w+)", body) if name in sets]
            asks = [slug for name in used for slug in sets[name]] + variables(body, said)
            name, short = re.search(r"\bname: '([^']*)'", body), re.search(r"\bshortDescription: '([^']*)'", body)
            assert name is not None
            said.offer(name[1], asks, description={"en": short[1] if short else name[1]})
    return said


def variables(body: str, said: Said) -> list[str]:
    asks = []
    for match in re.finditer(r"\b\w+: (\w+)Variable\((?=\{)", body):
        sort, spec = match[1], block(body, match.end())
        if sort in UNSAID:
            said.lost[UNSAID[sort]] += 1
            continue
        question = re.search(r"question: '([^']*)'", spec)
        assert question is not None, spec
        said.lost["required on this form only"] += "mandatory: true" in spec
        said.lost["a value filled in beforehand"] += "defaultValue" in spec
        made: dict[str, Any] = {"type": FLUENT.get(sort, "choice")}
        if sort == "Reference":
            person = "referenceTable: 'sys_user'" in spec
            made = {"type": "person" if person else "text"}
            said.lost["a record of another table"] += not person
        elif made["type"] == "choice":
            start = re.search(r"choices: (?=\{)", spec)
            if start is None:  # a scale whose steps have no words
                made = {"type": "integer", "constraints": {"minimum": 1}}
                said.lost["a scale of steps without words"] += 1
            else:
                labels = re.findall(r"'?(\w+)'?: \{\s*label: '([^']*)'", block(spec, start.end()))
                made["choices"] = said.choices(dict(labels))
        pattern = re.search(r"validateRegex: '/\^(.*)\$/'", spec)
        if pattern is not None:
            made["constraints"] = {"pattern": f"^{pattern[1]}$".replace("\\\\", "\\")}
        asks.append(said.ask(question[1], made))
    return asks


def test_a_catalog_that_is_code(shared: Path) -> None:
    said = fluent(shared)
    practice = said.practice()
    assert len(said.services) == 6
    laptop = next(item for item in practice.catalog.values() if item.label.get("en") == "Laptop Request")
    assert {practice.fields[asked].type for asked in laptop.asks} >= {"choice", "date", "person", "boolean", "long_text"}
    assert +said.lost == lost(2)


# ----------------------------------------------------------------------------------------------------------------- the page
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.parent.name)
def test_the_page_names_every_reason_and_how_often(page: Path) -> None:
    table = re.findall(r"^\| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \|", page.read_text("utf-8"), re.MULTILINE)
    assert [tuple(map(int, counts)) for _, *counts in table] == list(CANNOT.values())
    if page == PAGES[0]:
        assert [reason for reason, *_ in table] == list(CANNOT)

"""Layers to one practice: order, removal, origin, digest, and everything that is refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.documents import Document, read
from deskweave.errors import DocumentError
from deskweave.findings import Place
from deskweave.practice import (
    Layer,
    Overlay,
    Pack,
    Practice,
    builtin,
    builtin_pack,
    compose,
    compose_layers,
    overlay_layers,
    resolve,
)

HEAD = "apiVersion: deskweave/v1\n"
ACME = """\
apiVersion: deskweave/v1
kind: Practice
id: acme
version: 2026.11.1
label: {en: ACME service desk, zh: 艾克米服务台}
languages: [zh, en]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
---
kind: Fields
id: inquiry
remove: [fields/user_scenario]
fields:
  cost_center: {label: {en: Cost centre, zh: 成本中心}, type: text, pattern: "^CC-[0-9]{4}$", entry: typed, writers: [agent]}
  problem_category: {choices: {network: {label: {en: Network, zh: 网络}, was: [net]}}}
---
kind: Clock
id: first_response
goal: PT10M
"""


def files(*texts: str) -> list[Document]:
    return [document for number, text in enumerate(texts) for document in read(text, f"practice/{number}.yaml")]


def composed(*texts: str, **more: Any) -> Practice:
    return compose(files(ACME, *(HEAD + text for text in texts)), **more)


def refused(*texts: str, **more: Any) -> list[tuple[str, str]]:
    with pytest.raises(DocumentError) as caught:
        composed(*texts, **more)
    for finding in caught.value.findings:
        (finding.message + finding.remedy).encode("gbk")
    return [(finding.rule, finding.message) for finding in caught.value.findings]


def test_a_client_states_only_what_differs() -> None:
    practice, base = composed(), builtin()
    assert (practice.id, practice.version, practice.label["zh"], practice.languages) == (
        "acme",
        "2026.11.1",
        "艾克米服务台",
        ("zh", "en"),
    )
    assert set(practice.fields) == set(base.fields) - {"user_scenario"} | {"cost_center"}
    assert practice.fields["cost_center"].pattern == "^CC-[0-9]{4}$"
    assert practice.fields["cost_center"].group == "client"
    assert set(practice.fields["problem_category"].choices) == set(base.fields["problem_category"].choices) | {"network"}
    assert practice.fields["problem_category"].choices["network"].was == ("net",)
    assert (base.clocks["first_response"].goal.total_seconds(), practice.clocks["first_response"].goal.total_seconds()) == (
        300,
        600,
    )
    assert practice.clocks["first_response"].label == base.clocks["first_response"].label


def test_scalars_and_lists_replace_maps_merge() -> None:
    practice = composed("kind: StatusModel\nid: inquiry\ntransitions: {accept: {by: [manager], label: {fr: Accepter}}}\n")
    accept = practice.statuses.transitions["accept"]
    assert accept.by == ("manager",)
    assert accept.label == {"en": "Accept", "zh": "受理", "fr": "Accepter"}
    assert accept.target == "in_progress"


def test_removal_goes_before_the_layers_own_keys() -> None:
    practice = composed(
        "kind: Feedback\nid: satisfaction\nremove: [scale/satisfied, /scale/neutral]\nscale: {satisfied: {code: 9, label: {en: Good, zh: 好}}}\n"
    )
    assert [(rating.slug, rating.code) for rating in practice.feedback.values()] == [("dissatisfied", 3), ("satisfied", 9)]


def test_whole_documents_are_removed_through_the_practice() -> None:
    text = ACME.replace("extends:", "remove: [Metric/mean_time_to_resolve, Metric/resolution_rate/target/goal]\nextends:")
    practice = compose(files(text))
    assert "mean_time_to_resolve" not in practice.metrics
    assert practice.metrics["resolution_rate"].target.goal is None
    assert ("Metric", "mean_time_to_resolve") not in practice.documents


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("kind: Fields\nid: more\nfields: {}\nremove: [fields/nothing]\n", "Fields/inquiry"),
        ("kind: Feedback\nid: satisfaction\nremove: [scale/satisfed]\n", "satisfied"),
        ("kind: Feedback\nid: satisfaction\nremove: [scale/satisfied/label/en/x]\n", None),
        ("kind: Feedback\nid: satisfaction\nremove: [kind]\n", None),
    ],
)
def test_removing_what_is_not_there_is_an_error(text: str, nearest: str | None) -> None:
    with pytest.raises(DocumentError) as caught:
        composed(text)
    found = [finding for finding in caught.value.findings if finding.rule == "remove-nothing"]
    assert [finding.nearest for finding in found] == [nearest]
    assert found[0].place.path == "/remove/0"


def test_two_files_of_one_layer_may_not_set_the_same_value() -> None:
    found = refused("kind: Clock\nid: waiting\ngoal: PT1H\n", "kind: Clock\nid: waiting\ngoal: PT1H\n")
    assert found == [("set-twice", "set here and at practice/1.yaml:4:1; files of one layer may not set the same value")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("kind: Fields\nid: x\nfields: {a: {label: {en: A}, type: text}}\n", "kind: Fields\nid: x\nfields: {a: {type: number}}\n"),
        (
            "kind: Routing\nid: routing\nroles: {a: {label: {en: A}}}\n",
            "kind: Routing\nid: routing\nroles: {a: {label: {en: B}}}\n",
        ),
    ],
)
def test_the_same_value_deeper(first: str, second: str) -> None:
    assert [rule for rule, _ in refused(first, second)] == ["set-twice"]


def test_two_files_of_one_layer_may_share_a_document() -> None:
    practice = composed(
        "kind: Routing\nid: routing\nsatisfies: [M2]\nroles: {lead: {label: {en: Lead, zh: 组长}}}\n",
        "kind: Routing\nid: routing\nsatisfies: [M1, J1]\nroles: {coach: {label: {en: Coach, zh: 教练}}}\n",
    )
    assert {"agent", "lead", "coach"} <= set(practice.roles)
    assert practice.documents["Routing", "routing"]["satisfies"] == [
        *builtin().documents["Routing", "routing"]["satisfies"],
        "M1",
        "M2",
    ]


def test_the_environment_has_the_last_word() -> None:
    practice = compose(
        files(ACME), environment=read(HEAD + "kind: Clock\nid: first_response\ngoal: PT15M\n", "practice/env/prod.yaml")
    )
    assert practice.clocks["first_response"].goal.total_seconds() == 900
    assert practice.origin("Clock/first_response/goal").source == "practice/env/prod.yaml"


# ------------------------------------------------------------------------------------------------------------- plugins
def overlay(origin: str, **fields: object) -> Overlay:
    return Overlay([{"apiVersion": "deskweave/v1", "kind": "Fields", "id": "inquiry", "fields": fields}], origin)


FLOOR = {"label": {"en": "Floor", "zh": "楼层"}, "type": "text"}


def test_plugins_stand_between_packs_and_files() -> None:
    plugins = [
        overlay("zeta", title={"max_length": 200}),
        overlay("alpha", title={"max_length": 100}, floor=FLOOR),
        overlay("alpha", city={"max_length": 9}),
    ]
    practice = composed(overlays=plugins)
    assert practice.fields["title"].max_length == 200  # by name: zeta after alpha
    assert practice.origin("Fields/inquiry/fields/title/max_length") == Place(
        "plugin:zeta", "/Fields/inquiry/fields/title/max_length"
    )
    assert practice.origin("Fields/inquiry/fields/floor").source == "plugin:alpha"
    own = composed("kind: Fields\nid: inquiry\nfields: {title: {max_length: 50}}\n", overlays=plugins)
    assert own.fields["title"].max_length == 50


def test_plugins_are_shown_the_practice_of_the_packs_alone() -> None:
    seen: list[Practice] = []

    def answer(practice: Practice) -> list[Overlay]:
        seen.append(practice)
        return [overlay("alpha", floor=FLOOR)]

    assert "floor" in composed(overlays=answer).fields
    assert [practice.id for practice in seen] == ["service_desk"]
    assert "cost_center" not in seen[0].fields


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ({"kind": "Fields"}, "document-id"),
        ({"kind": "Binding", "id": "x"}, "unknown-kind"),
        ({"kind": "Fields", "id": "x", "apiVersion": "deskweave/v7"}, "api-version"),
        ({"kind": "Fields", "id": "inquiry", "fields": {"title": {"typ": "text"}}}, "unknown-key"),
        ({"kind": "Fields", "id": "inquiry", "fields": {"title": {"writers": ["agnt"]}}}, "unknown-role"),
    ],
)
def test_a_plugins_mistake_names_the_plugin(document: dict, rule: str) -> None:
    with pytest.raises(DocumentError) as caught:
        composed(overlays=[Overlay([document], "acme_ext")])
    assert [(finding.rule, finding.place.source) for finding in caught.value.findings] == [(rule, "plugin:acme_ext")]


# --------------------------------------------------------------------------------------------------------------- packs
def pack(tmp_path: Path, name: str, version: str, text: str) -> Pack:
    folder = tmp_path / f"{name}-{version}".replace(":", "-")
    folder.mkdir()
    (folder / "practice.yaml").write_text(HEAD + text, encoding="utf-8")
    return Pack(name, version, folder)


def extending(*packs: str) -> str:
    return f"kind: Practice\nid: p\nextends: [{', '.join(packs)}]\n"


def test_packs_left_to_right_each_with_its_own(tmp_path: Path) -> None:
    packs = [
        pack(
            tmp_path,
            "x:base",
            "1.4.0",
            extending("deskweave:service-desk@1") + "---\nkind: Clock\nid: first_response\ngoal: PT7M\n",
        ),
        pack(tmp_path, "x:left", "2.0.0", extending("x:base@1")),
        pack(tmp_path, "x:right", "1.0.0", extending("x:base@1") + "---\nkind: Clock\nid: first_response\ngoal: PT8M\n"),
    ]
    text = ACME.replace("[deskweave:service-desk@1]", "[x:right@1, x:left@2]").replace(
        "\n---\nkind: Clock\nid: first_response\ngoal: PT10M\n", "\n"
    )
    layers = resolve(files(text), packs)
    assert [layer.name for layer in layers] == ["pack:deskweave:service-desk@1", "pack:x:base@1", "pack:x:right@1", "pack:x:left@2"]
    practice = compose(files(text), packs=packs)
    assert practice.clocks["first_response"].goal.total_seconds() == 480
    assert practice.origin("Clock/first_response/goal").source == "x:right/practice.yaml"
    assert practice.id == "acme"


def test_the_highest_version_of_the_pinned_major_is_taken(tmp_path: Path) -> None:
    packs = [
        pack(tmp_path, "x:a", version, extending("deskweave:service-desk@1") + f"---\nkind: Clock\nid: waiting\ngoal: PT{n}M\n")
        for n, version in enumerate(("1.9.0", "1.10.0", "2.0.0"), 1)
    ]
    practice = compose(files(ACME.replace("deskweave:service-desk@1", "x:a@1")), packs=packs)
    assert practice.clocks["waiting"].goal.total_seconds() == 120


def test_packs_that_are_not_there_or_go_in_circles(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        compose(files(ACME.replace("service-desk@1", "servicedesk@1")))
    (finding,) = caught.value.findings
    assert (finding.rule, finding.nearest, finding.place.line) == ("unknown-pack", "deskweave:service-desk@1", 8)
    circle = [pack(tmp_path, "x:a", "1.0", extending("x:b@1")), pack(tmp_path, "x:b", "1.0", extending("x:a@1"))]
    with pytest.raises(DocumentError) as caught:
        compose(files(ACME.replace("deskweave:service-desk@1", "x:a@1")), packs=circle)
    assert [finding.rule for finding in caught.value.findings] == ["extends-circle"]


# -------------------------------------------------------------------------------------------------------------- origin
def test_origin_is_a_place_in_a_file() -> None:
    practice = composed()
    assert practice.origin("Clock/first_response/goal") == Place("practice/0.yaml", "/goal", 19, 7)
    assert practice.origin("Clock/first_response/calendar").source == "deskweave:service-desk/clocks.yaml"
    assert practice.origin("Fields/inquiry/fields/cost_center/label/zh").line == 14
    assert practice.origin(("Fields", "inquiry", "fields", "problem_category", "choices", "network"), key=True).column == 32
    assert practice.origin("Practice/acme/version").source == "practice/0.yaml"
    # a mapping belongs to who first made it; what is not there answers its parent
    assert practice.origin("Fields/inquiry/fields").source == "deskweave:service-desk/fields.yaml"
    assert practice.origin("Clock/waiting/goal").path == "/goal"
    with pytest.raises(KeyError, match="Clock/nothing"):
        practice.origin("Clock/nothing/goal")


# -------------------------------------------------------------------------------------------------------------- digest
def test_digest_knows_content_only() -> None:
    once = composed().digest
    assert len(once) == 64
    assert compose(files(ACME.replace("    ", "  ").replace("kind: Clock", "# a comment\nkind: Clock"))).digest == once
    swapped = ACME.replace(
        "version: 2026.11.1\nlabel: {en: ACME service desk, zh: 艾克米服务台}",
        "label: {zh: 艾克米服务台, en: ACME service desk}\nversion: 2026.11.1",
    )
    assert swapped != ACME
    assert compose(files(swapped)).digest == once
    assert compose(files(ACME.replace("PT10M", "PT11M"))).digest != once
    # a value a file repeats from below is the same content
    assert composed("kind: Clock\nid: waiting\ncalendar: cn_5x8\n").digest == once


def test_compose_changes_none_of_its_inputs() -> None:
    documents = files(ACME)
    before = copy.deepcopy([document.body for document in documents])
    base = copy.deepcopy(dict(builtin().documents))
    compose(documents)
    assert [document.body for document in documents] == before
    assert dict(builtin().documents) == base


SLUGS = st.sampled_from([f"f{n}" for n in range(12)])
KEYS = st.fixed_dictionaries(
    {}, optional={"max_length": st.integers(1, 99), "pattern": st.sampled_from(["a", "b"]), "group": st.just("intake")}
)


@settings(max_examples=12)
@given(st.dictionaries(SLUGS, KEYS, max_size=8), st.randoms(use_true_random=False))
def test_disjoint_overlays_compose_in_any_order(fields: dict[str, dict], random: Any) -> None:
    """Each leaf in a document of its own, dealt out to plugins and shuffled: always the same practice."""
    leaves = [{slug: {key: value}} for slug, keys in fields.items() for key, value in keys.items()]
    leaves += [{slug: {"label": {"en": slug, "zh": slug}, "type": "text"}} for slug in fields]
    overlays = [overlay(f"p{number % 4}", **leaf) for number, leaf in enumerate(leaves)]
    base = compose_layers([*resolve(files(ACME)), *overlay_layers(overlays), Layer(name="files", documents=tuple(files(ACME)))])
    random.shuffle(overlays)
    renamed = [Overlay(one.documents, f"q{random.randrange(4)}") for one in overlays]
    again = compose(files(ACME), overlays=renamed)
    assert again.digest == base.digest
    assert again == base


@settings(max_examples=12)
@given(st.permutations(["goal: PT1H", "cycles: first_close", "label: {fr: Attente}", "description: {fr: x}"]))
def test_files_of_one_layer_compose_in_any_order(lines: list[str]) -> None:
    practice = composed(*(f"kind: Clock\nid: waiting\n{line}\n" for line in lines))
    first = composed(*(f"kind: Clock\nid: waiting\n{line}\n" for line in sorted(lines)))
    assert practice.digest == first.digest


# -------------------------------------------------------------------------------------------------------------- errors
def test_everything_wrong_at_once() -> None:
    found = refused(
        "kind: Clock\nid: waiting\ncalender: x\n",
        "kind: Clock\nid: new_one\nstart: {submitted: true}\nstop: {enter: don}\ncalendar: cn_5x9\n",
        "kind: Metric\nid: m\nlabel: {en: M}\nperiod: {by: submitted_at, every: month}\n",
        "kind: Binding\nid: snow\n",
    )
    assert [rule for rule, _ in found] == [
        "unknown-key",
        "missing-key",
        "unknown-status",
        "unknown-calendar",
        "missing-key",
        "kind-out-of-place",
    ]
    assert ("missing-key", "the key 'label' is missing") in found
    assert ("missing-key", "the key 'value' is missing") in found


def test_a_practice_needs_its_head_and_statuses() -> None:
    with pytest.raises(DocumentError) as caught:
        compose(read(HEAD + "kind: Feedback\nid: f\nscale: {a: {code: 1, label: {en: A}}}\n"))
    assert [(finding.rule, finding.found) for finding in caught.value.findings] == [
        ("missing-document", "Practice"),
        ("missing-document", "StatusModel"),
    ]


def test_the_builtin_pack_is_version_1() -> None:
    assert builtin_pack().name == "deskweave:service-desk"
    assert builtin_pack().version.split(".")[0] == "1"
    assert builtin().version == builtin_pack().version

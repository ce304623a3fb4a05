"""Layers from folders and from installed packages, renames from layer to layer, and who said what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.cli.width import width
from deskweave.documents import Document, read, read_all
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.model import FieldId
from deskweave.practice import Layer, Pack, Practice, builtin, compose, compose_layers, practice_files, resolve

HEAD = "apiVersion: deskweave/v1\n"
PACK = "deskweave:service-desk@1"


def head(name: str, *extends: str) -> str:
    return (
        f"{HEAD}kind: Practice\nid: {name}\nversion: 2026.1.0\nlabel: {{en: {name}, zh: {name}}}\nlanguages: [zh, en]\n"
        f"zone: Asia/Shanghai\nextends: [{', '.join(extends)}]\n"
    )


def put(folder: Path, **files: str) -> Path:
    """Files of a practice under `folder/practice/`."""
    for name, text in files.items():
        path = folder / "practice" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def own(root: Path) -> list[Document]:
    return read_all(practice_files(root / "practice"), root=root)


def composed(root: Path, packs: list[Pack] | None = None) -> Practice:
    documents = own(root)
    return compose(documents, below=resolve(documents, packs or [], root=root))


def refusal(root: Path) -> list[Finding]:
    with pytest.raises(DocumentError) as caught:
        composed(root)
    for one in caught.value.findings:
        (one.message + one.remedy).encode("gbk")
    return list(caught.value.findings)


def refused(root: Path) -> list[tuple[str, str, int | None]]:
    return [(one.rule, one.place.source, one.place.line) for one in refusal(root)]


def goal(practice: Practice) -> float:
    span = practice.clocks["first_response"].goal
    assert span is not None
    return span.total_seconds() / 60


def clock(minutes: int) -> str:
    return f"{HEAD}kind: Clock\nid: first_response\ngoal: PT{minutes}M\n"


# -------------------------------------------------------------------------------------------------------------- folders
def test_built_in_below_industry_below_client_below_environment(tmp_path: Path) -> None:
    put(
        tmp_path / "industry",
        practice=head("industry", PACK),
        clocks=clock(7),
        more=f"{HEAD}kind: Clock\nid: waiting\ngoal: PT1H\n",
    )
    root = put(tmp_path / "acme", practice=head("acme", "../industry"), clocks=clock(8))
    documents = own(root)
    below = resolve(documents, root=root)
    assert [layer.title for layer in below] == ["deskweave:service-desk 1.0.0", "../industry 2026.1.0"]
    environment = [
        Document(kind="Clock", id="first_response", body={"kind": "Clock", "id": "first_response", "goal": "PT9M"}, source="env")
    ]
    assert goal(compose(documents, below=below[:1])) == 8
    assert goal(compose(own(tmp_path / "industry"), below=below[:1])) == 7
    practice = compose(documents, below=below, environment=environment)
    assert (goal(practice), practice.id) == (9, "acme")
    said = practice.source("Clock/waiting/goal")
    assert (said.layer.title, said.place.source, said.place.line) == ("../industry 2026.1.0", "../industry/practice/more.yaml", 4)
    assert practice.source("Clock/waiting/calendar").layer.title == "deskweave:service-desk 1.0.0"
    assert practice.source("Practice/acme/version").layer.title == "files"


def test_a_layer_inside_the_folder_and_one_of_loose_files(tmp_path: Path) -> None:
    root = put(tmp_path / "acme", practice=head("acme", PACK, "./layers/industry"))
    (root / "layers" / "industry").mkdir(parents=True)
    (root / "layers" / "industry" / "clocks.yaml").write_text(clock(6), encoding="utf-8")
    (root / "layers" / "industry" / "deskweave.yaml").write_text("not: read\n", encoding="utf-8")
    practice = composed(root)
    assert goal(practice) == 6
    assert practice.origin("Clock/first_response/goal").source == "./layers/industry/clocks.yaml"


def test_a_folder_reached_twice_stands_once_where_it_was_reached_first(tmp_path: Path) -> None:
    put(tmp_path / "base", practice=head("base", PACK), clocks=clock(6))
    put(tmp_path / "left", practice=head("left", "../base"), clocks=clock(7))
    put(tmp_path / "right", practice=head("right", "../base/../base", "../left"))
    root = put(tmp_path / "acme", practice=head("acme", "../right", "../left", "../base"))
    layers = resolve(own(root), root=root)
    assert [layer.address for layer in layers] == [PACK, "../base", "../left", "../right"]
    assert goal(composed(root)) == 7


def test_a_linked_folder_is_the_one_it_leads_to(tmp_path: Path) -> None:
    """Two names of one folder are one layer, so linking a base into a client's folder is no second copy of it."""
    put(tmp_path / "base", practice=head("base", PACK), clocks=clock(6))
    root = put(tmp_path / "acme", practice=head("acme", "../base", "./linked"))
    (root / "linked").symlink_to(tmp_path / "base")
    assert [layer.address for layer in resolve(own(root), root=root)] == [PACK, "../base"]


@pytest.mark.parametrize(
    ("extends", "rule"),
    [
        ("../nothing", "folder-missing"),  # there is no such folder
        ("../empty", "folder-missing"),  # it holds no YAML file
        ("../acme", "extends-circle"),  # the folder itself, by another name
        ("./", "extends-circle"),
        ("./practice", "extends-itself"),  # its own files once more
        ("./practice/layers", "extends-itself"),  # read as the client's own already
        ("../circle", "extends-circle"),  # which extends ../acme
        ("./out", "layer-link"),  # a file of it stands elsewhere
        ("../deep", "layer-link"),  # a linked folder would not be followed
        ("~/base", "unknown-pack"),  # no shell here
    ],
)
def test_folders_that_are_no_layer(tmp_path: Path, extends: str, rule: str) -> None:
    root = put(tmp_path / "acme", practice=head("acme", PACK, extends))
    (root / "practice" / "layers").mkdir()
    (root / "practice" / "layers" / "clocks.yaml").write_text(clock(6), encoding="utf-8")
    (tmp_path / "empty").mkdir()
    put(tmp_path / "circle", practice=head("circle", "../acme"))
    put(tmp_path / "secret", clocks=clock(6))
    (root / "out").mkdir()
    (root / "out" / "clocks.yaml").symlink_to(tmp_path / "secret" / "practice" / "clocks.yaml")
    put(tmp_path / "deep", practice=head("deep", PACK))
    (tmp_path / "deep" / "practice" / "more").symlink_to(tmp_path / "secret")
    ((found, source, line),) = refused(root)
    where = "../circle/practice/practice.yaml" if extends == "../circle" else "practice/practice.yaml"
    assert (found, source, line) == (rule, where, 8)


def test_mistakes_in_a_layer_name_its_file(tmp_path: Path) -> None:
    put(
        tmp_path / "base",
        practice=head("base", PACK),
        bad=f"{HEAD}kind: Clock\nid: waiting\ngoall: PT1H\n",
        worse="kind: Clok\nid: x\n",
    )
    root = put(tmp_path / "acme", practice=head("acme", "../base"))
    assert {(rule, source) for rule, source, _ in refused(root)} == {
        ("api-version", "../base/practice/worse.yaml"),
        ("unknown-kind", "../base/practice/worse.yaml"),
    }
    (tmp_path / "base" / "practice" / "worse.yaml").unlink()
    assert refused(root) == [("unknown-key", "../base/practice/bad.yaml", 4)]


def test_a_pack_extends_no_folder(tmp_path: Path) -> None:
    """Nobody knows where a pack is installed, so a path in it means nothing."""
    folder = put(tmp_path / "pack", practice=head("pack", "../base"))
    root = put(tmp_path / "acme", practice=head("acme", "x:a@1"))
    with pytest.raises(DocumentError) as caught:
        composed(root, [Pack("x:a", "1.0.0", folder / "practice")])
    assert [one.rule for one in caught.value.findings] == ["extends-folder"]


def test_an_environment_extends_nothing(tmp_path: Path) -> None:
    root = put(tmp_path / "acme", practice=head("acme", PACK))
    documents = own(root)
    with pytest.raises(DocumentError) as caught:
        compose(documents, environment=documents)
    assert [one.rule for one in caught.value.findings] == ["extends-misplaced"]


# ------------------------------------------------------------------------------------------------------- installed packages
def test_a_pack_of_an_installed_package(tmp_path: Path) -> None:
    """A package as pip leaves it on sys.path, entry point and all; the command line in a process of its own finds it."""
    site = tmp_path / "site"
    package = site / "acme_method"
    (package / "pack").mkdir(parents=True)
    (package / "__init__.py").write_text(
        textwrap.dedent("""\
            from importlib.resources import files
            from deskweave.hookspecs import hookimpl

            @hookimpl
            def deskweave_practice_packs():
                from deskweave.practice import Pack
                return [Pack("acme-method:retail", "3.2.1", files(__name__) / "pack")]
        """),
        encoding="utf-8",
    )
    (package / "pack" / "practice.yaml").write_text(head("retail", PACK), encoding="utf-8")
    (package / "pack" / "clocks.yaml").write_text(clock(6), encoding="utf-8")
    info = site / "acme_method-3.2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-method\nVersion: 3.2.1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[deskweave.plugins]\nacme-method = acme_method\n", encoding="utf-8")
    root = put(tmp_path / "acme", practice=head("acme", "acme-method:retail@3"))
    (root / "deskweave.yaml").write_text(
        f"{HEAD}kind: Workspace\nid: acme\nlanguage: en\nzone: Asia/Shanghai\npractice: practice/\n"
    )

    def deskweave(*words: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}
        return subprocess.run(
            [sys.executable, "-m", "deskweave", *words], cwd=root, env=environ, capture_output=True, text=True, timeout=60
        )

    shown = deskweave("practice", "show", "Clock/first_response", "--origin").stdout
    assert "acme-method:retail 3.2.1" in shown
    (line,) = [line.split() for line in shown.splitlines() if line.startswith("goal ")]
    assert line == ["goal", "PT6M", "2", "clocks.yaml:4"]
    assert all(width(line) <= 80 for line in shown.splitlines())
    items = json.loads(deskweave("practice", "show", "Clock/first_response/goal", "--origin", "--json").stdout)["items"]
    assert items == [
        {
            "path": "Clock/first_response/goal",
            "value": "PT6M",
            "file": "acme-method:retail/clocks.yaml",
            "line": 4,
            "column": 7,
            "layer": "acme-method:retail 3.2.1",
        }
    ]
    long = deskweave("practice", "show", "Fields/inquiry", "--origin", "--lang", "zh").stdout
    assert all(width(line) <= 80 for line in long.splitlines())
    assert deskweave("practice", "upgrade", "--yes").returncode == 0
    (package / "pack" / "clocks.yaml").write_text(clock(11), encoding="utf-8")  # pip install -U
    changed = deskweave("practice", "show")
    assert (changed.returncode, "acme-method:retail@3" in changed.stderr) == (2, True)
    told = deskweave("practice", "upgrade", "--yes").stdout
    assert "11 minutes instead of 6 minutes" in " ".join(told.split())
    assert deskweave("practice", "show").returncode == 0


# -------------------------------------------------------------------------------------------------------------- renames
def renaming(tmp_path: Path, base: str, client: str) -> Path:
    put(tmp_path / "base", practice=head("base", PACK), more=HEAD + base)
    return put(tmp_path / "acme", practice=head("acme", "../base"), more=HEAD + client)


CATEGORY = "kind: Fields\nid: inquiry\nfields:\n  problem_category:\n    choices:\n"
NET = (
    CATEGORY
    + "      net: {label: {en: Net, zh: 网}, description: {en: Wires, zh: 线}}\n      later: {label: {en: Later, zh: 后}}\n"
)


def choices(practice: Practice) -> Any:
    return practice.fields["problem_category"].choices


def test_a_rename_carries_the_term_over(tmp_path: Path) -> None:
    root = renaming(tmp_path, NET, CATEGORY + "      network: {label: {en: Network}, was: [net]}\n")
    practice = composed(root)
    found = choices(practice)
    assert "net" not in found
    # its keys stand below those of the renaming layer, and it keeps its place among its neighbours
    assert (found["network"].label["en"], found["network"].label["zh"], found["network"].was) == ("Network", "网", ("net",))
    assert list(found)[-2:] == ["network", "later"]
    path = "Fields/inquiry/fields/problem_category/choices/network"
    assert (practice.origin(f"{path}/label/zh").source, practice.origin(f"{path}/label/zh").line) == (
        "../base/practice/more.yaml",
        7,
    )
    assert (practice.origin(f"{path}/label/en").source, practice.origin(f"{path}/was").line) == ("practice/more.yaml", 7)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        # two terms change places
        ("{problem_category: {choices: {net: {was: [later]}, later: {was: [net]}}}}", {"problem_category": ("later", "net")}),
        # a chain
        (
            "{problem_category: {choices: {later: {was: [net]}, much_later: {was: [later]}}}}",
            {"problem_category": ("later", "much_later")},
        ),
        # history only: there is no such term below
        ("{problem_category: {choices: {net: {was: [wires]}}}}", {"problem_category": ("net", "later")}),
        # removing goes first: the term begins afresh
        (
            "{problem_category: {choices: {network: {label: {en: Network}, was: [net]}}}}\n"
            "remove: [fields/problem_category/choices/net]",
            {"problem_category": ("later", "network")},
        ),
    ],
)
def test_ways_to_rename(tmp_path: Path, client: str, expected: dict[str, tuple[str, str]]) -> None:
    root = renaming(tmp_path, NET, f"kind: Fields\nid: inquiry\nfields: {client}\n")
    fields = composed(root).fields
    assert {name: tuple(list(fields[name].choices)[-2:]) for name in expected} == expected


def test_outer_and_inner_term_at_once(tmp_path: Path) -> None:
    """The inner term is looked for under the outer one's new slug; what the pack says of the field follows it."""
    client = "kind: Fields\nid: inquiry\nfields: {category: {was: [problem_category], choices: {network: {was: [net]}}}}\n"
    root = renaming(tmp_path, NET, client)
    practice = composed(root)
    assert "network" in practice.fields[FieldId("category")].choices
    assert FieldId("problem_category") not in practice.fields
    assert practice.processes["improvement"].candidates["frequent"].by[-1] == "category"


def test_the_totals_and_roles_of_a_pack_follow_a_rename(tmp_path: Path) -> None:
    base = """kind: Metric
id: by_category
label: {en: By category, zh: 按分类}
period: {by: submitted_at, every: month}
by: [problem_category, channel]
totals: [[channel], [problem_category], []]
value: {count: {}}
thresholds: [{when: {gt: 9}, level: warning, notify: watcher}]
---
kind: Routing
id: routing
roles: {watcher: {label: {en: Watcher, zh: 值守}}}
"""
    client = (
        "kind: Fields\nid: inquiry\nfields: {category: {was: [problem_category]}}\n"
        "---\nkind: Routing\nid: routing\nroles: {guard: {was: [watcher]}}\n"
    )
    metric = composed(renaming(tmp_path, base, client)).metrics["by_category"]
    assert (metric.by, metric.totals) == (("category", "channel"), (("channel",), ("category",), ()))
    assert metric.thresholds[0].notify == "guard"


@pytest.mark.parametrize(
    "client",
    [
        # the new slug is taken below
        CATEGORY + "      later: {was: [net]}\n",
        # the same layer states the old one anew
        CATEGORY + "      network: {was: [net]}\n      net: {label: {en: Again}}\n",
        # two become one: which of them is meant has to be said by removing the other
        CATEGORY + "      network: {label: {en: N}, was: [net, later]}\n",
    ],
)
def test_renamed_and_kept(tmp_path: Path, client: str) -> None:
    assert {rule for rule, _, _ in refused(renaming(tmp_path, NET, client))} == {"renamed-and-kept"}


def test_one_term_cannot_become_two(tmp_path: Path) -> None:
    client = CATEGORY + "      network: {was: [net]}\n      wires: {label: {en: W}, was: [net]}\n"
    assert [rule for rule, _, _ in refused(renaming(tmp_path, NET, client))] == ["renamed-twice"]


def test_what_the_layers_below_say_of_a_term_follows_its_new_slug(tmp_path: Path) -> None:
    """Whoever builds on a pack cannot edit it: values, keys of conditions, and placeholders of its texts."""
    client = """kind: StatusModel
id: inquiry
statuses: {working: {was: [in_progress]}}
---
kind: Fields
id: inquiry
fields: {subject: {was: [title]}, stream: {choices: {fault: {was: [incident]}}}}
---
kind: Routing
id: routing
roles: {engineer: {was: [agent]}}
"""
    before = builtin()
    practice = composed(renaming(tmp_path, NET, client))
    assert practice.statuses.transitions["accept"].target == "working"
    assert practice.clocks["first_response"].stop.status == "working"  # type: ignore[union-attr]
    assert "engineer" in practice.statuses.transitions["accept"].by
    assert all(item.stream != "incident" for item in practice.catalog.values())
    assert "{subject}" in practice.templates["assigned_handler"].subject["en"]
    assert "{title" not in str(practice.documents)
    assert "incident" not in practice.processes["inquiry_handling"].hands_over
    assert practice.origin("StatusModel/inquiry/transitions/accept/to").source == "deskweave:service-desk/statuses.yaml"
    assert builtin() == before  # the pack itself is as it was
    assert "agent" in before.roles


def test_ones_own_reference_to_the_old_slug_is_told_the_new_one_and_who_gave_it(tmp_path: Path) -> None:
    client = """kind: StatusModel
id: inquiry
statuses: {working: {was: [in_progress]}}
transitions: {look: {from: [in_progress], to: closed, by: [agent]}}
"""
    (found,) = [one for one in refusal(renaming(tmp_path, NET, client)) if one.rule == "unknown-status"]
    assert found.nearest == "working"
    assert found.message.endswith("it was renamed to 'working' by practice/more.yaml:4")
    assert found.place.source == "practice/more.yaml"
    assert found.values["part"] == "transitions/look"


def test_removing_what_only_ones_own_file_sets_is_an_error(tmp_path: Path) -> None:
    client = CATEGORY + "      own: {label: {en: Own, zh: 自}}\nremove: [fields/problem_category/choices/own]\n"
    assert [rule for rule, _, _ in refused(renaming(tmp_path, NET, client))] == ["remove-nothing"]


def test_a_near_key_at_the_top_is_offered(tmp_path: Path) -> None:
    root = renaming(tmp_path, NET, "kinds: Fields\nid: inquiry\n---\nkind: Clock\nid: waiting\nremoves: [goal]\n")
    with pytest.raises(DocumentError) as caught:
        composed(root)
    assert [(one.rule, one.found, one.nearest) for one in caught.value.findings] == [("unknown-kind", "kinds", "kind")]
    more = root / "practice" / "more.yaml"
    more.write_text(more.read_text(encoding="utf-8").replace("kinds:", "kind:"), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        composed(root)
    assert [(one.rule, one.found, one.nearest) for one in caught.value.findings] == [("unknown-key", "removes", "remove")]


# ---------------------------------------------------------------------------------------------------------------- order
SLOTS = [(field, choice) for field in range(3) for choice in range(4)]
SHARED = "kind: Fields\nid: inquiry\nfields:\n" + "".join(
    f"  x{field}:\n    label: {{en: X{field}, zh: 字段{field}}}\n    type: choice\n    choices:\n      stays: {{label: {{en: Stays, zh: 留}}}}\n"
    + "".join(f"      c{choice}: {{label: {{en: C{choice}, zh: 选项{choice}}}}}\n" for choice in range(4))
    for field in range(3)
)
DEEDS = {
    "remove": "remove: [fields/x{0}/choices/c{1}]",
    "rename": "fields: {{x{0}: {{choices: {{r{1}: {{was: [c{1}]}}}}}}}}",
    "rename and change": "fields: {{x{0}: {{choices: {{r{1}: {{was: [c{1}], label: {{en: Renamed}}}}}}}}}}",
    "change": "fields: {{x{0}: {{choices: {{c{1}: {{label: {{en: Changed}}}}}}}}}}",
    "replace": "remove: [fields/x{0}/choices/c{1}]\nfields: {{x{0}: {{choices: {{c{1}: {{label: {{en: Anew, zh: 新}}}}}}}}}}",
    "add": "fields: {{x{0}: {{choices: {{n{1}: {{label: {{en: Added, zh: 增}}}}}}}}}}",
}


@settings(max_examples=10)
@given(st.dictionaries(st.sampled_from(SLOTS), st.sampled_from(sorted(DEEDS)), max_size=8), st.randoms(use_true_random=False))
def test_overlays_that_do_not_meet_compose_in_any_order(deeds: dict[tuple[int, int], str], random: Any) -> None:
    """Real YAML, every way to change a term: as layers in one order and another, dealt to layers, and as files of one layer."""
    base = [*read(head("acme", PACK), "practice.yaml"), *read(HEAD + SHARED, "shared.yaml")]
    below = [*resolve(base), Layer(name="files", documents=tuple(base))]
    files = [
        read(f"{HEAD}kind: Fields\nid: inquiry\n{DEEDS[deed].format(*slot)}\n", f"{number}.yaml")
        for number, (slot, deed) in enumerate(deeds.items())
    ]
    expected = compose_layers([*below, *(Layer(name=str(n), documents=tuple(one)) for n, one in enumerate(files))])
    shuffled = random.sample(files, len(files))
    cut = random.randint(0, len(shuffled))
    for ways in ([[one] for one in shuffled], [shuffled], [shuffled[:cut], shuffled[cut:]]):
        layers = [Layer(name=str(n), documents=tuple(one for part in parts for one in part)) for n, parts in enumerate(ways)]
        practice = compose_layers([*below, *layers])
        assert practice.digest == expected.digest
        assert practice == expected

from __future__ import annotations

from pathlib import Path

import pytest

from deskweave.errors import DocumentError
from deskweave.model.predicate import holds
from deskweave.workspace import read_folder, version_fits

HEAD = "apiVersion: deskweave/v1\nkind: Workspace\nid: acme\n"
TOY = "connections:\n  toy:\n    plugin: toy\n    address: https://toy.example\n    access: read\n"


def write(root: Path, text: str) -> Path:
    (root / "deskweave.yaml").write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("wanted", "have", "fits"),
    [
        (">=0.1,<0.2", "0.1.0", True),
        (">=0.1,<0.2", "0.1.9", True),
        (">=0.1,<0.2", "0.2.0", False),
        (">=0.1,<0.2", "0.0.9", False),
        ("0.1", "0.1.0", True),  # a bare number is that one, however many zeros are written
        ("0.1", "0.1.1", False),
        ("==0.1.0", "0.1", True),
        ("!=0.1.3", "0.1.3", False),
        ("~=1.4", "1.9.2", True),
        ("~=1.4", "2.0", False),
        ("~=1.4.2", "1.5.0", False),
        (">1", "1.0.0", False),  # 1.0.0 is not more than 1
        (">=0.10", "0.9", False),  # numbers, not letters
        ("<1", "0.1.0rc1", True),  # a pre-release counts as what it leads to
        ("newest", "0.1.0", False),
    ],
)
def test_version_range(wanted: str, have: str, fits: bool) -> None:
    assert version_fits(wanted, have) is fits


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (HEAD + 'deskweave: ">=9"\n', "version-wanted", 4),
        (HEAD + "conections: {}\n", "unknown-key", 4),
        (HEAD + "zone: Asia/Shangai\n", "wrong-form", 4),
        (HEAD + "connections:\n  toy: {plugin: toy}\n", "missing-key", 5),  # no address
        (HEAD + "connections:\n  toy: {plugin: toy, address: toy.example}\n", "wrong-form", 5),
        (HEAD + TOY.replace("read", "reed"), "not-allowed", 8),
        (HEAD + "routes:\n  all_of_it: {among: [toy]}\n", "unknown-connection", 5),
        (HEAD + TOY + "routes:\n  r: {withhold: {tooy: [title]}}\n", "unknown-connection", 10),
        (HEAD + "connections: {\n", "yaml-syntax", 5),
        (HEAD + "language: zh\nlanguage: en\n", "yaml-duplicate-key", 5),
        ("apiVersion: deskweave/v1\nkind: Practice\nid: acme\n", "one-workspace", 1),
        (HEAD + "sync: {since: 2026-11-01}\n", "wrong-form", 4),  # no offset: whose midnight?
    ],
)
def test_wrong_files_are_named_with_their_line(tmp_path: Path, text: str, rule: str, line: int) -> None:
    with pytest.raises(DocumentError) as raised:
        read_folder(write(tmp_path, text))
    found = {(finding.rule, finding.place.line) for finding in raised.value.findings}
    assert (rule, line) in found, found


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as raised:
        read_folder(tmp_path)
    (finding,) = raised.value.findings
    assert finding.rule == "no-folder"
    assert finding.remedy == "deskweave init"


def test_the_folder_is_found_from_inside(tmp_path: Path) -> None:
    write(tmp_path, HEAD)
    (tmp_path / "practice" / "deep").mkdir(parents=True)
    assert read_folder(tmp_path / "practice" / "deep").root == tmp_path.resolve()


ENVIRONMENTS = (
    HEAD + TOY + "environments:\n  test: {connections: {toy: {address: https://test.example}}}\n"
    "  prod:\n    protected: true\n    connections:\n      toy:\n        access: write\n"
)


def test_an_environment_is_laid_over_the_base(tmp_path: Path) -> None:
    write(tmp_path, ENVIRONMENTS)
    test, prod = read_folder(tmp_path, "test"), read_folder(tmp_path, "prod")
    assert test.connections["toy"].address == "https://test.example"
    assert test.connections["toy"].access == "read"
    assert not test.protected
    assert prod.connections["toy"].address == "https://toy.example"
    assert prod.connections["toy"].access == "write"
    assert prod.protected
    # each value keeps the line it was written at: that is the line a person has to change
    assert test.connections["toy"].access_place.line == 8
    assert prod.connections["toy"].access_place.line == 15
    assert test.store_path == tmp_path.resolve() / ".deskweave" / "test" / "state.db"


def test_two_environments_and_a_command_that_writes(tmp_path: Path) -> None:
    write(tmp_path, ENVIRONMENTS)
    assert read_folder(tmp_path).environment == "test"  # reading takes the first where there is no dev
    with pytest.raises(DocumentError) as raised:
        read_folder(tmp_path, must_choose=True)
    (finding,) = raised.value.findings
    assert finding.rule == "environment-needed"
    assert finding.remedy.startswith("--env ")
    with pytest.raises(DocumentError) as raised:
        read_folder(tmp_path, "prd")
    assert raised.value.findings[0].nearest == "prod"


def test_one_environment_needs_no_name(tmp_path: Path) -> None:
    assert read_folder(write(tmp_path, HEAD), must_choose=True).environment == "dev"


def test_no_routes_is_one_route_over_all(tmp_path: Path) -> None:
    two = (
        HEAD + "connections:\n" + "".join(f"  {name}: {{plugin: toy, address: 'https://{name}.example'}}\n" for name in ("a", "b"))
    )
    (route,) = read_folder(write(tmp_path, two)).routes
    assert route.among == ("a", "b")
    assert route.when == {"service_form": {"ne": "bot"}}  # what a person took part in
    assert read_folder(write(tmp_path, HEAD + TOY)).routes == ()  # nowhere to go


def test_a_route_says_what_fulfils_it_and_what_comes_afterwards(tmp_path: Path) -> None:
    text = (
        HEAD
        + TOY
        + (
            "routes:\n"
            "  silent: {among: [toy]}\n"
            "  every: {when: always, among: [toy]}\n"
            "  incidents: {when: {stream: {eq: incident}}, among: [toy], afterwards: freeze}\n"
        )
    )
    silent, every, incidents = read_folder(write(tmp_path, text)).routes
    chat, person, neither = ({"service_form": "bot"}, {"service_form": "human"}, {})
    assert [holds(silent.when, one) for one in (chat, person, neither)] == [False, True, True]
    assert [holds(every.when, one) for one in (chat, person, neither)] == [True, True, True]
    assert holds(incidents.when, {"stream": "incident", **chat})  # what is written is exactly that
    assert [route.afterwards for route in (silent, every, incidents)] == ["keep", "keep", "freeze"]
    for wrong in ("when: allways", "afterwards: forget", "when: [stream]"):
        with pytest.raises(DocumentError):
            read_folder(write(tmp_path, HEAD + TOY + f"routes:\n  r: {{{wrong}, among: [toy]}}\n"))


def test_match_policies_of_people_are_data_and_a_wrong_word_has_its_line(tmp_path):
    from deskweave.workspace.people import match_policies

    base = "apiVersion: deskweave/v1\nkind: Workspace\nid: acme\nconnections:\n  snow: {plugin: toy, address: https://a.example}\n"
    file = tmp_path / "deskweave.yaml"
    file.write_text(base, encoding="utf-8")
    plain, own = match_policies(read_folder(tmp_path))
    assert (plain.find_by, plain.on_none, own) == (("email", "employee_number", "mobile", "user_name"), "create", {})
    rules = "people:\n  find_by: [email]\n  on_none: leave\n  connections:\n    snow: {find_by: [user_name], on_many: error}\n"
    file.write_text(base + rules, encoding="utf-8")
    plain, own = match_policies(read_folder(tmp_path))
    assert (plain.find_by, plain.on_none) == (("email",), "leave")
    assert (own["snow"].find_by, own["snow"].on_none) == (("user_name",), "leave")
    for wrong, line in (("find_by: [phone]", 7), ("on_none: guess", 7), ("on_many: first", 7), ("connections: {jira: {}}", 7)):
        file.write_text(f"{base}people:\n  {wrong}\n", encoding="utf-8")
        with pytest.raises(DocumentError) as caught:
            read_folder(tmp_path)
        assert [one.place.line for one in caught.value.findings] == [line], wrong

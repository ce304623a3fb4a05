from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.errors import CredentialError, DocumentError, Executed, PluginError, TransientError
from deskweave.findings import Severity
from deskweave.plugins import Plugins
from deskweave.workspace import Stopped, Workspace
from deskweave.workspace.adoption import adopt, in_force, preview, require
from deskweave.workspace.scaffold import NewConnection, write_folder


@pytest.fixture
def opened(folder: Path, plugins: Plugins, now: Callable[[], datetime]) -> Any:
    spaces: list[Workspace] = []

    def make(**more: Any) -> Workspace:
        spaces.append(workspace.open(folder, now=now, plugins=plugins, environ={}, **more))
        return spaces[-1]

    yield make
    for space in spaces:
        space.close()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# ---------------------------------------------------------------------------------------------------------------- scaffold
def test_a_fresh_folder_has_no_errors_and_no_secret_in_yaml(folder: Path, opened: Any) -> None:
    assert [finding for finding in opened().lint() if finding.severity is Severity.ERROR] == []
    for path in folder.rglob("*.yaml"):
        assert "s3cr3t-value" not in path.read_text(encoding="utf-8")
    assert (folder / ".env.dev").read_text(encoding="utf-8").endswith("TOY_TOKEN=s3cr3t-value\n")
    assert (folder / ".env.dev").stat().st_mode & 0o077 == 0
    assert "s3cr3t-value" not in (folder / ".env.example").read_text(encoding="utf-8")


def test_an_existing_file_is_never_touched(folder: Path, plugins: Plugins, now: Callable[[], datetime]) -> None:
    (folder / "deskweave.yaml").write_text("mine\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "schema" not in path.parts}
    written = write_folder(folder, id="acme", now=now(), plugins=plugins)
    assert written.files == []
    assert "deskweave.yaml" in written.kept
    assert {path: path.read_bytes() for path in before} == before


def test_every_line_a_person_may_uncomment_is_right(folder: Path, opened: Any, plugins: Plugins) -> None:
    """The commented examples of the thin files are part of the product: each is tried."""
    for name in ("fields", "clocks"):  # the other files: test_starter.py
        path = folder / "practice" / f"{name}.yaml"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("##")]
        path.write_text("\n".join(re.sub(r"^# (?!yaml-)", "", line) for line in lines) + "\n", encoding="utf-8")
    practice = opened().practice
    assert "cost_center" in practice.fields
    assert "user_scenario" not in practice.fields
    config = folder / "deskweave.yaml"
    config.write_text(
        config.read_text(encoding="utf-8").replace("# routes:", "routes:").replace("#   incidents", "  incidents"), encoding="utf-8"
    )
    (route,) = opened().folder.routes
    assert route.id == "incidents"


def test_a_connection_added_later_gets_its_entry(folder: Path, opened: Any, plugins: Plugins, now: Callable[[], datetime]) -> None:
    """Binding, entry and the names of its secrets, or nothing works; what a person wrote stays."""
    edit(folder / "deskweave.yaml", "connections:\n", "environments:\n  test: {}\n  prod: {}\nconnections: # ours\n")
    before = (folder / "deskweave.yaml").read_text(encoding="utf-8")
    second = NewConnection(name="second", plugin="toy", address="https://second.example")
    written = write_folder(folder, id="other", now=now(), plugins=plugins, connections=[second])
    after = (folder / "deskweave.yaml").read_text(encoding="utf-8")
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert (written.added, written.environments, written.unset) == (["second"], ("test", "prod"), ["SECOND_TOKEN"])
    assert written.amended == ["deskweave.yaml", ".env.example"]
    assert "SECOND_TOKEN=\n" in (folder / ".env.example").read_text(encoding="utf-8")
    assert [one for one in opened(env="test").lint() if one.severity is Severity.ERROR] == []
    space = opened(env="test")
    assert space.folder.connections["second"].access == "read"
    again = write_folder(folder, id="other", now=now(), plugins=plugins, connections=[second])
    assert (again.added, again.amended) == ([], [])
    assert (folder / "deskweave.yaml").read_text(encoding="utf-8") == after


def test_the_readme_follows_the_entries(tmp_path: Path, plugins: Plugins, now: Callable[[], datetime]) -> None:
    entries = [NewConnection(name=name, plugin="toy", access=access) for name, access in (("one", "write"), ("two", "read"))]
    write_folder(tmp_path / "x", id="acme", now=now(), plugins=plugins, connections=entries)
    readme = (tmp_path / "x" / "README.md").read_text(encoding="utf-8")
    assert "Every connection is read-only" not in readme
    assert "write to one:" in readme
    assert "Read-only: two." in readme


# ---------------------------------------------------------------------------------------------------------------- settings
def test_only_values_of_secret_keys_are_secrets(folder: Path, opened: Any) -> None:
    """A reference under another key is an address or a name, whatever the variable is called."""
    edit(folder / "deskweave.yaml", "    auth:", '    project: "${TOY_PROJECT_TOKEN}"\n    auth:')
    with (folder / ".env.dev").open("a", encoding="utf-8") as file:
        file.write("TOY_PROJECT_TOKEN=PROJECT\n")
    space = opened()
    space.connect("toy")
    assert space.redactor.clean("PROJECT s3cr3t-value") == "PROJECT [secret]"


def test_a_sign_in_within_a_proxy_is_secret(folder: Path, opened: Any) -> None:
    edit(folder / "deskweave.yaml", "    auth:", '    proxy: "${TOY_PROXY}"\n    auth:')
    with (folder / ".env.dev").open("a", encoding="utf-8") as file:
        file.write("TOY_PROXY=http://me:p%40ssword@proxy.example:3128\n")
    space = opened()
    space.connect("toy")
    assert space.redactor.clean("p%40ssword p@ssword proxy.example") == "[secret] [secret] proxy.example"


def test_a_missing_secret_names_the_environments_file(folder: Path, opened: Any) -> None:
    (folder / ".env.dev").unlink()
    with pytest.raises(DocumentError) as raised:
        opened().connect("toy")
    assert raised.value.findings[0].remedy == "set TOY_TOKEN in the environment or in .env.dev"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("${TOY_TOKEN}", "abcdef", "secret-literal"),
        ("${TOY_TOKEN}", "x-${TOY_TOKEN}", "secret-literal"),  # a part of it stands in the file
        ("{kind:", "{kinds:", "unknown-key"),
        ("plugin: toy", "plugin: toi", "unknown-plugin"),
    ],
)
def test_wrong_settings_have_a_line_and_nothing_is_sent(
    folder: Path, opened: Any, instances: Any, old: str, new: str, rule: str
) -> None:
    edit(folder / "deskweave.yaml", old, new)
    space = opened()
    found = [finding for finding in space.lint() if finding.severity is Severity.ERROR]
    assert rule in {finding.rule for finding in found}
    assert all(finding.place.line and finding.place.source == "deskweave.yaml" for finding in found)
    assert "abcdef" not in repr(found)
    with pytest.raises(DocumentError):
        space.connect("toy")
    assert instances["toy"].settings == {}


def test_a_reference_is_judged_by_what_it_stands_for(folder: Path, opened: Any) -> None:
    edit(folder / "deskweave.yaml", "    auth:", '    project: "${TOY_PROJECT}"\n    auth:')
    space = opened()
    assert [one for one in space.lint() if one.severity is Severity.ERROR] == []
    with pytest.raises(DocumentError) as raised:
        space.connect("toy")
    assert [one.rule for one in raised.value.findings] == ["secret-missing"]
    with (folder / ".env.dev").open("a", encoding="utf-8") as file:
        file.write("TOY_PROJECT=lower\n")
    with pytest.raises(DocumentError) as raised:
        opened().connect("toy")
    assert [one.rule for one in raised.value.findings] == ["wrong-form"]


def test_secrets_reach_the_plugin_and_the_redactor(opened: Any, instances: Any) -> None:
    space = opened()
    space.connect("toy")
    assert instances["toy"].settings["auth"]["token"] == "s3cr3t-value"
    assert space.redactor.clean("it is s3cr3t-value") == "it is [secret]"


# ---------------------------------------------------------------------------------------------------------------- identity
def test_first_contact_pins_and_another_instance_stops(opened: Any, instances: Any, folder: Path) -> None:
    space = opened()
    assert space.connect("toy").pinned_now
    assert space.lock("toy").identity.instance == "toy-1"
    assert not opened().connect("toy").pinned_now
    instances["toy"].name = "toy-2"
    with pytest.raises(Stopped, match=r"toy-1.*toy-2"):
        opened().connect("toy")
    assert instances["toy"].writes == []
    opened().trust("toy")
    assert opened().connect("toy").identity.instance == "toy-2"


def test_a_wrong_instance_stops_every_connection(opened: Any, instances: Any, folder: Path) -> None:
    opened().connect("toy")
    instances["toy"].name = "toy-2"
    with pytest.raises(Stopped):
        opened().connect_all()


@pytest.mark.parametrize(("name", "planted", "rule"), [("toy-2", None, "wrong-instance"), ("toy-1", "01OTHER", "other-install")])
def test_a_connection_that_is_kept_open_notices_another_instance(
    opened: Any, instances: Any, folder: Path, name: str, planted: str | None, rule: str
) -> None:
    """The engine asks before it writes, `apply` before it begins: the address is the same, the instance behind it is not."""
    edit(folder / "deskweave.yaml", "access: read  ", "access: write  ")
    space = opened()
    one = space.connect("toy")
    one.verify()
    made, _ = space.configurator()
    made.sides[0].may_write()
    instances["toy"].name, instances["toy"].planted = name, planted
    for ask in (one.verify, made.sides[0].may_write):
        with pytest.raises(Stopped) as raised:
            ask()
        assert raised.value.rule == rule
    assert instances["toy"].writes == []


def test_an_instance_without_a_place_for_our_mark_is_not_asked_for_one_every_run(opened: Any, instances: Any, folder: Path) -> None:
    edit(folder / "deskweave.yaml", "access: read  ", "access: write  ")
    one = opened().connect("toy")
    instances["toy"].forgets = True
    for _ in range(3):
        one.verify()
        one.connection._before()
    assert instances["toy"].writes == ["mark"]


def test_our_mark_is_left_before_the_first_write_and_never_for_reading(opened: Any, instances: Any, folder: Path) -> None:
    space = opened()
    with pytest.raises(Stopped) as raised:
        space.connect("toy").connection.plant_identity("a", "1")
    assert raised.value.rule == "read-only"
    assert raised.value.place.line is not None
    assert (
        (folder / "deskweave.yaml")
        .read_text(encoding="utf-8")
        .splitlines()[raised.value.place.line - 1]
        .strip()
        .startswith("access: read")
    )
    assert instances["toy"].writes == []
    edit(folder / "deskweave.yaml", "access: read  ", "access: write  ")
    space = opened()
    one = space.connect("toy")
    assert instances["toy"].writes == []
    one.connection._before()  # what every writing method calls
    one.connection._before()
    assert instances["toy"].writes == ["mark"]
    assert instances["toy"].planted == space.store.install.id


def test_another_stores_mark(opened: Any, instances: Any, folder: Path) -> None:
    instances["toy"].planted, instances["toy"].epoch = "01SOMEBODYELSE", "1"
    opened().connect("toy")  # reading beside somebody else harms nobody
    edit(folder / "deskweave.yaml", "access: read  ", "access: write  ")
    with pytest.raises(Stopped) as raised:
        opened().connect("toy")
    assert raised.value.rule == "other-install"
    space = opened()
    space.trust("toy")
    assert instances["toy"].planted == space.store.install.id
    opened().connect("toy")


# ------------------------------------------------------------------------------------------------------- others go on
def two(folder: Path) -> None:
    edit(
        folder / "deskweave.yaml",
        "# routes:",
        '  other:\n    plugin: other\n    address: https://other.example\n    auth: {token: "${TOY_TOKEN}"}\n# routes:',
    )
    text = (folder / "bindings" / "toy.yaml").read_text(encoding="utf-8").replace("id: toy", "id: other")
    (folder / "bindings" / "other.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "error",
    [
        TransientError("no answer", executed=Executed.NO, connection="toy"),
        CredentialError("wrong", connection="toy"),
    ],
)
def test_one_that_fails_is_named_and_the_others_go_on(opened: Any, instances: Any, folder: Path, error: Exception) -> None:
    two(folder)
    instances["toy"].error = error
    space = opened()
    there, failures = space.connect_all()
    assert list(there) == ["other"]
    assert [(one.connection, one.error) for one in failures] == [("toy", error)]
    assert list(space.silent) == ["toy"]
    space.close()
    assert (instances["toy"].closed, instances["other"].closed) == (1, 1)


def test_a_plugin_that_raises_something_else_is_named(opened: Any, instances: Any, folder: Path) -> None:
    instances["toy"].error = ZeroDivisionError("oops")
    with pytest.raises(PluginError, match="plugin toy, connect: ZeroDivisionError"):
        opened().connect("toy")


# ---------------------------------------------------------------------------------------------------------------- practice
def test_a_changed_practice_stops_until_it_is_adopted(opened: Any, folder: Path) -> None:
    space = opened()
    require(space.store, space.practice)
    require(space.store, space.practice)  # the first one came into force by itself
    space.close()
    with (folder / "practice" / "clocks.yaml").open("a", encoding="utf-8") as file:
        file.write("goal: PT10M\n")
    space = opened()
    with pytest.raises(Stopped) as raised:
        require(space.store, space.practice)
    assert raised.value.next == "deskweave practice adopt"
    assert in_force(space.store) is not None
    difference = preview(space.store, space.practice).difference
    assert difference is not None
    assert [(change.key, change.slug, change.sort) for change in difference.changes] == [
        ("clock.goal", "first_response", "changed")
    ]
    adopt(space.store, space.practice)
    require(space.store, space.practice)


def test_environment_files_are_laid_over_the_practice(opened: Any, folder: Path) -> None:
    (folder / "practice" / "env").mkdir()
    (folder / "practice" / "env" / "dev.yaml").write_text(
        "apiVersion: deskweave/v1\nkind: Clock\nid: first_response\ngoal: PT7M\n", encoding="utf-8"
    )
    (folder / "practice" / "env" / "prod.yaml").write_text("nonsense: [", encoding="utf-8")  # not this environment's
    assert opened().practice.clocks["first_response"].goal.total_seconds() == 420


def test_all_bindings_are_wrong_at_once(opened: Any, folder: Path) -> None:
    edit(folder / "bindings" / "toy.yaml", "title:", "titel:")
    edit(folder / "bindings" / "toy.yaml", "p1:", "p11:")
    (folder / "bindings" / "ghost.yaml").write_text(
        "apiVersion: deskweave/v1\nkind: Binding\nid: ghost\npractice: acme\ncollections: {}\n", encoding="utf-8"
    )
    with pytest.raises(DocumentError) as raised:
        _ = opened().binding_documents
    found = {finding.rule: finding for finding in raised.value.findings}
    assert found["unknown-field"].nearest == "title"
    assert found["unknown-choice"].place.line is not None
    assert found["unknown-connection"].place.source == "bindings/ghost.yaml"


def test_reading_the_files_makes_no_store(opened: Any, folder: Path) -> None:
    space = opened()
    space.lint()
    assert not space.has_store
    assert not (folder / ".deskweave" / "dev").exists()

"""Questions at a terminal, commands of plugins, and what a plugin's mistakes do to the command line: nothing."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pluggy
import pytest
import typer

from deskweave import hookspecs
from deskweave.cli.app import call
from deskweave.cli.session import Session
from deskweave.hookspecs import hookimpl
from deskweave.plugins import Plugins


def loaded(**plugins: object) -> Plugins:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    found = Plugins(manager)
    for name, plugin in plugins.items():
        found.register(plugin, name)
    return found


class Greeting:
    @hookimpl
    def deskweave_commands(self, app: typer.Typer) -> None:
        @app.command("greet")
        def greet(name: str, loud: bool = typer.Option(False, "--loud", help="shout")) -> None:
            typer.echo(f"hello {name}".upper() if loud else f"hello {name}")


class Broken:
    @hookimpl
    def deskweave_commands(self, app: typer.Typer) -> None:
        raise ZeroDivisionError("while adding commands")


def test_a_plugin_brings_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    plugins = loaded(greeting=Greeting())
    assert call(["greet", "desk", "--loud"], plugins=plugins) == 0
    assert capsys.readouterr().out == "HELLO DESK\n"
    assert call(["--help"], plugins=plugins) == 0
    assert "greet" in capsys.readouterr().out
    assert call(["greet"], plugins=plugins) == 2


def test_a_plugin_that_fails_is_named_and_the_command_line_starts(capsys: pytest.CaptureFixture[str]) -> None:
    plugins = loaded(broken=Broken(), greeting=Greeting())
    assert call(["greet", "desk"], plugins=plugins) == 0
    answer = capsys.readouterr()
    assert answer.out == "hello desk\n"
    assert "broken" in answer.err
    assert "Traceback" not in answer.err


def test_a_plugin_cannot_take_a_command_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    class Taker:
        @hookimpl
        def deskweave_commands(self, app: typer.Typer) -> None:
            app.command("status")(lambda: typer.echo("taken"))

    call(["status"], plugins=loaded(taker=Taker()))
    assert "taken" not in capsys.readouterr().out


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody who types these answers."""

    def types(*answers: str) -> None:
        monkeypatch.setattr(Session, "terminal", property(lambda self: True))
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(answers) + "\n"))

    return types


def test_five_questions(cli: Any, terminal: Any, tmp_path: Path) -> None:
    terminal("acme", "zh", "Asia/Shanghai", "servicenow=https://acme.service-now.com", "test prod")
    answer = cli("init")
    assert answer.code == 0, answer.all
    assert answer.out.count("？") + answer.out.count("：") + answer.out.count(":") >= 5
    text = (tmp_path / "deskweave.yaml").read_text(encoding="utf-8")
    for line in ("id: acme", "language: zh", "zone: Asia/Shanghai", "  servicenow:", "prod: {protected: true}"):
        assert line in text


def test_enter_accepts_every_question(cli: Any, terminal: Any, tmp_path: Path) -> None:
    terminal("", "", "", "", "")
    assert cli("init").code == 0
    assert cli("practice", "lint").code == 0


def test_no_terminal_no_question(cli: Any, tmp_path: Path) -> None:
    answer = cli("init")
    assert answer.code == 0
    assert "[" not in answer.out


def test_apply_asks(cli: Any, terminal: Any, folder: Any, feishu: Any) -> None:
    folder(access="write", feishu=feishu)
    terminal("n")
    assert cli("apply", "--only", "fields/priority").code == 5
    assert feishu.platform.traffic.writes == 0
    terminal("y")
    answer = cli("apply", "--only", "fields/priority")
    assert answer.code in (0, 3), answer.all
    assert "acme / dev? [y/N]" in answer.out
    assert feishu.platform.traffic.writes > 0


def test_only_names_elements_of_the_folder(cli: Any, folder: Any, feishu: Any) -> None:
    folder(access="write", feishu=feishu)
    for command in ("plan", "apply"):
        wrong = cli(command, "--only", "fields/prioritty")
        assert wrong.code == 2, wrong.all
        assert "did you mean fields/priority ?" in " ".join(wrong.all.split())
    wrong = cli("apply", "--ours", "fields/prioritty", "--yes")
    assert wrong.code == 2, wrong.all
    assert feishu.platform.traffic.writes == 0
    assert cli("apply", "--only", "fields/priority", "--yes").code in (0, 3)
    for command in (["plan"], ["apply", "--yes"]):
        again = cli(*command, "--only", "fields/priority")
        assert again.code == 0, again.all
        assert "Nothing to apply." in again.out
    assert "+" not in again.out


def test_the_next_command_works_on_the_same_folder_and_environment(cli: Any, folder: Any, feishu: Any, tmp_path: Any) -> None:
    """Pasted as it is printed, or it works on another environment, or nowhere."""
    root = folder(access="write", environments=("test", "prod"), feishu=feishu)
    (root / ".env.prod").write_bytes((root / ".env.test").read_bytes())
    assert cli("check", "--env", "prod").out.rstrip().endswith("\n  deskweave plan --env prod")
    saved = cli("plan", "--env", "prod", "-o", "prod.plan")
    assert saved.out.rstrip().endswith("\n  deskweave apply prod.plan --env prod")
    assert "deskweave trust feishu --yes --env prod" in cli("trust", "feishu", "--env", "prod").err
    assert "deskweave plan --env prod -o prod.plan\n" in cli("apply", "--env", "prod", "--yes").err
    assert "deskweave apply --yes --env test" in cli("apply", "--env", "test").err
    inside = cli("status", "--env", "prod", "-C", "practice")
    assert " --env prod -C practice\n" in inside.out


def test_with_one_environment_the_next_command_is_short(cli: Any) -> None:
    cli("init", "--id", "acme", "--connection", "servicenow=https://acme.service-now.com")
    assert cli("practice", "lint").out.rstrip().endswith("\n  deskweave check")


def test_a_plan_of_nothing_that_answers_leads_to_check(cli: Any, folder: Any, feishu: Any) -> None:
    folder(access="write", feishu=feishu)
    feishu.stop()
    answer = cli("plan")
    assert answer.code == 1, answer.all
    assert answer.out.rstrip().endswith("\n  deskweave check")
    assert "BLOCKED" not in answer.out


def test_a_protected_environment_wants_its_name_typed(cli: Any, terminal: Any, folder: Any, feishu: Any) -> None:
    folder(access="write", environments=("prod",), feishu=feishu)
    terminal("yes")
    assert cli("apply", "--only", "fields/priority").code == 5
    assert feishu.platform.traffic.writes == 0
    terminal("prod")
    assert cli("apply", "--only", "fields/priority").code in (0, 3)
    assert feishu.platform.traffic.writes > 0


def test_trust_asks(cli: Any, terminal: Any, folder: Any, feishu: Any) -> None:
    folder(feishu=feishu)
    terminal("no")
    assert cli("trust", "feishu").code == 5
    terminal("feishu")
    assert cli("trust", "feishu").code == 0


def test_interrupted(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("init")
    import deskweave.workspace.loading as loading

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "compose_practice", interrupt)
    answer = cli("practice", "show")
    assert answer.code == 130
    assert "Traceback" not in answer.all

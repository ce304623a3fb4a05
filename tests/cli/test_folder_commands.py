"""Commands that read files only: init, practice, bare deskweave, and how mistakes are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deskweave.cli.width import width

Folder = Callable[..., Path]
INIT = ("init", "--id", "acme", "--zone", "Asia/Shanghai", "--connection", "servicenow=https://acme.service-now.com")


def test_init_writes_a_folder_that_opens(cli: Any, tmp_path: Path) -> None:
    answer = cli(*INIT, "--connection", "desk:feishu", "--environment", "test", "--environment", "prod")
    assert answer.code == 0, answer.all
    for name in (
        "deskweave.yaml",
        "practice/practice.yaml",
        "bindings/servicenow.yaml",
        "bindings/desk.yaml",
        ".env.example",
        ".gitignore",
    ):
        assert (tmp_path / name).is_file(), name
    assert (tmp_path / ".deskweave/schema/workspace.schema.json").is_file()
    text = (tmp_path / "deskweave.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server:")
    assert "prod: {protected: true}" in text
    assert "access: write" not in text.replace("| write", "")
    lint = cli("practice", "lint")
    assert lint.code == 0, lint.all
    assert "SERVICENOW_PASSWORD=" in (tmp_path / ".env.example").read_text(encoding="utf-8")


def test_init_never_overwrites(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    (tmp_path / "practice" / "fields.yaml").write_text("mine\n", encoding="utf-8")
    before = (tmp_path / "deskweave.yaml").read_bytes()
    answer = cli("init", "--id", "other")
    assert answer.code == 0
    assert (tmp_path / "practice" / "fields.yaml").read_text(encoding="utf-8") == "mine\n"
    assert (tmp_path / "deskweave.yaml").read_bytes() == before
    assert "practice/fields.yaml" in answer.out


def test_init_adds_a_connection_to_a_folder_that_is_there(cli: Any, tmp_path: Path) -> None:
    cli("init", "--id", "acme", "--environment", "test", "--environment", "prod")
    answer = cli("init", "--connection", "snow:servicenow=https://acme.service-now.com")
    assert answer.code == 0, answer.all
    assert "~ deskweave.yaml   snow" in answer.out
    assert "Copy .env.example to .env.test, .env.prod and fill in: SNOW_PASSWORD, SNOW_USER" in " ".join(answer.out.split())
    text = (tmp_path / "deskweave.yaml").read_text(encoding="utf-8")
    assert "  snow:\n    plugin: servicenow\n" in text
    assert "practice: acme\n" in (tmp_path / "bindings" / "snow.yaml").read_text(encoding="utf-8")
    lint = cli("practice", "lint")
    assert lint.code == 0, lint.all


def test_the_remedy_of_a_missing_binding_is_a_command_that_writes_it(cli: Any, tmp_path: Path) -> None:
    cli("init", "--id", "acme", "--connection", "snow:servicenow=https://acme.service-now.com")
    binding = tmp_path / "bindings" / "snow.yaml"
    text = binding.read_text(encoding="utf-8")
    binding.write_text(text.replace("title:", "titel:"), encoding="utf-8")
    assert "no binding" not in cli("practice", "lint").all  # it is there, and its mistake is told
    binding.unlink()
    lint = cli("practice", "lint")
    assert "connection 'snow' has no binding" in lint.all
    command = next(line.strip() for line in lint.all.splitlines() if "deskweave init" in line)
    assert cli(*command.split()[1:]).code == 0
    assert binding.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "arguments",
    [
        ("--id", "Acme GmbH"),
        ("--zone", "Asia/Shangai"),
        ("--connection", "servicenov=https://acme.service-now.com"),
        ("--connection", "servicenow=acme.service-now.com"),  # no scheme
        ("--environment", "Prod!"),
    ],
)
def test_init_refuses_what_it_cannot_write(cli: Any, tmp_path: Path, arguments: tuple[str, str]) -> None:
    answer = cli("init", *arguments)
    assert answer.code == 2
    assert arguments[0] in answer.err
    assert list(tmp_path.iterdir()) == []


def test_git_shows_neither_secret_nor_state(cli: Any, tmp_path: Path, folder: Folder, snow: Any) -> None:
    folder(servicenow=snow)
    secret = snow.settings("admin")["auth"]
    assert cli("check").code in (0, 3)
    cli("sync")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    shown = subprocess.run(["git", "status", "--short", "-uall"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert ".env.dev" not in shown
    assert ".deskweave" not in shown
    assert "bindings/servicenow.dev.lock.yaml" in shown  # the machine writes it, people commit it
    literal = [value for key, value in secret.items() if key in ("password", "client_secret")]
    assert literal
    for line in shown.splitlines():
        text = (tmp_path / line[3:]).read_text(encoding="utf-8")
        assert not any(value in text for value in literal), line


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("deskweave.yaml", "zone: Asia/Shanghai", "zone: Asia/Shangai", "deskweave.yaml:7"),
        ("deskweave.yaml", "practice: practice/", "practise: practice/", "did you mean practice ?"),
        ("deskweave.yaml", 'password: "${SERVICENOW_PASSWORD}"', "password: abc", "secret"),
        ("deskweave.yaml", "plugin: servicenow", "plugin: servicenov", "did you mean servicenow ?"),
        ("practice/practice.yaml", "extends: [deskweave:service-desk@1]", "extends: [deskweave:service-desc@1]", "service-desk@1"),
        ("practice/practice.yaml", "kind: Practice", "kind: Practise", "did you mean Practice ?"),
        ("practice/fields.yaml", "# fields:", "fields: {title: {typ: text}}", "unknown key"),
        ("practice/fields.yaml", "# fields:", "fields: {", "practice/fields.yaml"),
        ("practice/fields.yaml", "# fields:", "fields:\n\ttitle: {}", "tab"),
        ("practice/clocks.yaml", "# goal: PT10M", "goal: P1D", "practice/clocks.yaml:7"),
        ("practice/clocks.yaml", "# goal: PT10M", "calendar: cn_5x9", "did you mean cn_5x8 ?"),
        ("bindings/servicenow.yaml", "title:", "titel:", "did you mean title ?"),
    ],
)
def test_a_mistake_has_file_line_and_the_right_word(cli: Any, tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    cli(*INIT)
    path = tmp_path / file
    text = path.read_text(encoding="utf-8")
    assert old in text, text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for command in (["practice", "lint"], ["check"]):
        answer = cli(*command)
        assert answer.code == 2, (command, answer.all)
        assert says in " ".join(answer.all.split()), (command, answer.all)
        assert file in answer.all
        assert "Traceback" not in answer.all
        assert "abc" not in answer.all.replace("abcd", "")
        assert all(width(line) <= 80 for line in answer.all.splitlines())


def test_mistakes_as_data_and_before_a_sync(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    path = tmp_path / "practice" / "clocks.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("# goal: PT10M", "goal: P1D"), encoding="utf-8")
    for command in ("practice lint", "sync --plan", "plan"):
        answer = cli(*command.split(), "--json")
        body = json.loads(answer.out)
        assert (answer.code, body["exit"]) == (2, 2), command
        (finding,) = [one for one in body["findings"] if one["severity"] == "error"]
        assert (finding["source"], finding["line"], finding["found"]) == ("practice/clocks.yaml", 7, "P1D")


def test_at_most_twenty_then_a_count(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    wrong = "".join(f"  field_{number}: {{typ: text}}\n" for number in range(30))
    path = tmp_path / "practice" / "fields.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("# fields:\n", f"fields:\n{wrong}"), encoding="utf-8")
    answer = cli("practice", "lint")
    assert answer.all.count("unknown key") == 20
    assert "more" in answer.all


def test_the_version_a_folder_wants(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    path = tmp_path / "deskweave.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(">=0.1,<0.2", ">=9"), encoding="utf-8")
    answer = cli("status")
    assert answer.code == 2
    assert 'pip install "deskweave>=9"' in answer.err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bare_deskweave_says_the_next_step(cli: Any, language: str) -> None:
    assert "deskweave init" in cli("--lang", language).out
    cli(*INIT, "--lang", language)
    answer = cli()
    assert answer.out.startswith("acme / dev")
    assert answer.out.splitlines()[-1].strip() == "deskweave check"
    assert ("实践" in answer.out or "只读" in answer.out) is (language == "zh")  # the folder's language


def test_language_of_one_call(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cli(*INIT, "--lang", "zh")
    assert "未发送任何请求" in cli("practice", "lint").out
    assert "Nothing was sent" in cli("practice", "lint", "--lang", "en").out
    monkeypatch.setenv("DESKWEAVE_LANG", "en")
    assert "Nothing was sent" in cli("practice", "lint").out


def test_practice_show(cli: Any) -> None:
    cli(*INIT)
    assert "metrics" in cli("practice", "show").out
    clock = cli("practice", "show", "Clock/first_response")
    assert clock.out.startswith("# deskweave:service-desk/clocks.yaml:")
    assert "goal: PT5M" in clock.out
    part = cli("practice", "show", "Fields/inquiry/fields/title", "--origin")
    assert "deskweave:service-desk/fields.yaml:" in part.out
    wrong = cli("practice", "show", "Clock/first_respons")
    assert (wrong.code, "Clock/first_response" in wrong.err) == (2, True)


def test_formats(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    body = json.loads(cli("practice", "show", "--json").out)
    assert {"deskweave", "command", "folder", "environment", "exit", "summary", "items", "findings"} == set(body)
    assert (body["deskweave"], body["folder"], body["environment"]) == ("v1", "acme", "dev")
    assert cli("plugins", "--csv").out.startswith("\ufeffName,")
    assert cli("plugins", "--csv", "--lang", "zh").out.startswith("\ufeff名称,")
    assert cli("plugins", "--csv=raw").out.startswith("name,")
    assert "| --- |" in cli("plugins", "--format", "md").out
    answer = cli("plugins", "--csv", "-o", "plugins.csv")
    assert answer.out == ""
    assert (tmp_path / "plugins.csv").read_bytes()[:3] == b"\xef\xbb\xbf"
    cli("practice", "show", "-o", "practice.txt")
    assert "metrics" in (tmp_path / "practice.txt").read_text(encoding="utf-8")


def test_colour(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cli(*INIT)
    assert "\x1b" not in cli("practice", "lint").all  # no terminal
    assert "\x1b[" in cli("practice", "lint", "--color", "always").out
    assert "\x1b" not in cli("practice", "lint", "--color", "never").all


def test_redirected_in_code_page_936(cli: Any, tmp_path: Path) -> None:
    """A Chinese Windows redirects into GBK; what GBK lacks must not end in a traceback."""
    cli(*INIT, "--lang", "zh")
    path = tmp_path / "practice" / "practice.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('zh: "acme 服务台"', 'zh: "acme 服务台 \U0001f600"'), encoding="utf-8")
    commands = (["practice", "lint"], ["practice", "show"], [], ["plugins"], ["practice", "show", "--json"], ["frob"])
    one_after_another = (  # one process for all of them: each start takes a second
        "import json, sys\n"
        "from deskweave.cli import main\n"
        "for command in json.loads(sys.argv[1]):\n"
        "    sys.argv = ['deskweave', *command]\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as end:\n"
        "        print('\\0', end.code, end='\\0')\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", one_after_another, json.dumps(commands)], cwd=tmp_path, capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
    )  # fmt: skip
    assert "Traceback" not in answer.stderr.decode("gbk")
    texts = answer.stdout.decode("gbk").split("\0")[:-1]
    assert len(texts) == 2 * len(commands)
    for command, text, code in zip(commands, texts[::2], texts[1::2], strict=True):
        assert int(code) == (2 if command == ["frob"] else 0), answer.stderr.decode("gbk")
        assert "Traceback" not in text
        assert "服务台" in text or command not in (["practice", "show"], [])


def test_our_own_failure_is_a_file_and_not_a_traceback(cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli(*INIT)
    import deskweave.workspace.loading as loading

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(loading, "compose_practice", broken)
    answer = cli("practice", "show")
    assert answer.code == 1
    assert "Traceback" not in answer.all
    (crash,) = (tmp_path / ".deskweave" / "dev").glob("crash-*.txt")
    assert "ZeroDivisionError: inside" in crash.read_text(encoding="utf-8")
    assert crash.name in answer.err
    assert "Traceback" in cli("practice", "show", "--debug").err

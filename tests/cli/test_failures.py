"""Commands against platforms that are away or refuse us, and what is said without a secret."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.emulation import TurnedTime
from deskweave.plugins import Plugins

Folder = Callable[..., Path]


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_an_unreachable_platform_is_named_and_the_other_goes_on(cli: Any, folder: Folder, snow: Any, feishu: Any) -> None:
    root = folder(access="write", servicenow=snow, feishu=feishu)
    file = root / "deskweave.yaml"
    text = file.read_text(encoding="utf-8")
    assert feishu.address in text
    file.write_text(text.replace(feishu.address, f"http://127.0.0.1:{closed_port()}"), encoding="utf-8")
    answer = cli("check")
    assert answer.code == 1, answer.all
    assert "FAIL" in answer.out
    assert "incident" in answer.out  # the other one was looked at
    answer = cli("sync")
    assert answer.code == 1, answer.all
    assert "feishu" in answer.out
    assert "servicenow" in answer.out
    assert "Traceback" not in answer.all


def test_a_wrong_password_is_a_persons_matter(cli: Any, folder: Folder, snow: Any) -> None:
    folder(servicenow=snow)
    path = Path(".env.dev")
    lines = [
        line + "x" if "PASSWORD" in line or "SECRET" in line else line for line in path.read_text(encoding="utf-8").splitlines()
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for command in ("check", "sync"):
        answer = cli(command)
        assert answer.code == 3, answer.all
        assert "servicenow" in answer.all
        assert "deskweave.yaml" in answer.all
        assert "Traceback" not in answer.all


def test_the_wire_can_be_seen_without_secrets(cli: Any, folder: Folder, snow: Any, tmp_path: Path) -> None:
    folder(servicenow=snow)
    answer = cli("check", "-v", "--trace", "trace.jsonl")
    assert "GET" in answer.err
    lines = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines
    assert {"at", "method", "host", "path", "status", "seconds"} <= set(lines[0])
    secrets = [line.partition("=")[2] for line in Path(".env.dev").read_text(encoding="utf-8").splitlines() if "=" in line]
    hidden = [value for value in secrets if len(value) >= 8]
    assert hidden
    for value in hidden:
        assert value not in (tmp_path / "trace.jsonl").read_text(encoding="utf-8")
        assert value not in answer.all
    assert "GET" not in cli("check").err


def test_emulate_prints_an_entry_that_works(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from deskweave.cli import emulate

    ended = threading.Event()
    ended.set()
    monkeypatch.setattr(emulate, "stop", ended)
    answer = cli("emulate", "feishu", "--account", "agent")
    assert answer.code == 0
    assert "connections:" in answer.out
    assert "address: " in answer.out
    assert cli("emulate", "feishu", "--account", "root").code == 2


def test_a_secret_is_taken_out_before_a_cell_is_wrapped(capsys: Any) -> None:
    from deskweave.cli.screen import Screen
    from deskweave.http.redaction import Redactor

    Screen(redactor=Redactor(["密码" * 30])).table([["ok", "it said " + "密码" * 30]])
    shown = capsys.readouterr().out
    assert "密" not in shown
    assert "[secret]" in shown


def test_the_address_of_a_base_is_no_secret(cli: Any, folder: Folder, feishu: Any) -> None:
    root = folder(feishu=feishu)
    text = (root / "deskweave.yaml").read_text(encoding="utf-8")
    token = feishu.settings("admin")["base"]["app_token"]
    assert token in text
    (root / "deskweave.yaml").write_text(text.replace(token, "${FEISHU_APP_TOKEN}"), encoding="utf-8")
    with (root / ".env.dev").open("a", encoding="utf-8") as file:
        file.write(f"FEISHU_APP_TOKEN={token}\n")
    answer = cli("check")
    assert f"base:{token}" in answer.out, answer.all
    assert "[secret]" not in answer.all


@pytest.mark.parametrize(("language", "once"), [("en", "FAIL"), ("zh", "失败")])
def test_a_connection_that_is_down_is_told_in_whole_sentences(
    cli: Any, folder: Folder, feishu: Any, language: str, once: str
) -> None:
    folder(feishu=feishu)
    feishu.stop()
    answer = cli("check", "--lang", language)
    row = " ".join(answer.out.split())
    assert answer.code == 1
    assert row.split("deskweave:service-desk")[0].count(once) == 1, answer.out
    assert "127.0.0.1" in row
    assert (". set at deskweave.yaml:" if language == "en" else "。位置 deskweave.yaml:") in row, answer.out


def test_two_collections_with_one_field_are_told_apart(cli: Any, folder: Folder, snow: Any) -> None:
    folder(access="write", servicenow=snow)
    lines = cli("plan").out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("fields/problem_category"))
    end = lines.index("", start)
    told = [line for line in lines[start + 1 : end] if line.startswith("  + ")]
    assert len(told) > 1
    assert len({line.split("choice")[0] for line in told}) > 1
    assert len(set(told)) == len(told), told


def test_status_as_csv_has_headings_in_the_readers_language(cli: Any, folder: Folder, snow: Any) -> None:
    folder(servicenow=snow)
    cli("sync")
    head = cli("status", "--csv", "--lang", "zh").out.splitlines()[0]
    assert head.startswith("\ufeff连接,插件,")
    assert head.isascii() is False
    assert "pause" not in head
    assert cli("status", "--csv=raw").out.splitlines()[0].startswith("name,plugin,heartbeat,")


def test_quality_without_problems_says_so(cli: Any, folder: Folder, snow: Any) -> None:
    folder(servicenow=snow)
    cli("sync")
    answer = cli("kpi", "--quality", "--period", "2026-10")
    assert "Nothing is wrong with the data of this period." in answer.out, answer.all


def test_zh_has_no_blank_after_a_full_stop(cli: Any, folder: Folder, snow: Any) -> None:
    folder(servicenow=snow)
    answer = cli("apply", "--lang", "zh", "--yes")
    assert answer.code == 5
    assert answer.err.startswith("已停止。servicenow")


def test_what_an_account_lacks_for_several_collections_is_said_once(
    cli: Any, folder: Folder, snow: Any, plugins: Plugins, clock: TurnedTime
) -> None:
    root = folder(servicenow=snow)
    with workspace.open(root, now=clock, plugins=plugins) as space:
        hands = snow.hands(space.connect("servicenow").inner.mapper(space.binding("servicenow")))
        for collection in ("incident", "interaction"):
            hands.create(collection, {"title": "VPN drops", "status": "awaiting_acceptance"}, "li.wei")
    answer = cli("check")
    assert answer.out.count("ignores query terms") == 1, answer.out
    items = json.loads(cli("check", "--json").out)["items"]
    assert len({json.dumps(one, sort_keys=True) for one in items}) == len(items)

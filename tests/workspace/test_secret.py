from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from deskweave.documents import Reference
from deskweave.errors import CredentialError
from deskweave.workspace.secret import Secrets, read_env


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=one", "one"),
        ("export A=one", "one"),
        ("A = one ", "one"),
        ('A="one # two"', "one # two"),
        ("A='one'", "one"),
        ("A=one # a remark", "one"),
        ("A=one#two", "one#two"),  # no blank before it: part of the value
        ("A=a=b==", "a=b=="),  # base64
        ("A=", ""),
        ("A=密码", "密码"),
        ("# A=one", None),
        ("not a line", None),
    ],
)
def test_env_file(tmp_path: Path, line: str, value: str | None) -> None:
    (tmp_path / ".env.dev").write_text(f"{line}\n", encoding="utf-8")
    assert read_env(tmp_path / ".env.dev").get("A") == value


def test_the_folders_own_file_counts_first(tmp_path: Path) -> None:
    (tmp_path / ".env.dev").write_text("A_TOKEN=folder\n", encoding="utf-8")
    secrets = Secrets(tmp_path, "dev", {"A_TOKEN": "shell", "B_TOKEN": "shell"})
    assert secrets.look_up(Reference("env", "A_TOKEN")) == "folder"
    assert secrets.look_up(Reference("env", "B_TOKEN")) == "shell"
    assert secrets.look_up(Reference("env", "C_TOKEN")) is None


def test_another_environments_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".env.prod").write_text("A_TOKEN=prod\n", encoding="utf-8")
    assert Secrets(tmp_path, "dev", {}).look_up(Reference("env", "A_TOKEN")) is None


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("top-secret\n", encoding="utf-8")
    assert Secrets(tmp_path, "dev", {}).look_up(Reference("file", "key")) == "top-secret"


def test_no_keyring_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("keyring"):
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CredentialError, match="pip install keyring"):
        Secrets(tmp_path, "dev", {}).look_up(Reference("keyring", "snow"))

"""What git says of a folder, asked of real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deskweave.workspace.revisions import revisions

if shutil.which("git") is None:
    pytest.skip("no git on this machine", allow_module_level=True)

WHO = {
    "GIT_AUTHOR_NAME": "李雷",
    "GIT_AUTHOR_EMAIL": "l@x.example",
    "GIT_COMMITTER_NAME": "Build",
    "GIT_COMMITTER_EMAIL": "b@x.example",
}


def git(folder: Path, *arguments: str, at: str = "2026-10-01T09:00:00+08:00") -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= WHO | {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "-c", "commit.gpgsign=false", *arguments], cwd=folder, env=environ, check=True, capture_output=True)


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "client"
    made.mkdir()
    write(made, "deskweave.yaml", "kind: Workspace\n")
    write(made, "practice/practice.yaml", "kind: Practice\n")
    return made


@pytest.fixture
def repository(folder: Path) -> Path:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "First")
    return folder


def test_a_folder_in_no_repository_has_no_revisions(folder: Path) -> None:
    assert revisions(folder) is None


def test_without_git_there_are_no_revisions(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert revisions(repository) is None


def test_a_folder_inside_somebody_elses_repository_has_no_version_of_its_own(repository: Path) -> None:
    demo = repository / "deskweave-demo"
    write(demo, "deskweave.yaml", "kind: Workspace\n")
    assert revisions(demo) is None


def test_an_untagged_commit_is_named_by_its_number(repository: Path) -> None:
    found = revisions(repository)
    assert found is not None
    assert found.commit.startswith(found.version)
    assert (found.author, found.changed, found.tags) == ("李雷", False, ())


def test_every_tag_that_leads_here_is_a_row_newest_first(repository: Path) -> None:
    git(repository, "tag", "-a", "v1.0.0", "-m", "First hand-over | <b>", at="2026-10-02T09:00:00+08:00")
    git(repository, "checkout", "-q", "-b", "other")
    write(repository, "practice/x.yaml", "a: 1\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Elsewhere")
    git(repository, "tag", "v9.9.9")  # on a branch that does not lead here
    git(repository, "checkout", "-q", "-")
    write(repository, "practice/y.yaml", "a: 1\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "二线时限", at="2026-11-01T09:00:00+08:00")
    git(repository, "tag", "v1.1.0")
    found = revisions(repository)
    assert found is not None
    assert found.version == "v1.1.0"
    assert [(tag.name, tag.author, tag.subject) for tag in found.tags] == [
        ("v1.1.0", "李雷", "二线时限"),  # a plain tag speaks with its commit
        ("v1.0.0", "Build", "First hand-over | <b>"),  # one with a message has its own author
    ]
    assert found.tags[1].date.astimezone(UTC) == datetime(2026, 10, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("practice/practice.yaml", True),  # changed
        ("practice/new.yaml", True),  # new, and it would be read
        ("bindings/jira_sm.yaml", True),
        ("by-hand/dev.yaml", True),
        ("practice.en.html", False),  # a handbook rendered here does not make the next one another version
        ("report-2026-11.en.html", False),
        (".deskweave/dev/state.db", False),
    ],
)
def test_only_what_the_handbook_is_made_of_counts_as_changed(repository: Path, name: str, changed: bool) -> None:
    write(repository, name, "something else\n")
    found = revisions(repository)
    assert found is not None
    assert found.changed is changed


def test_the_version_counts_commits_since_the_last_tag(repository: Path) -> None:
    git(repository, "tag", "v2.0.0")
    write(repository, "practice/practice.yaml", "kind: Practice\nid: x\n")
    git(repository, "commit", "-q", "-a", "-m", "More")
    found = revisions(repository)
    assert found is not None
    assert found.version.startswith("v2.0.0-1-g")


def test_a_hook_or_monitor_the_repository_names_is_not_run(repository: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "monitor"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n", encoding="utf-8")
    script.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(script))
    assert revisions(repository) is not None
    assert not ran.exists()


def test_variables_of_a_git_hook_do_not_lead_to_another_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = revisions(repository)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert revisions(repository) == own

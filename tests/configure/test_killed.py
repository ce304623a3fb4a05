"""An apply in a process of its own, killed between a request and its record; the platform goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.configure import read_lock
from deskweave.demo.stage import build
from deskweave.plugins import load_plugins

OPENS = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
CHILD = """
import os, signal, sys
from datetime import datetime, timedelta
from deskweave import workspace

clock = [datetime.fromisoformat(sys.argv[2])]

def wait(until):
    clock[0] = max(clock[0], until)

with workspace.open(sys.argv[1], now=lambda: clock[0], wait=wait, environ={}) as space:
    plan, failures = space.plan()
    assert not failures, failures
    target = type(space.connect(sys.argv[3]).connection.target._inner)
    apply, done = target.apply, []

    def killed(self, change, *, key):
        outcome = apply(self, change, key=key)
        done.append(change)
        if len(done) == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    target.apply = killed
    space.apply(plan)
"""


def names(space: Any, connection: str) -> list[tuple[str, ...]]:
    """Everything that stands there now, as often as it stands there; a choice with its field."""
    source = space.connect(connection).connection.configuration
    return sorted(
        (
            kind,
            *(str(element.attributes.get(part)) for part in ("collection", "field", "name")),
            (element.native or "").rpartition("/")[0],
        )
        for kind in ("field", "choice")
        for element in source.elements(kind, None).items
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 on this system")
@pytest.mark.parametrize(("connection", "after"), [("servicenow", 70), ("feishu", 60), ("jira_sm", 33)])
def test_after_kill_9_nothing_is_made_twice_and_all_of_it_is_ours(tmp_path: Path, connection: str, after: int) -> None:
    plugins = load_plugins()
    stage = build(tmp_path / "desk", [connection], plugins, opens=OPENS, language="en", zone="Asia/Shanghai", seed=1)
    try:
        wanted = {step.key for step in stage.space.plan()[0].writing}
        stage.space.close()
        command = [sys.executable, "-c", CHILD, str(stage.folder), OPENS.isoformat(), connection, str(after)]
        died = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
        stage.clock.set(OPENS + timedelta(seconds=30))  # some of it may still take effect: it has to be waited for

        def wait(until: datetime) -> None:
            stage.clock.set(max(until, stage.clock()))

        with workspace.open(stage.folder, now=stage.clock, plugins=load_plugins(), environ={}, wait=wait) as space:
            plan, failures = space.plan()
            assert not failures
            assert len(plan.writing) == len(wanted) - after
            report = space.apply(plan)
            assert report.is_clean, [result.message for result in report.results if result.state != "done"]
            stage.clock.set(stage.clock() + timedelta(minutes=1))  # the quotas are full again
            there = names(space, connection)
            assert len(there) == len(set(there))
            assert space.plan()[0].is_empty
            entries = read_lock(space.lock_file(connection), connection, space.folder.environment).elements
            assert all(entries[key].made for key in wanted)
    finally:
        stage.close()

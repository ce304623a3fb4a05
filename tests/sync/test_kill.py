"""A process killed with signal 9 while people write; `python -m deskweave.testing.kill --kills 100` is the long version."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signal 9 and forkserver")


def survived(kills: int) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "deskweave.testing.kill", "--kills", str(kills)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"kills={kills} " in told.stdout
    assert "lost=0 doubled=0 different=0" in told.stdout


def test_nothing_is_lost_doubled_or_different_after_kills():
    survived(int(os.environ.get("DESKWEAVE_KILLS", "6")))


@pytest.mark.slow
def test_nor_after_two_hundred():
    survived(200)

"""A process killed with signal 9 while people write; `python -m deskweave.testing.kill --kills 100` is the long version."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="signal 9 and forkserver")
def test_nothing_is_lost_doubled_or_different_after_kills():
    kills = os.environ.get("DESKWEAVE_KILLS", "6")
    told = subprocess.run(
        [sys.executable, "-m", "deskweave.testing.kill", "--kills", kills],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "lost=0 doubled=0 different=0" in told.stdout

"""What takes deliveries, killed with signal 9; `python -m deskweave.testing.kill_serve --deliveries 1000` is the long version."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signal 9 and forkserver")


def survived(deliveries: int, kills: int) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "deskweave.testing.kill_serve", "--deliveries", str(deliveries), "--kills", str(kills)],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    counts = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", told.stdout)}
    assert counts["deliveries"] == deliveries
    assert counts["kills"] == kills
    assert (counts["lost"], counts["doubled"], counts["different"], counts["undone"]) == (0, 0, 0, 0)


def test_no_delivery_is_lost_or_doubled_by_kills():
    survived(40, 2)


@pytest.mark.slow
def test_nor_one_of_a_thousand():
    survived(1000, 200)

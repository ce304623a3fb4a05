"""What starting the command line costs: processor time of `deskweave --help`, the best of five. Goal: under 0.3 s.

python tests/bench/start.py
"""

from __future__ import annotations

import os
import subprocess
import sys


def spent() -> float:
    before = os.times()
    subprocess.run([sys.executable, "-m", "deskweave", "--help"], capture_output=True, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    bare = os.times()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    floor = os.times()
    python = floor.children_user + floor.children_system - bare.children_user - bare.children_system
    best = min(spent() for _ in range(5))
    print(f"deskweave --help  {best:.2f} s of processor time, of which Python itself {python:.2f} s; goal 0.30 s")

"""Importing is cheap: what is heavy comes when something is measured."""

from __future__ import annotations

import subprocess
import sys


def test_heavy_libraries_come_later():
    code = (
        "import sys, deskweave.clock, deskweave.measure, deskweave.measure.report, deskweave.measure.text, deskweave.measure.export;"
        "print([name for name in ('duckdb', 'sqlglot', 'numpy', 'pandas', 'pyarrow') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"

"""The example packages stand in the path as if they were installed; `.ci/run` installs them with pip."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(path.parent) for path in Path(__file__).parent.glob("*/pyproject.toml")]

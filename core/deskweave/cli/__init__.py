"""The command line: one file per command. Each parses, calls the workspace, prints and answers with an exit code; none decides."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main", "run"]


def run(arguments: Sequence[str] | None = None) -> int:
    """One call of `deskweave`, answered with its exit code. Nothing ends the process, so tests and other programs may call it."""
    from deskweave.cli.app import call

    return call(list(sys.argv[1:] if arguments is None else arguments))


def main() -> None:
    """The console script."""
    sys.exit(run())

"""Which commands there are, in the six lines people see, and what stands for the words of other tools."""

from __future__ import annotations

from typing import Final

#: line of `--help` -> its commands, each in `cli/<name>.py`, its subcommands in `cli/<name>/<sub>.py`.
#: Hyphens are underscores in file names.
LINES: Final[dict[str, tuple[str, ...]]] = {
    "write": ("init", "practice", "people"),
    "connect": ("check", "trust", "pause", "resume"),
    "configure": ("plan", "apply"),
    "run": ("sync", "serve", "status", "show", "explain", "conflicts", "parked", "store"),
    "measure": ("kpi", "report", "import-log", "export"),
    "workshop": ("demo", "emulate", "plugins"),
}
COMMANDS: Final = tuple(name for line in LINES.values() for name in line)
#: commands that work on a folder, so that `-C` and `--env` mean something to them
ABOUT_A_FOLDER: Final = frozenset(COMMANDS) - {"init", "demo", "emulate", "plugins"}
SUBCOMMANDS: Final = {
    "practice": ("show", "lint", "diff", "render", "import", "export", "adopt", "upgrade"),
    "store": ("backup", "restore", "copy", "rebuild", "inbox"),
}

#: commands whose answer is a page: they understand `--format html`
PAGES: Final = (("practice", "render"),)

#: words of other tools -> ours
ELSEWHERE: Final = {
    "validate": "practice lint",
    "lint": "practice lint",
    "fetch": "plan",
    "import": "plan",
    "refresh": "plan",
    "preview": "plan",
    "diff": "plan",
    "deploy": "apply",
    "push": "apply",
    "up": "apply",
    "debug": "check",
    "test": "check",
    "doctor": "check",
    "ping": "check",
    "run": "sync",
    "pull": "sync",
    "list": "status",
    "ls": "status",
    "get": "show",
    "why": "explain",
    "history": "explain",
    "metrics": "kpi",
    "new": "init",
    "start": "init",
    "adopt": "practice adopt",
}
#: commands of the plan that this version does not have yet
LATER: Final = (
    "login", "permissions", "leave", "discover", "drift", "by-hand", "audit", "review", "bundle",
    "each",
)  # fmt: skip

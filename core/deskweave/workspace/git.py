"""Git, asked as a program about a folder: never through a shell, and so that nothing a repository names is run.

What it answers is a stranger's text.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

_SECONDS: Final = 60
#: Nothing a repository's own configuration may name is run, and nothing is asked of a person.
_QUIET: Final = (
    "-c", "core.fsmonitor=false",
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "log.showSignature=false",
    "-c", "core.quotePath=false",
    "--no-pager",
    "--no-optional-locks",
)  # fmt: skip


class NoGit(Exception):
    """Git is not installed, or not on the path."""


class GitRefused(Exception):
    """Git said no, in its own words, or did not answer in time."""


def git(where: Path, *arguments: str, told: bytes | None = None) -> bytes:
    """What git answers, asked in the folder `where`.

    Args:
        where: the folder.
        arguments: the command and its arguments.
        told: what it reads from its standard input.

    Raises:
        NoGit: it cannot be started.
        GitRefused: it said no.
    """
    # variables that a hook or a shell sets would make it speak of another repository
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *_QUIET, *arguments],
            cwd=where,
            env=environ,
            input=b"" if told is None else told,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        raise NoGit(str(error)) from error
    except subprocess.SubprocessError as error:
        raise GitRefused(str(error)) from error
    if done.returncode:
        raise GitRefused(done.stderr.decode("utf-8", "replace").strip())
    return done.stdout

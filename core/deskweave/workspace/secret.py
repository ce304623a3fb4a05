"""Where secrets come from: `.env.<environment>` of the folder, the environment, files, the keyring. What is secret is redacted."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deskweave.documents import Reference
from deskweave.errors import CredentialError

KEYRING_SERVICE: Final = "deskweave"
_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


def read_env(path: Path) -> dict[str, str]:
    """The names and values of a `.env` file; nothing is exported. A file that is not there is empty.

    `NAME=value`, `export NAME="value"`, comments from `#` at the start of a line or after a blank where the value is unquoted.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        value = match[2]
        if len(value) >= 2 and value[0] in "'\"" and value.endswith(value[0]):
            value = value[1:-1]
        else:
            value = re.split(r"\s#", value, maxsplit=1)[0].rstrip()
        found[match[1]] = value
    return found


class Secrets:
    """Answers references of one folder and environment.

    The folder's own `.env.<environment>` counts before the process's environment: a consultant's shell may still hold the variables
    of another client, and names repeat. Whether a value is a secret depends on the key it stands under, so whoever resolves the
    settings tells the redactor, not this class: an address may well come from a variable.
    """

    def __init__(self, root: Path, environment: str, environ: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._environ = os.environ if environ is None else environ
        self._file = read_env(root / f".env.{environment}")
        self.file_name = f".env.{environment}"

    def look_up(self, reference: Reference) -> str | None:
        """The value, or None where there is none.

        Raises:
            CredentialError: a keyring is asked for and there is none on this machine.
        """
        match reference.kind:
            case "env":
                value = self._file.get(reference.name, self._environ.get(reference.name))
            case "file":
                path = Path(reference.name)
                value = (path if path.is_absolute() else self._root / path).read_text(encoding="utf-8").rstrip("\r\n")
            case _:
                value = _from_keyring(reference.name)
        return value or None


def _from_keyring(name: str) -> str | None:
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]  # an extra: most people use .env files
        import keyring.errors  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        message = f"${{keyring:{name}}} needs the package keyring, which is not installed: pip install keyring, or use ${{NAME}}"
        raise CredentialError(message) from None
    try:
        value = keyring.get_password(KEYRING_SERVICE, name)
    except keyring.errors.KeyringError as error:
        message = f"the keyring of this machine cannot be used ({type(error).__name__}); use ${{NAME}} instead"
        raise CredentialError(message) from None
    return value if isinstance(value, str) else None

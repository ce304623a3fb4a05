"""Secrets never reach a log, an exception or a trace."""

from __future__ import annotations

import base64
from collections.abc import Iterable

_HIDDEN = "[secret]"


class Redactor:
    """Knows every secret that was resolved and takes it out of any text, plain, URL-quoted or in basic credentials."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a secret; shorter than four characters it would blot out ordinary words, and is no secret."""
        from urllib.parse import quote

        if len(secret) >= 4:
            self._secrets |= {secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()}

    def clean(self, text: str) -> str:
        """`text` without any known secret."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text

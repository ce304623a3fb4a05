"""Secrets that a platform rotates. Until they can be sealed, none is kept: a secret in plain text would be worse."""

from __future__ import annotations

from deskweave.errors import CredentialError


class StoreVault:
    """`connector.Vault`. Every call says that rotating secrets are not available yet; it never stores one unsealed."""

    def __init__(self, connection: str) -> None:
        self._connection = connection

    def read(self, name: str) -> str:
        raise self._unavailable(name)

    def rotate(self, name: str, old: str, new: str) -> bool:
        raise self._unavailable(name)

    def _unavailable(self, name: str) -> CredentialError:
        return CredentialError(
            f"{self._connection} needs the rotating secret {name}, and this version cannot seal secrets in the store yet. "
            "Use a kind of sign-in whose secret does not change (client credentials, API token).",
            connection=self._connection,
        )

"""References of priority matrices and service levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskweave.findings import Finding
from deskweave.practice.references.terms import References


def check_priority_matrix(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    yield from ()


def check_service_level(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    yield from ()

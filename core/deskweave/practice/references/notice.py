"""References of channels and templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskweave.findings import Finding
from deskweave.practice.references.terms import References


def check_channels(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    yield from ()


def check_template(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    yield from ()

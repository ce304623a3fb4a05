"""What tests of the practice share: the built-in practice, and a client's files composed over it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deskweave.documents import read
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.practice import Practice, builtin, compose

HEAD = "apiVersion: deskweave/v1\n"
TOP = (
    HEAD
    + "kind: Practice\nid: acme\nversion: '1'\nlabel: {en: A, zh: 甲}\nlanguages: [en]\nzone: Asia/Shanghai\nextends: [deskweave:service-desk@1]\n"
)


def over_the_pack(text: str) -> Practice:
    return compose([*read(TOP, "practice.yaml"), *read(HEAD + text, "f.yaml")])


@pytest.fixture(scope="session")
def practice() -> Practice:
    """The built-in practice."""
    return builtin()


@pytest.fixture(scope="session")
def composed() -> Callable[[str], Practice]:
    """Composes one file of a client over the built-in pack."""
    return over_the_pack


@pytest.fixture(scope="session")
def findings() -> Callable[[str], list[Finding]]:
    """Everything that is said about one file of a client; all of it can be encoded in GBK."""

    def told(text: str) -> list[Finding]:
        with pytest.raises(DocumentError) as caught:
            over_the_pack(text)
        for finding in caught.value.findings:
            (finding.message + finding.remedy).encode("gbk")
        return list(caught.value.findings)

    return told

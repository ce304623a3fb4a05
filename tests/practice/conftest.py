"""What tests of the practice share: the built-in practice, and a client's files composed over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from deskweave.documents import read
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.practice import Overlay, Practice, builtin, compose

HEAD = "apiVersion: deskweave/v1\n"
TOP = (
    HEAD
    + "kind: Practice\nid: acme\nversion: '1'\nlabel: {en: A, zh: 甲}\nlanguages: [zh, en]\nzone: Asia/Shanghai\nextends: [deskweave:service-desk@1]\n"
)


def over_the_pack(*texts: str, top: str = "", overlays: Sequence[Overlay] = ()) -> Practice:
    files = [read(TOP + top, "practice.yaml"), *(read(HEAD + text, "f.yaml") for text in texts)]
    return compose([document for file in files for document in file], overlays=overlays)


@pytest.fixture(scope="session")
def practice() -> Practice:
    """The built-in practice."""
    return builtin()


@pytest.fixture(scope="session")
def composed() -> Callable[..., Practice]:
    """Composes files of a client, what `top` adds to its practice.yaml, and `overlays`, over the built-in pack."""
    return over_the_pack


@pytest.fixture(scope="session")
def findings() -> Callable[..., list[Finding]]:
    """Everything that is said about files of a client; all of it can be encoded in GBK."""

    def told(*texts: str, top: str = "") -> list[Finding]:
        with pytest.raises(DocumentError) as caught:
            over_the_pack(*texts, top=top)
        for finding in caught.value.findings:
            (finding.message + finding.remedy).encode("gbk")
        return list(caught.value.findings)

    return told

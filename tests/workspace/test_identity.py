from __future__ import annotations

import pytest

from deskweave.connector import InstanceIdentity
from deskweave.store import Install
from deskweave.workspace import Stopped
from deskweave.workspace.identity import check_mark, check_pinned, shown

OURS = Install("01INSTALL", 2)


def instance(
    address: str = "https://acme.example", name: str = "3f2a", planted: str | None = None, epoch: str | None = None
) -> InstanceIdentity:
    return InstanceIdentity(address, name, planted, epoch)


@pytest.mark.parametrize(
    ("pinned", "live", "stops"),
    [
        (None, instance(), False),  # first contact
        (instance(), instance(), False),
        (instance(), instance("https://ACME.example/"), False),  # the same place, written otherwise
        (instance(), instance(name="77b1"), True),  # another instance at our address
        (instance(), instance("https://acmetest.example"), True),  # a clone says the same name elsewhere
    ],
)
def test_pinned(pinned: InstanceIdentity | None, live: InstanceIdentity, stops: bool) -> None:
    if not stops:
        check_pinned("snow", pinned, live, "bindings/snow.dev.lock.yaml")
        return
    with pytest.raises(Stopped) as raised:
        check_pinned("snow", pinned, live, "bindings/snow.dev.lock.yaml")
    assert pinned is not None
    assert pinned.instance in str(raised.value)
    assert live.instance in str(raised.value)
    assert raised.value.next == "deskweave trust snow"


@pytest.mark.parametrize(
    ("live", "rule"),
    [
        (instance(), None),  # nobody has left a mark
        (instance(planted="01INSTALL", epoch="2"), None),
        (instance(planted="01INSTALL", epoch="1"), None),  # we were restored since: ours is the later one
        (instance(planted="01INSTALL", epoch="3"), "old-store"),
        (instance(planted="01OTHER", epoch="1"), "other-install"),
        (instance(planted="", epoch=None), "other-install"),  # an empty mark is not ours
    ],
)
def test_mark(live: InstanceIdentity, rule: str | None) -> None:
    if rule is None:
        check_mark("snow", live, OURS, "x")
        return
    with pytest.raises(Stopped) as raised:
        check_mark("snow", live, OURS, "x")
    assert raised.value.rule == rule


def test_an_instance_called_by_its_address_is_shown_once() -> None:
    assert shown(InstanceIdentity("http://127.0.0.1:8011", "127.0.0.1:8011", None, None)) == "127.0.0.1:8011"
    assert shown(InstanceIdentity("http://127.0.0.1:8011", "acme", None, None)) == "acme (127.0.0.1:8011)"

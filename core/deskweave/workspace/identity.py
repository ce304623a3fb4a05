"""Which instance answers, and whether it is the one this folder was made for: clones, swaps and second installs."""

from __future__ import annotations

from urllib.parse import urlsplit

from deskweave.connector import InstanceIdentity
from deskweave.store import Install
from deskweave.workspace.stop import Stopped


def shown(identity: InstanceIdentity) -> str:
    """An instance as people know it: what it says it is, and its host."""
    where = place(identity.address)
    return f"{identity.instance} ({where})" if identity.instance and identity.instance.lower() != where else where


def place(address: str) -> str:
    """Host and port of an address, with the path where one belongs to it."""
    parts = urlsplit(address)
    return (parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")).lower() if parts.netloc else address


def same(pinned: InstanceIdentity, live: InstanceIdentity) -> bool:
    """Whether the instance that answers is the pinned one, at the address it was pinned at."""
    return pinned.instance == live.instance and place(pinned.address) == place(live.address)


def check_pinned(name: str, pinned: InstanceIdentity | None, live: InstanceIdentity, lock_file: str) -> None:
    """Refuse another instance than the one in the lock file.

    Raises:
        Stopped: with both names. It holds for reading too: another client's records have no business in this store.
    """
    if pinned is None or same(pinned, live):
        return
    message = (
        f"{name}: this folder was made for {shown(pinned)}, and {shown(live)} answers. Nothing was read or written. "
        f"Is the address right? The pinned instance stands in {lock_file}."
    )
    values = {"pinned": shown(pinned), "live": shown(live), "file": lock_file}
    raise Stopped("wrong-instance", message, next=f"deskweave trust {name}", connection=name, values=values)


def older(live: InstanceIdentity, install: Install) -> bool:
    """Whether our own mark there is of an earlier epoch: until it is renewed, an old copy of the store would not be noticed."""
    return live.planted == install.id and (live.epoch or "").isdecimal() and int(live.epoch or 0) < install.epoch


def check_mark(name: str, live: InstanceIdentity, install: Install, lock_file: str) -> None:
    """Refuse to write where another store of Deskweave writes, or where this store has been younger than it is now.

    Raises:
        Stopped: another install's mark, or a higher epoch than ours (a restored copy of this store).
    """
    if live.planted is None:
        return
    if live.planted != install.id:
        message = (
            f"{name}: {shown(live)} carries the mark of another Deskweave store ({live.planted[:12]}; this one is "
            f"{install.id[:12]}). Two stores that write to one instance double every record. Nothing was written. "
            "Was this one lost or emptied: deskweave store rebuild."
        )
        values = {"live": shown(live), "theirs": live.planted[:12], "ours": install.id[:12], "file": lock_file}
        raise Stopped("other-install", message, next=f"deskweave trust {name}", connection=name, values=values)
    if live.epoch is not None and live.epoch.isdecimal() and int(live.epoch) > install.epoch:
        message = (
            f"{name}: {shown(live)} has been written to by a later state of this store (epoch {live.epoch}; this one is "
            f"{install.epoch}). This looks like an old copy. Nothing was written. Put the later one back; is it lost:"
        )
        values = {"live": shown(live), "theirs": live.epoch, "ours": str(install.epoch), "file": lock_file}
        raise Stopped("old-store", message, next="deskweave store rebuild", connection=name, values=values)

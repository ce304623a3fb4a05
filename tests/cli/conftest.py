"""The command line in this process: arguments in, exit code and both streams out; a clock that stands still until it is turned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave import workspace
from deskweave.cli.app import call
from deskweave.emulation import TurnedTime
from deskweave.ledger import Entry, Ledger, Posting
from deskweave.model import FieldId, InquiryId
from deskweave.plugins import Plugins, load_plugins
from deskweave.workspace.scaffold import NewConnection, write_folder

START = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


Cli = Callable[..., Answer]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    return load_plugins()


@pytest.fixture
def clock() -> TurnedTime:
    return TurnedTime(START)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, plugins: Plugins, clock: TurnedTime) -> Cli:
    """`cli("init", "--lang", "zh")` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def wait(until: datetime) -> None:
        clock.set(max(clock(), until) + timedelta(seconds=1))

    def run(*arguments: str) -> Answer:
        capfd.readouterr()
        clock.advance(timedelta(seconds=2))
        code = call(list(arguments), now=clock, wait=wait, plugins=plugins)
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def snow(plugins: Plugins, clock: TurnedTime) -> Iterator[Any]:
    """A ServiceNow of our own."""
    emulator = plugins.connectors["servicenow"].emulator
    assert emulator is not None
    running = emulator.start(port=0, seed=1, now=clock)
    yield running
    running.stop()


@pytest.fixture
def feishu(plugins: Plugins, clock: TurnedTime) -> Iterator[Any]:
    emulator = plugins.connectors["feishu"].emulator
    assert emulator is not None
    running = emulator.start(port=0, seed=1, now=clock)
    yield running
    running.stop()


@pytest.fixture
def folder(tmp_path: Path, plugins: Plugins) -> Callable[..., Path]:
    """Write a folder connected to running emulators: `folder(access="write", servicenow=snow)`."""

    def write(*, access: str = "read", environments: tuple[str, ...] = (), language: str = "en", **running: Any) -> Path:
        write_folder(
            tmp_path,
            id="acme",
            now=START,
            plugins=plugins,
            language=language,
            zone="Asia/Shanghai",
            since=START - timedelta(days=1),
            environments=environments,
            connections=[
                NewConnection(name=name, plugin=name, access=access, settings=one.settings("admin"))
                for name, one in running.items()
            ],
        )
        return tmp_path

    return write


MONDAY = datetime(2026, 11, 16, 2, tzinfo=UTC)  # 10:00 in Shanghai
SECRET = "li.wei@example.com"


class Desk:
    """Inquiries written into the store of a folder, as reading a platform would."""

    def __init__(self, root: Path, clock: TurnedTime) -> None:
        self.root, self.clock = root, clock
        self.ids: dict[str, InquiryId] = {}
        with workspace.open(root, now=clock) as space:
            self.practice = space.practice

    def say(self, name: str, *changes: tuple[str, Any, datetime]) -> None:
        """Events of one inquiry, recorded now."""
        with workspace.open(self.root, now=self.clock) as space:
            practice, store = self.practice, space.store
            ledger = Ledger(store, fields=practice.fields, statuses=practice.statuses, practice=practice.digest)
            new = name not in self.ids
            self.ids.setdefault(name, InquiryId(store.new_id()))
            entries = [
                Entry(
                    field=FieldId(field),
                    new=value,
                    at=at,
                    source="connection:desk",
                    origin_id=store.new_id(),
                    actor=f"desk:{SECRET}",
                )
                for field, value, at in changes
            ]
            with store.write() as tx:
                ledger.commit(tx, [Posting(inquiry=self.ids[name], entries=entries, new=new)], settled=None)

    def inquiry(self, name: str, minutes: int | None, **values: Any) -> None:
        """Submitted on Monday, answered after so many minutes, closed an hour later; None: not answered yet."""
        changes = [("submitted_at", MONDAY, MONDAY), *((key, value, MONDAY) for key, value in values.items())]
        changes.append(("status", "awaiting_acceptance", MONDAY))
        if minutes is not None:
            answered = MONDAY + timedelta(minutes=minutes)
            changes += [("status", "in_progress", answered), ("status", "closed", answered + timedelta(hours=1))]
        self.say(name, *changes)


@pytest.fixture
def desk(cli: Any, tmp_path: Path, clock: TurnedTime) -> Desk:
    """INQ-1 and INQ-2 answered in time, INQ-3 late, INQ-4 waits, INQ-5 answered before it was submitted, INQ-6 in October."""
    assert cli("init", "--id", "acme", "--zone", "Asia/Shanghai", "--lang", "en", "--connection", "desk:feishu").code == 0
    clock.set(datetime(2026, 11, 20, tzinfo=UTC))
    made = Desk(tmp_path, clock)
    made.inquiry("one", 3, channel="phone", requester=SECRET)
    made.inquiry("two", 5, channel="feishu")
    made.inquiry("three", 12, channel="phone")
    made.inquiry("four", None, channel="phone")
    made.inquiry("five", -9, channel="feishu")
    october = MONDAY - timedelta(days=30)
    made.say("six", ("submitted_at", october, october), ("status", "awaiting_acceptance", october))
    clock.set(datetime(2026, 12, 2, tzinfo=UTC))
    return made

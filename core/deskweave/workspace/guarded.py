"""A connection as the engines get it: nothing is written under `access: read`, and the first write of all is our mark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import BinaryIO, Literal

from deskweave.connector import (
    Artifact,
    Attachments,
    Capabilities,
    ConfigurationSource,
    ConfigurationTarget,
    Connection,
    Delivery,
    Draft,
    Element,
    ElementChange,
    Expression,
    InstanceIdentity,
    Mapper,
    Messages,
    MetricResult,
    Outcome,
    Outreach,
    Page,
    Patch,
    People,
    PersonKey,
    PersonMatch,
    Prompt,
    RawRequest,
    RecordSink,
    RecordSource,
    Ref,
    RemoteFile,
    RemoteGroup,
    RemoteMessage,
    RemotePerson,
    Scoreboard,
    Subscription,
    WebhookReceiver,
)
from deskweave.errors import RemoteError
from deskweave.findings import Finding
from deskweave.model import Binding, InternalFile, InternalMessage, PublicFile, PublicMessage

Before = Callable[[], None]


class GuardedConnection:
    """A connector's connection with `before` called ahead of everything that writes.

    `before` raises SafetyStop under `access: read`; under `access: write` it plants our mark once, before the first write.
    Reading facets are the connector's own.
    """

    def __init__(self, inner: Connection, before: Before) -> None:
        self._inner, self._before = inner, before

    @property
    def capabilities(self) -> Capabilities:
        return self._inner.capabilities

    @property
    def identity(self) -> InstanceIdentity:
        return self._inner.identity

    @property
    def records(self) -> RecordSource | None:
        return self._inner.records

    @property
    def sink(self) -> RecordSink | None:
        sink = self._inner.sink
        return None if sink is None else _Sink(sink, self._before)

    @property
    def messages(self) -> Messages | None:
        messages = self._inner.messages
        return None if messages is None else _Messages(messages, self._before)

    @property
    def attachments(self) -> Attachments | None:
        attachments = self._inner.attachments
        return None if attachments is None else _Attachments(attachments, self._before)

    @property
    def people(self) -> People | None:
        people = self._inner.people
        return None if people is None else _People(people, self._before)

    @property
    def outreach(self) -> Outreach | None:
        outreach = self._inner.outreach
        return None if outreach is None else _Outreach(outreach, self._before)

    @property
    def configuration(self) -> ConfigurationSource | None:
        return self._inner.configuration

    @property
    def target(self) -> ConfigurationTarget | None:
        target = self._inner.target
        return None if target is None else _Target(target, self._before)

    @property
    def scoreboard(self) -> Scoreboard | None:
        scoreboard = self._inner.scoreboard
        return None if scoreboard is None else _Scoreboard(scoreboard, self._before)

    @property
    def webhooks(self) -> WebhookReceiver | None:
        webhooks = self._inner.webhooks
        return None if webhooks is None else _Webhooks(webhooks, self._before)

    def mapper(self, binding: Binding) -> Mapper:
        return self._inner.mapper(binding)

    def plant_identity(self, install: str, epoch: str) -> None:
        self._before()
        self._inner.plant_identity(install, epoch)

    def close(self) -> None:
        self._inner.close()


class _Sink:
    def __init__(self, inner: RecordSink, before: Before) -> None:
        self._inner, self._before = inner, before

    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        self._before()
        return self._inner.create(drafts)

    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        self._before()
        return self._inner.patch(patches)

    def delete(self, refs: Sequence[Ref]) -> Sequence[Outcome]:
        self._before()
        return self._inner.delete(refs)


class _Messages:
    def __init__(self, inner: Messages, before: Before) -> None:
        self._inner, self._before = inner, before

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        return self._inner.changes(collection, since, resume)

    def of(self, parent: Ref, resume: str | None) -> Page[RemoteMessage]:
        return self._inner.of(parent, resume)

    def say(self, parent: Ref, message: PublicMessage, *, corr: str, key: str) -> Outcome:
        self._before()
        return self._inner.say(parent, message, corr=corr, key=key)

    def note(self, parent: Ref, message: InternalMessage, *, corr: str, key: str) -> Outcome:
        self._before()
        return self._inner.note(parent, message, corr=corr, key=key)


class _Attachments:
    def __init__(self, inner: Attachments, before: Before) -> None:
        self._inner, self._before = inner, before

    def of(self, parent: Ref, resume: str | None) -> Page[RemoteFile]:
        return self._inner.of(parent, resume)

    def open(self, file: RemoteFile) -> AbstractContextManager[BinaryIO]:
        return self._inner.open(file)

    def add_public(self, parent: Ref, file: PublicFile, content: BinaryIO, *, corr: str, key: str) -> Outcome:
        self._before()
        return self._inner.add_public(parent, file, content, corr=corr, key=key)

    def add_internal(self, parent: Ref, file: InternalFile, content: BinaryIO, *, corr: str, key: str) -> Outcome:
        self._before()
        return self._inner.add_internal(parent, file, content, corr=corr, key=key)


class _People:
    def __init__(self, inner: People, before: Before) -> None:
        self._inner, self._before = inner, before

    def look_up(self, keys: Sequence[PersonKey]) -> Sequence[PersonMatch]:
        return self._inner.look_up(keys)

    def fetch(self, accounts: Sequence[str]) -> Sequence[RemotePerson | None]:
        return self._inner.fetch(accounts)

    def groups(self, resume: str | None) -> Page[RemoteGroup]:
        return self._inner.groups(resume)

    def enrol(self, name: str, keys: Sequence[PersonKey], *, key: str) -> Outcome:
        self._before()
        return self._inner.enrol(name, keys, key=key)


class _Outreach:
    def __init__(self, inner: Outreach, before: Before) -> None:
        self._inner, self._before = inner, before
        self.reliability: Literal["low", "normal", "high"] = inner.reliability

    def send(self, to: PersonKey, message: PublicMessage, prompt: Prompt | None, *, corr: str, key: str) -> Outcome:
        self._before()
        return self._inner.send(to, message, prompt, corr=corr, key=key)

    def revise(self, sent: Ref, message: PublicMessage, prompt: Prompt | None, *, key: str) -> Outcome:
        self._before()
        return self._inner.revise(sent, message, prompt, key=key)


class _Target:
    def __init__(self, inner: ConfigurationTarget, before: Before) -> None:
        self._inner, self._before = inner, before
        self.kinds = inner.kinds

    def express(self, wanted: Sequence[Element], live: Sequence[Element]) -> Expression:
        return self._inner.express(wanted, live)

    def preflight(self, changes: Sequence[ElementChange]) -> Sequence[Finding]:
        return self._inner.preflight(changes)

    def apply(self, change: ElementChange, *, key: str) -> Outcome:
        self._before()
        return self._inner.apply(change, key=key)

    def artifacts(self, changes: Sequence[ElementChange]) -> Sequence[Artifact]:
        return self._inner.artifacts(changes)


class _Scoreboard:
    def __init__(self, inner: Scoreboard, before: Before) -> None:
        self._inner, self._before = inner, before

    def publish(self, results: Sequence[MetricResult]) -> Sequence[Outcome]:
        self._before()
        return self._inner.publish(results)


class _Webhooks:
    def __init__(self, inner: WebhookReceiver, before: Before) -> None:
        self._inner, self._before = inner, before

    def receive(self, request: RawRequest) -> Delivery:
        return self._inner.receive(request)

    def subscribe(self, url: str) -> Sequence[Subscription]:
        self._before()
        return self._inner.subscribe(url)

    def renew(self, subscriptions: Sequence[Subscription]) -> Sequence[Subscription]:
        self._before()
        return self._inner.renew(subscriptions)

    def cancel(self, subscriptions: Sequence[Subscription]) -> None:
        self._before()
        self._inner.cancel(subscriptions)


class SilentConnection(GuardedConnection):
    """A connection whose platform does not answer: it can do nothing, and its mapper still reads what the store holds."""

    def __init__(self, inner: Connection, error: RemoteError) -> None:
        def refuse() -> None:
            raise error

        super().__init__(inner, refuse)
        self._error = error

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(collections={}, rates=(), max_parallel=1, lost=(), probed_at=datetime.min.replace(tzinfo=UTC))

    @property
    def identity(self) -> InstanceIdentity:
        raise self._error

    @property
    def records(self) -> RecordSource | None:
        return None

    @property
    def messages(self) -> Messages | None:
        return None

"""One connection from its settings: secrets resolved, plugin found, session opened, identity checked, writes guarded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from deskweave.configure import Lock, lock_path, read_lock, write_lock
from deskweave.connector import Connection, Connector, InstanceIdentity
from deskweave.documents import HOST_KEYS, check_settings, expand, in_order, problem, references, split
from deskweave.errors import DeskweaveError, DocumentError, PluginError, RemoteError
from deskweave.findings import Finding
from deskweave.http import ConnectionKit, MemoryBudget, Observation, open_session
from deskweave.http.redaction import Redactor
from deskweave.model import ConnectionName, Json
from deskweave.plugins import Plugins
from deskweave.workspace.folder import Entry, Folder
from deskweave.workspace.guarded import GuardedConnection
from deskweave.workspace.identity import check_mark, check_pinned, older
from deskweave.workspace.secret import Secrets
from deskweave.workspace.stop import Stopped

if TYPE_CHECKING:
    from deskweave.store import Store
    from deskweave.workspace.workspace import Failure, Workspace


def find_connector(entry: Entry, plugins: Plugins) -> Connector:
    """The connector an entry names.

    Raises:
        DocumentError: no installed plugin brings it; a broken one is named with its reason.
    """
    connector = plugins.connectors.get(entry.plugin)
    if connector is not None:
        return connector
    broken = next((one for one in plugins.broken if one.name == entry.plugin), None)
    message = f"no installed plugin brings the connector {entry.plugin!r}" + (f"; it is broken: {broken.reason}" if broken else "")
    known = tuple(sorted(plugins.connectors))
    remedy = "deskweave plugins lists what is there"
    raise DocumentError(
        [problem("unknown-plugin", entry.place, entry.plugin, message, allowed=known, word=entry.plugin, remedy=remedy)]
    )


def check_entry(folder: Folder, entry: Entry, connector: Connector) -> list[Finding]:
    """An entry's settings as they stand in the file: shape, unknown keys, secrets written out. Nothing is resolved or sent."""
    schema, path = connector.settings_schema(), f"/connections/{entry.name}"
    findings = []
    for finding in check_settings(folder.document, path, schema, ignore=_not_in(schema)):
        if finding.rule in ("wrong-form", "not-allowed", "out-of-bounds", "wrong-type") and _is_reference(folder, finding):
            continue  # ${NAME} is judged by what it stands for, once that is known
        findings.append(finding)
    return findings


def resolve_settings(
    folder: Folder, entry: Entry, connector: Connector, secrets: Secrets, redactor: Redactor
) -> Mapping[str, Json]:
    """An entry with every reference replaced, checked again; its secrets are known to the redactor before anything else sees them.

    Raises:
        DocumentError: a reference leads nowhere, or what it stands for is not what the plugin expects.
    """
    schema, path = connector.settings_schema(), f"/connections/{entry.name}"
    findings = check_entry(folder, entry, connector)
    if findings:
        raise DocumentError(findings)
    value = expand(folder.document, path, secrets.look_up, env_file=secrets.file_name)
    learn_password(value.get("proxy") if isinstance(value, Mapping) else None, redactor)
    settings: dict[str, Json] = dict(value) if isinstance(value, Mapping) else {}
    settings.setdefault("plugin", entry.plugin)
    settings.setdefault("access", entry.access)
    for finding in check_settings(folder.document, path, schema, ignore=_not_in(schema), value=settings):
        if finding.rule == "secret-literal":  # resolved now, so every writeOnly value looks like one: here is where they stand
            found = _at(settings, split(finding.place.path)[2:])
            if isinstance(found, str):
                redactor.learn(found)
        else:
            findings.append(finding)
    if findings:
        raise DocumentError(in_order(findings))
    return settings


def learn_password(address: object, redactor: Redactor) -> None:
    """An address is no secret, but a sign-in may stand in it."""
    if isinstance(address, str) and "@" in address:
        _, _, password = address.partition("://")[2].rpartition("@")[0].partition(":")
        redactor.learn(password)
        redactor.learn(unquote(password))


def _not_in(schema: Mapping[str, Any]) -> frozenset[str]:
    """Host keys the plugin's schema says nothing about: they are not the plugin's to refuse."""
    properties = schema.get("properties")
    return HOST_KEYS - frozenset(properties if isinstance(properties, Mapping) else ())


def _is_reference(folder: Folder, finding: Finding) -> bool:
    return bool(references(_at(folder.document.body, split(finding.place.path))))


def _at(value: Any, parts: tuple[str, ...]) -> Any:
    for part in parts:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, (list, tuple)) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


@dataclass(slots=True, kw_only=True)
class Opened:
    """A connection that stands. `connection` is guarded; `inner` is the connector's own, for reading what it says of itself."""

    name: str
    entry: Entry
    connector: Connector
    inner: Connection
    connection: GuardedConnection
    identity: InstanceIdentity
    pinned_now: bool  #: first contact: the lock file has just been written
    verify: Callable[[], None]  #: asks again who answers; raises as opening does where that is another one by now
    notes: list[Finding] = field(default_factory=list)

    def close(self) -> None:
        self.inner.close()


class Connecting:
    """Opens the connections of one folder and environment."""

    def __init__(
        self,
        folder: Folder,
        plugins: Plugins,
        *,
        now: Callable[[], datetime],
        redactor: Redactor,
        secrets: Secrets,
        observe: Callable[[Observation], None] | None = None,
    ) -> None:
        self._folder, self._plugins, self._now = folder, plugins, now
        self._redactor, self._secrets, self._observe = redactor, secrets, observe
        self._opened: dict[ConnectionName, Opened] = {}
        self.silent: dict[ConnectionName, Connection] = {}  #: connected, and then the platform did not say who it is

    def connect(self, entry: Entry, store: Store, *, marks: bool = True) -> Opened:
        """A connection, opened once. See `open`."""
        if entry.name not in self._opened:
            self._opened[entry.name] = self.open(entry, store, marks=marks)
        return self._opened[entry.name]

    def trust(self, entry: Entry, store: Store) -> tuple[Opened, Lock]:
        """See `Workspace.trust`."""
        opened = self.open(entry, store, check=False)
        path = lock_path(self._folder.root, entry.name, self._folder.environment)
        before = read_lock(path, entry.name, self._folder.environment)
        moved = before.identity is not None and before.identity.instance != opened.identity.instance
        # ids of another instance mean nothing here; keeping them would write into whatever carries the same number
        elements = {} if moved else before.elements
        write_lock(path, replace(before, identity=pin(opened.identity), elements=elements))
        if entry.access == "write" and opened.identity.planted not in (None, store.install.id):
            opened.inner.plant_identity(store.install.id, str(store.install.epoch))
        earlier = self._opened.pop(entry.name, None)
        if earlier is not None:
            earlier.close()
        self._opened[entry.name] = opened
        return opened, before

    def close(self) -> None:
        """Close all of them. Whatever a plugin raises while closing does not keep the others open."""
        for opened in self._opened.values():
            try:
                opened.close()
            except Exception as error:  # noqa: BLE001  a stranger's close must not keep the store open
                self._plugins.faults.append(PluginError(opened.entry.plugin, "close", f"{type(error).__name__}: {error}"))
        self._opened.clear()
        for inner in self.silent.values():
            inner.close()
        self.silent.clear()

    def open(self, entry: Entry, store: Store, *, check: bool = True, marks: bool = True) -> Opened:
        """Connect, and hold what answers against the lock file.

        Args:
            entry: which connection.
            store: whose install the marks are.
            check: refuse another instance (`trust` looks without refusing).
            marks: refuse another store's mark.

        Raises:
            DocumentError: the settings.
            RemoteError: the platform cannot be reached or refuses us.
            Stopped: it is another instance than the pinned one.
            PluginError: the plugin raised something that is none of our errors.
        """
        connector, settings, kit, budget = self._prepared(entry, store)
        try:
            inner = connector.connect(settings, kit)
            try:
                opened = self._identified(entry, connector, inner, budget, store, check, marks)
            except RemoteError:
                self.silent[entry.name] = inner  # its mapper is still good: what is stored of it stays readable
                raise
            except BaseException:
                inner.close()
                raise
            self.silent.pop(entry.name, None)
            return opened
        except DeskweaveError:
            kit.http.close()
            raise
        except Exception as error:
            kit.http.close()
            raise PluginError(entry.plugin, "connect", f"{type(error).__name__}: {error}") from error

    def unasked(self, entry: Entry, store: Store) -> Connection:
        """A connection of which the platform knows nothing: to take deliveries while it does not answer. It may not write.

        Raises:
            DocumentError: the settings.
            RemoteError: the connector refuses them.
            PluginError: the plugin raised something that is none of our errors.
        """
        connector, settings, kit, _ = self._prepared(entry, store)

        def refuse() -> None:
            raise read_only(entry)

        try:
            return GuardedConnection(connector.connect(settings, kit), refuse)
        except DeskweaveError:
            raise
        except Exception as error:
            raise PluginError(entry.plugin, "connect", f"{type(error).__name__}: {error}") from error

    def _prepared(self, entry: Entry, store: Store) -> tuple[Connector, Mapping[str, Json], ConnectionKit, MemoryBudget]:
        from deskweave.store.vault import StoreVault

        connector = find_connector(entry, self._plugins)
        settings = resolve_settings(self._folder, entry, connector, self._secrets, self._redactor)
        session = open_session(
            proxy=self._proxy(entry), ca_bundle=str(settings.get("ca_bundle") or "") or None, observe=self._observe
        )
        budget = MemoryBudget(now=self._now)
        kit = ConnectionKit(
            connection=entry.name,
            install=store.install.id,
            now=self._now,
            http=session,
            budget=budget,
            vault=StoreVault(entry.name),
        )
        return connector, settings, kit, budget

    def _identified(
        self,
        entry: Entry,
        connector: Connector,
        inner: Connection,
        budget: MemoryBudget,
        store: Store,
        check: bool,
        marks: bool,
    ) -> Opened:
        def look() -> InstanceIdentity:
            identity = inner.identity
            if check:
                lock = read_lock(path, entry.name, self._folder.environment)
                check_pinned(entry.name, lock.identity, identity, file)
                if entry.access == "write" and marks:
                    check_mark(entry.name, identity, store.install, file)
            return identity

        def verify() -> None:
            found, placeless = look(), opened.identity.planted == ""
            opened.identity = replace(found, planted="") if found.planted is None and placeless else found

        path = lock_path(self._folder.root, entry.name, self._folder.environment)
        file = path.relative_to(self._folder.root).as_posix()
        identity = look()
        lock = read_lock(path, entry.name, self._folder.environment)
        pinned_now = lock.identity is None and check
        if pinned_now:
            write_lock(path, replace(lock, identity=pin(identity)))
        budget.declare(inner.capabilities.rates)
        opened = Opened(
            name=entry.name,
            entry=entry,
            connector=connector,
            inner=inner,
            connection=GuardedConnection(inner, lambda: self._before_write(opened, store)),
            identity=identity,
            pinned_now=pinned_now,
            verify=verify,
        )
        return opened

    def _before_write(self, opened: Opened, store: Store) -> None:
        """Refuse under `access: read`; leave our mark before the first write of every epoch, where it has a place."""
        if opened.entry.access != "write":
            raise read_only(opened.entry)
        if opened.identity.planted is None or older(opened.identity, store.install):
            opened.inner.plant_identity(store.install.id, str(store.install.epoch))
            planted = opened.inner.identity.planted
            opened.identity = replace(opened.identity, planted=planted or "", epoch=str(store.install.epoch))

    def _proxy(self, entry: Entry) -> str | None:
        if entry.proxy is None:
            return None
        value = expand(
            self._folder.document, f"/connections/{entry.name}/proxy", self._secrets.look_up, env_file=self._secrets.file_name
        )
        return value if isinstance(value, str) else None


def connect_all(space: Workspace, only: Sequence[str] | None) -> tuple[dict[ConnectionName, Opened], list[Failure]]:
    """See `Workspace.connect_all`."""
    from deskweave.workspace.workspace import Failure

    opened: dict[ConnectionName, Opened] = {}
    failures: list[Failure] = []
    findings: list[Finding] = []
    for name in only or space.folder.connections:
        if name not in space.binding_documents:
            space.entry(name)
            continue
        try:
            opened[ConnectionName(name)] = space.connect(name)
        except DocumentError as error:
            findings += error.findings
        except (RemoteError, PluginError) as error:
            failures.append(Failure(connection=ConnectionName(name), error=error))
    if findings:
        raise DocumentError(findings)
    return opened, failures


def pin(identity: InstanceIdentity) -> InstanceIdentity:
    """What the lock file keeps of an instance: address and name. The mark is the store's affair, and the lock file is shared."""
    return InstanceIdentity(address=identity.address, instance=identity.instance, planted=None, epoch=None)


def read_only(entry: Entry) -> Stopped:
    """The refusal of `access: read`, naming the line to change."""
    place = entry.access_place if entry.access_place.path.endswith("/access") else entry.place
    where = f"{place.source}:{place.line}" if place.line else place.source
    message = f"{entry.name} is read-only: nothing was written. To let Deskweave write there, say `access: write` at {where}."
    return Stopped(
        "read-only", message, place=place, next=f"access: write   # {where}", connection=entry.name, values={"where": where}
    )

"""The workspace: one client's folder in one environment, with everything the commands and the demo do to it.

It composes and decides nothing: documents to practice, plugins to connections, both to engines. What is slow or needs the
network is done when it is first asked for, so that `practice lint` neither opens a store nor a socket.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from deskweave.documents import Document
from deskweave.errors import DeskweaveError, DocumentError
from deskweave.findings import Finding, Severity
from deskweave.model import Binding, ConnectionName, Json
from deskweave.workspace.folder import Entry, Folder, read_folder
from deskweave.workspace.stop import Stopped

if TYPE_CHECKING:
    from deskweave.configure import ApplyReport, Configurator, Lock, Plan
    from deskweave.configure.apply import Progress as ApplyProgress
    from deskweave.connector import Connection
    from deskweave.http import Observation
    from deskweave.http.redaction import Redactor
    from deskweave.measure import Facts, Period, Refreshed, Result
    from deskweave.plugins import Plugins
    from deskweave.practice import Practice
    from deskweave.store import Store
    from deskweave.sync import Engine, Progress, SyncPlan, SyncReport
    from deskweave.workspace.connecting import Connecting, Opened
    from deskweave.workspace.secret import Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One connection that could not be worked with; the others went on."""

    connection: ConnectionName
    error: DeskweaveError


def open(
    folder: Path | str,
    env: str | None = None,
    *,
    must_choose: bool = False,
    now: Callable[[], datetime],
    plugins: Plugins | None = None,
    redactor: Redactor | None = None,
    environ: Mapping[str, str] | None = None,
    observe: Callable[[Observation], None] | None = None,
    wait: Callable[[datetime], None] | None = None,
) -> Workspace:
    """Open a folder: `deskweave.yaml` is read and checked, nothing else is touched.

    Args:
        folder: the folder that holds `deskweave.yaml`, or one inside it.
        env: the environment. None: the only one, else `dev` for reading.
        must_choose: the caller writes; with two environments one has to be named.
        now: the clock, aware UTC, for everything below.
        plugins: loaded plugins; default: the installed ones.
        redactor: is told every secret that is resolved.
        environ: variables `${NAME}` may mean, beside `.env.<environment>`; default: the process's.
        observe: told of every remote call.
        wait: waits until an instant, where a platform says when to come back; None: nothing ever waits.

    Raises:
        DocumentError: all findings of deskweave.yaml at once.
    """
    from deskweave.http.redaction import Redactor

    return Workspace(
        read_folder(Path(folder), env, must_choose=must_choose),
        now=now,
        plugins=plugins,
        redactor=redactor or Redactor(),
        environ=environ,
        observe=observe,
        wait=wait,
    )


class Workspace:
    """See `open`. Close it, or use it in a `with` block."""

    def __init__(
        self,
        folder: Folder,
        *,
        now: Callable[[], datetime],
        plugins: Plugins | None,
        redactor: Redactor,
        environ: Mapping[str, str] | None = None,
        observe: Callable[[Observation], None] | None = None,
        wait: Callable[[datetime], None] | None = None,
    ) -> None:
        self.folder, self.now, self.redactor, self.wait = folder, now, redactor, wait
        self._plugins, self._environ, self._observe = plugins, environ, observe
        self._store: Store | None = None
        self._sound: list[Finding] | None = None

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and store. Whatever a plugin raises while closing does not keep the others open."""
        if "_connecting" in self.__dict__:
            self._connecting.close()
        self.close_store()

    # ---------------------------------------------------------------------------------------------------------- documents
    @functools.cached_property
    def plugins(self) -> Plugins:
        """The plugins, with the core's own lint rules among them."""
        from deskweave.plugins import load_plugins
        from deskweave.workspace.builtin import register

        plugins = self._plugins if self._plugins is not None else load_plugins()
        register(plugins, self.now)
        return plugins

    @property
    def practice(self) -> Practice:
        """The practice in the files, composed and checked.

        Raises:
            DocumentError: all findings at once.
        """
        return self._composed[0]

    @property
    def layers(self) -> Sequence[Mapping[str, Json]]:
        """The documents of every layer the practice was made of, as their files say them."""
        return self._composed[1]

    @functools.cached_property
    def _composed(self) -> tuple[Practice, list[Mapping[str, Json]]]:
        from deskweave.workspace.loading import compose_practice

        return compose_practice(self.folder, self.plugins)

    @functools.cached_property
    def binding_documents(self) -> Mapping[str, Document]:
        """`bindings/*.yaml` by connection, checked against the practice.

        Raises:
            DocumentError: all findings at once.
        """
        from deskweave.workspace.loading import binding_documents

        return binding_documents(self.folder, self.practice)

    @property
    def language(self) -> str:
        """Whose labels stand for what a binding does not spell: the desk's own language."""
        return self.practice.languages[0] if self.practice.languages else "en"

    def lint(self, *, deep: bool = True) -> list[Finding]:
        """Everything wrong or doubtful about the files: errors of every stage, then warnings. Nothing is sent.

        Args:
            deep: also the rules of sense and the metrics' given/expect rows, which take most of the time.
        """
        from deskweave.workspace.linting import findings_of

        return findings_of(self, deep=deep)

    def files_read(self) -> int:
        """How many files people wrote here that `lint` looks at."""
        from deskweave.workspace.loading import files_of

        return len(files_of(self.folder))

    def require_sound(self) -> list[Finding]:
        """Before going to a platform: settings, practice, bindings and references have no errors.

        Found sound once, they stay so: all of them are read once per open workspace.

        Returns:
            The warnings.

        Raises:
            DocumentError: there are errors.
        """
        if self._sound is None:
            findings = self.lint(deep=False)
            errors = [finding for finding in findings if finding.severity is Severity.ERROR]
            if errors:
                raise DocumentError(errors)
            self._sound = findings
        return list(self._sound)

    def check_settings(self, name: str) -> list[Finding]:
        """An entry of `connections:` against its plugin's schema; secrets are not resolved."""
        from deskweave.workspace.connecting import check_entry, find_connector

        entry = self.entry(name)
        return check_entry(self.folder, entry, find_connector(entry, self.plugins))

    def entry(self, name: str) -> Entry:
        """One of `connections:`.

        Raises:
            DocumentError: there is none of that name.
        """
        entry = self.folder.connections.get(ConnectionName(name))
        if entry is None:
            from deskweave.documents import problem

            known = tuple(self.folder.connections)
            place = self.folder.document.place("/connections", key=True)
            raise DocumentError(
                [problem("unknown-connection", place, name, f"{name!r} is no connection of this folder", allowed=known, word=name)]
            )
        return entry

    # -------------------------------------------------------------------------------------------------------------- store
    @property
    def has_store(self) -> bool:
        """Whether anything was ever stored here; asking makes nothing."""
        return self._store is not None or self.folder.store_path.is_file()

    @property
    def store(self) -> Store:
        """The store of this environment, made where there is none.

        Raises:
            StoreTooNew: a newer deskweave has written it.
        """
        if self._store is None:
            from deskweave.store import Store

            self._store = Store.open(self.folder.store_path, now=self.now)
        return self._store

    @property
    def since(self) -> datetime:
        """Counterparts are made for inquiries opened from then on: as the file says, else since this store was made."""
        stated = self.folder.since
        if stated is not None:
            return stated
        import sqlalchemy as sa

        from deskweave.store.tables import install

        with self.store.read() as tx:
            made: datetime = tx.execute(sa.select(install.c.created_at)).scalar_one()
        return made

    # -------------------------------------------------------------------------------------------------------- connections
    @functools.cached_property
    def secrets(self) -> Secrets:
        """What answers references of this folder and environment."""
        from deskweave.workspace.secret import Secrets

        return Secrets(self.folder.root, self.folder.environment, self._environ)

    @functools.cached_property
    def _connecting(self) -> Connecting:
        from deskweave.workspace.connecting import Connecting

        return Connecting(
            self.folder, self.plugins, now=self.now, redactor=self.redactor, secrets=self.secrets, observe=self._observe
        )

    def close_store(self) -> None:
        """Let go of the store's file; it is opened again when it is next asked for."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def connect(self, name: str, *, marks: bool = True) -> Opened:
        """A connection, opened once: settings resolved and checked, instance held against the lock file.

        Args:
            name: of `connections:`.
            marks: refuse to work where another store writes; a store that is being rebuilt does not know yet who it was.

        Raises:
            DocumentError: settings or plugin.
            RemoteError: the platform.
            Stopped: another instance than the pinned one.
            PluginError: the plugin failed.
        """
        return self._connecting.connect(self.entry(name), self.store, marks=marks)

    def unasked(self, name: str) -> Connection:
        """A connection to take deliveries with, of which its platform knows nothing. The caller closes it.

        Raises:
            DocumentError: settings or plugin.
            RemoteError: the connector refuses the settings.
            PluginError: the plugin failed.
        """
        connection: Connection = self._connecting.unasked(self.entry(name), self.store)
        return connection

    @property
    def silent(self) -> Mapping[ConnectionName, Connection]:
        """Connections whose platform did not answer when they were opened."""
        return self._connecting.silent

    def connect_all(self, only: Sequence[str] | None = None) -> tuple[dict[ConnectionName, Opened], list[Failure]]:
        """Every connection that has a binding; one that fails is named and the others go on.

        Raises:
            SafetyStop: a wrong instance stops everything, and before anything else is done.
            DocumentError: settings of any of them are wrong.
        """
        from deskweave.workspace.connecting import connect_all

        return connect_all(self, only)

    def lock_file(self, name: str) -> Path:
        """`bindings/<connection>.<environment>.lock.yaml`."""
        from deskweave.configure import lock_path

        return lock_path(self.folder.root, name, self.folder.environment)

    def lock(self, name: str) -> Lock:
        """The lock file as it is now; empty where there is none."""
        from deskweave.configure import read_lock

        return read_lock(self.lock_file(name), name, self.folder.environment)

    def binding(self, name: str) -> Binding:
        """The typed binding of a connection, ids of its lock file included; what the platform lacks yet is not provisioned."""
        from deskweave.workspace.binding import join
        from deskweave.workspace.configuring import absent_fields

        return join(
            self.binding_documents[name],
            self.practice,
            self.lock(name),
            connection=name,
            language=self.language,
            absent=absent_fields(self, name),
        )

    def trust(self, name: str) -> tuple[Opened, Lock]:
        """Take the instance that answers for the right one: pin it, and under `access: write` put our mark there.

        Returns:
            The connection, and the lock file as it was before.
        """
        return self._connecting.trust(self.entry(name), self.store)

    # ------------------------------------------------------------------------------------------------------ configuration
    def configurator(
        self, only: Sequence[str] | None = None, progress: Callable[[ApplyProgress], None] | None = None
    ) -> tuple[Configurator, list[Failure]]:
        """What plans and applies, over every connection that can be reached."""
        from deskweave.workspace.configuring import configurator

        opened, failures = self.connect_all(only)
        return configurator(self, opened, progress), failures

    def plan(self, only: Sequence[str] | None = None, ours: Sequence[str] = ()) -> tuple[Plan, list[Failure]]:
        """What `apply` would do. Platforms are read; nothing is written to them.

        Args:
            only: connections; None: all that are bound.
            ours: `KIND/ID` of elements changed on both sides for which the file's word shall stand.
        """
        self.require_sound()
        made, failures = self.configurator(only)
        return made.plan(ours=ours), failures

    def apply(self, plan: Plan, progress: Callable[[ApplyProgress], None] | None = None) -> ApplyReport:
        """Do what a plan says, held against a fresh look first.

        Raises:
            SafetyStop: read-only, another instance, or a stale plan; nothing was written.
        """
        from deskweave.workspace.configuring import apply

        return apply(self, plan, progress)

    # --------------------------------------------------------------------------------------------------------------- sync
    def engine(
        self,
        *,
        only: Sequence[str] | None = None,
        max_changes: float | int | None = None,
        max_notices: int | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> tuple[Engine, list[ConnectionName], list[Failure]]:
        """The sync engine over every connection that can be reached, with guards as the folder and the caller say.

        Args:
            only: connections; None: all that are bound.
            max_changes: how many of a connection's records may change unasked: a float is a share (0.8 for 80 %), an int a number.
            max_notices: people the platforms may write to unasked.
            progress: told now and then.

        Returns:
            The engine, the connections its `run` and `plan` are to work with, and those that cannot be worked with.

        Raises:
            Stopped: another practice is in force, or another instance answers.
            DocumentError: the files are wrong.
        """
        from deskweave.workspace.syncing import engine

        self.require_sound()
        return engine(self, only=only, max_changes=max_changes, max_notices=max_notices, progress=progress)

    def sync(self, **how: Any) -> tuple[SyncReport, list[Failure]]:
        """One run: pull, merge, write, until nothing is due now. Arguments as for `engine`."""
        made, names, failures = self.engine(**how)
        report = made.run(names)
        self.give_way()
        return report, failures

    def give_way(self) -> dict[str, int]:
        """After a sync: take out imported inquiries that a connection reads by now. See `importing.give_way`.

        While another process writes the facts, nothing is taken out: the next sync does it.
        """
        if not (self.folder.state_folder / "logs").is_dir():
            return {}
        from deskweave.measure import FactsBusy
        from deskweave.workspace.importing import give_way

        try:
            return give_way(self)
        except FactsBusy:
            return {}

    def sync_plan(self, *, whole: bool = True, **how: Any) -> tuple[SyncPlan, list[Failure]]:
        """What `sync` would write; platforms are read. `whole`: a person gets to see all of it."""
        made, names, failures = self.engine(**how)
        return made.plan(names, whole=whole), failures

    def read_only_routes(self) -> list[Entry]:
        """Connections that routes want written and `access: read` keeps from it, where not one of a route's may be written."""
        blocked: dict[ConnectionName, Entry] = {}
        for route in self.folder.routes:
            entries = [self.folder.connections[name] for name in route.among if name in self.folder.connections]
            if len(entries) > 1 and all(entry.access == "read" for entry in entries):
                blocked |= {entry.name: entry for entry in entries}
        return list(blocked.values())

    # ------------------------------------------------------------------------------------------------------------ measure
    @functools.cached_property
    def facts(self) -> Facts:
        """The facts under `.deskweave/<environment>/facts/`."""
        from deskweave.measure import Facts

        return Facts(self.practice, self.folder.state_folder / "facts")

    def refresh_facts(self) -> Refreshed:
        """Take the store's new events into the facts, and keep the practice that judged them."""
        from deskweave.workspace.restating import refresh

        return refresh(self)

    def kpi(
        self, periods: Sequence[Period], *, by: Sequence[str] | None = None, metrics: Sequence[str] | None = None
    ) -> list[Result]:
        """Metrics of the practice over periods, facts refreshed first."""
        from deskweave.measure import run
        from deskweave.workspace.measuring import fact_table

        with fact_table(self) as table:
            return run(self.practice, table, periods, self.now(), by=by, metrics=metrics)

    def report(
        self,
        period: Period,
        *,
        language: str,
        notes: tuple[str, ...] = (),
        remarks: tuple[str, ...] = (),
        as_of: datetime | None = None,
    ) -> str:
        """The report of a period as one HTML page, facts refreshed first.

        Args:
            period: local dates in the practice's zone.
            language: en or zh.
            notes: sentences for the heading, for example that the data is a demonstration.
            remarks: sentences under the table of figures, for example what has moved them since they were published.
            as_of: what was known then; None: what is known now.
        """
        from deskweave.workspace.measuring import report

        return report(self, period, language=language, notes=notes, remarks=remarks, as_of=as_of)

    @property
    def today(self) -> date:
        """The day it is in the folder's zone."""
        from zoneinfo import ZoneInfo

        return self.now().astimezone(ZoneInfo(self.folder.zone)).date()


__all__ = ["Failure", "Stopped", "Workspace", "open"]

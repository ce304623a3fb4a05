"""One connection: what this account can do on this instance, as probed, and the facets that do it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from deskweave.connector import Capabilities, CollectionCapabilities, InstanceIdentity, Kit, Mapper, Plant
from deskweave.errors import ConfigurationError, CredentialError, PermissionMissing, Rejected, RemoteError
from deskweave.findings import Finding, Place, Severity
from deskweave.mapping import BoundMapper
from deskweave.model import Binding, Visibility
from deskweave_servicenow.client import Client, term
from deskweave_servicenow.config import COLLECTIONS, Settings
from deskweave_servicenow.configuration import Configuration
from deskweave_servicenow.history import History
from deskweave_servicenow.layout import COUNTERPARTS_COLUMN, Layout
from deskweave_servicenow.mapping import DIALECT
from deskweave_servicenow.messages import JOURNAL, Messages
from deskweave_servicenow.people import Directory, People
from deskweave_servicenow.records import Answers, Records
from deskweave_servicenow.rows import Rows
from deskweave_servicenow.sink import Sink
from deskweave_servicenow.target import Target

MARK_PROPERTY: Final = "deskweave.install"
#: A REST transaction is cut after 60 s; the rest is room for a lagging replica.
SETTLE: Final = timedelta(minutes=2)
REPLICA_LAG: Final = timedelta(seconds=5)
BOGUS: Final = "deskweave_no_such_column"


@dataclass(slots=True)
class _Probe:
    lost: list[Finding] = field(default_factory=list)
    journal: bool = False


class ServiceNowConnection:
    """`connector.Connection`. Probing happens when capabilities are first asked for, once."""

    attachments = None
    outreach = None
    scoreboard = None
    webhooks = None

    def __init__(self, settings: Settings, kit: Kit) -> None:
        self._settings, self._kit = settings, kit
        self._client = Client(settings, kit)
        self._layout = Layout(self._client)
        self._answers = Answers(kit.now)
        self._history = History(self._client, self._layout)
        self._account: str | None = None
        self._capabilities: Capabilities | None = None
        self.records = Records(self._client, self._layout, self._answers, self._history)
        self.sink = Sink(self._client, self._layout, self._answers, Directory(self._client, kit))
        self.messages = Messages(self._client, self._who, self._lost_right)
        self.people = People(self._client)
        rows = Rows(self._client)
        self.configuration = Configuration(self._client, self._layout, rows.forget)
        self.target = Target(self._client, self._layout, rows, kit.connection, self._changed)

    def mapper(self, binding: Binding) -> Mapper:
        """The mapper of a binding; from now on its columns are among those every read asks for."""
        if self._layout.bind(binding):
            self._capabilities = None  # which columns matter, and with them what is lost, follows from the binding
        return BoundMapper(binding, DIALECT)

    def close(self) -> None:
        """Nothing is held open: the session is the host's."""

    # -------------------------------------------------------------------------------------------------------- what we can do
    @property
    def capabilities(self) -> Capabilities:
        """Probed with real reads.

        Raises:
            CredentialError: the sign-in is not taken.
            RemoteError: the instance does not answer.
        """
        if self._capabilities is None:
            self._capabilities = self._probe()
        return self._capabilities

    def _probe(self) -> Capabilities:
        self._who()
        probe = _Probe()
        probe.journal = self._probe_journal(probe)
        self.messages.readable = probe.journal
        audit, metrics = self._readable("sys_audit"), self._readable("metric_instance")
        collections = {name: self._collection(name, probe, audit, metrics) for name in COLLECTIONS}
        if not audit:
            self._lose(
                probe,
                "servicenow-history",
                "sys_audit",
                "only states of incidents have a history (metric_instance, some 30 s late)" if metrics else "nothing has a history",
                "a read right on sys_audit gives the history of every field, one on metric_instance (role itil) that of the state",
            )
        if not self.configuration_writable():
            self._lose(
                probe,
                "servicenow-configuration",
                "sys_dictionary",
                "columns and choices can be compared as far as this account sees them, and not made",
                "run `deskweave apply` with an admin account",
            )
            self._lose(
                probe,
                "servicenow-no-instance-mark",
                "sys_properties",
                "this account can neither read nor leave a mark of ours: a cloned instance is told by its host name only",
                f"an admin account once leaves the property {MARK_PROPERTY}",
            )
        return Capabilities(
            collections=collections,
            rates=(),  # an instance ships without rate rules; where one is set, its 429 says when to come back
            max_parallel=2,
            lost=tuple(probe.lost),
            probed_at=self._kit.now(),
        )

    def _collection(self, name: str, probe: _Probe, audit: bool, metrics: bool) -> CollectionCapabilities:
        try:
            listing = self._client.page(name, "ORDERBYsys_updated_on^ORDERBYsys_id", self._layout.asked(name), limit=1, count=True)
        except CredentialError:
            raise
        except PermissionMissing as error:
            self._lose(probe, "servicenow-unreadable", name, str(error), f"give the account a read and query_range right on {name}")
            return CollectionCapabilities(reads=False)
        except ConfigurationError as error:
            remedy = f"install the plugin of {name}, or leave it out of the binding"
            self._lose(probe, "servicenow-no-table", name, str(error), remedy)
            return CollectionCapabilities(reads=False)
        if not listing.rows and listing.total:
            self._lose(
                probe,
                "servicenow-hidden",
                name,
                f"{listing.total} records are counted and the first is not shown: row ACLs hide records from this account",
                f"give the account a read right on {name} (role itil for incidents, interaction_agent for interactions)",
            )
        self._probe_query(name, probe)
        correlation = self._layout.correlation(name)
        if correlation is None:
            self._lose(
                probe,
                "servicenow-no-mark",
                name,
                f"{name} has no column for our mark: a create whose answer is lost cannot be recognised and is left to a person",
                "run `deskweave apply` with an admin account, which adds u_correlation_id",
            )
        columns = self._layout.columns(name)
        if COUNTERPARTS_COLUMN in self._layout.bound(name) and (columns is None or COUNTERPARTS_COLUMN not in columns):
            self._lose(
                probe,
                "servicenow-no-counterparts",
                name,
                f"{name} has no column {COUNTERPARTS_COLUMN}: agents do not see an inquiry's numbers on other platforms",
                "run `deskweave apply` with an admin account, which adds it; correlation_display is too short and is not used",
            )
        grade = self._grade(name, audit, metrics)
        self._history.grade[name] = grade
        shown = frozenset({Visibility.PUBLIC, Visibility.INTERNAL} if name == "incident" else {Visibility.INTERNAL})
        return CollectionCapabilities(
            reads=True,
            changes="filter",
            cursor_precision=timedelta(seconds=1),
            index_lag=REPLICA_LAG,
            settle=SETTLE,
            fetch_batch=200,
            fetch_is_strong=False,
            history=grade,
            census=True,
            creates=Plant.ATOMIC if correlation is not None else Plant.NONE,
            create_batch=1,
            find="lagging" if correlation is not None else "none",
            patches=True,
            patch_batch=1,
            calls_per_patch=1.0,
            conditions=False,
            deletes=False,
            serial_writes=False,
            messages="feed" if probe.journal else "none",
            visibilities=shown if probe.journal else frozenset(),
            message_plant=Plant.AFTER if probe.journal else Plant.NONE,
            message_edits="impossible",
            notifies=name == "incident",
            attachments=False,
        )

    @staticmethod
    def _grade(name: str, audit: bool, metrics: bool) -> Literal["full", "status", "none"]:
        if audit:
            return "full"
        return "status" if metrics and name == "incident" else "none"  # metrics run on tasks only

    def _probe_journal(self, probe: _Probe) -> bool:
        """Whether comments can be read back. An instance in use always has entries: counted and not shown means no right."""
        try:
            listing = self._client.page(JOURNAL, "ORDERBYsys_created_on^ORDERBYsys_id", ("sys_id", "value"), limit=1, count=True)
            readable = bool(listing.rows) or not listing.total
        except (PermissionMissing, Rejected):
            readable = False
        if not readable:
            self._lose(
                probe,
                "servicenow-no-comments",
                JOURNAL,
                "comments and work notes cannot be read with this account, so none are exchanged",
                "an administrator gives the account a role with a read ACL on sys_journal_field (table and its fields)",
            )
        return readable

    def _probe_query(self, name: str, probe: _Probe) -> None:
        """What the instance does with a column it does not know. Most drop the term and answer with everything."""
        try:
            listing = self._client.page(name, term(BOGUS, "=", "zz"), ("sys_id",), limit=1)
        except RemoteError:
            return  # it refuses such a query: nothing to fear
        if listing.rows:
            probe.lost.append(
                self._finding(
                    Severity.NOTE,
                    "servicenow-drops-terms",
                    name,
                    "this instance ignores query terms it does not know; every answer is held against its question",
                    "the property glide.invalid_query.returns_no_rows=true makes it stricter",
                )
            )

    def _readable(self, table: str) -> bool:
        """Whether a listing is allowed. A narrow one: these tables are large."""
        try:
            self._client.page(table, f"{term('sys_id', '=', '0' * 32)}^ORDERBYsys_id", ("sys_id",), limit=1)
        except CredentialError:
            raise
        except (ConfigurationError, Rejected):
            return False
        return True

    def configuration_writable(self) -> bool:
        """Whether the dictionary answers: it does for admins, and only they may write it."""
        return all(self._layout.knows_all(name) for name in COLLECTIONS)

    def _changed(self) -> None:
        self._capabilities = None

    def _lost_right(self, table: str) -> None:
        self._capabilities = None

    def _finding(self, severity: Severity, rule: str, path: str, message: str, remedy: str) -> Finding:
        place = Place(source=f"connection:{self._kit.connection}", path=path)
        return Finding(rule=rule, severity=severity, place=place, found="", message=message, remedy=remedy)

    def _lose(self, probe: _Probe, rule: str, path: str, message: str, remedy: str) -> None:
        probe.lost.append(self._finding(Severity.WARNING, rule, path, message, remedy))

    # ------------------------------------------------------------------------------------------------------------ who we are
    def _who(self) -> str:
        """Our own user_name: records and comments name it as their author."""
        if self._account is None:
            query = "user_name=javascript:gs.getUserName()"  # the one script a query of ours holds; it takes no input
            rows = self._client.page("sys_user", query, ("sys_id", "user_name"), limit=2).rows
            if len(rows) == 1:
                self._account = str(rows[0].get("user_name") or "")
            else:
                self._account = self._settings.sign.username
        return self._account

    @property
    def identity(self) -> InstanceIdentity:
        """The host the instance itself uses in its links; the mark in its properties, where the account may read it."""
        host = self._client.own_host() or urlsplit(self._settings.address).netloc
        install, _, epoch = self._mark().partition(":")
        return InstanceIdentity(self._settings.address, host, install or None, epoch or None)

    def _mark(self) -> str:
        try:
            query = f"{term('name', '=', MARK_PROPERTY)}^ORDERBYsys_id"
            rows = self._client.page("sys_properties", query, ("sys_id", "name", "value"), limit=2).rows
        except (PermissionMissing, Rejected):
            return ""
        return next((str(row.get("value") or "") for row in rows if row.get("name") == MARK_PROPERTY), "")

    def plant_identity(self, install: str, epoch: str) -> None:
        """Leave `install:epoch` in a system property. An account that is no admin has no place for it: nothing is planted.

        Raises:
            RemoteError: the instance did not answer.
        """
        query = f"{term('name', '=', MARK_PROPERTY)}^ORDERBYsys_id"
        body = {"name": MARK_PROPERTY, "value": f"{install}:{epoch}", "type": "string", "description": "Written by Deskweave"}
        try:
            rows = self._client.page("sys_properties", query, ("sys_id", "name", "value"), limit=2).rows
            mine = [row for row in rows if row.get("name") == MARK_PROPERTY]
            if mine:
                self._client.update("sys_properties", str(mine[0]["sys_id"]), body, ("sys_id",))
            else:
                self._client.create("sys_properties", body, ("sys_id",))
        except PermissionMissing:
            return
        except Rejected as error:
            if error.code != "acl":
                raise

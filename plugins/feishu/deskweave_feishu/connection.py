"""One connection: its facets, what this account can do with them, and which base and helpdesk answer."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Final

from deskweave.connector import Capabilities, CollectionCapabilities, InstanceIdentity, Kit, Plant
from deskweave.errors import ConfigurationError, CredentialError, Missing, PermissionMissing, RequestError, TransientError
from deskweave.findings import Finding, Place, Severity
from deskweave.mapping import BoundMapper
from deskweave.model import Binding, Visibility
from deskweave_feishu.cells import TEXT
from deskweave_feishu.client import GET_BATCH, RATES, REPLICA_LAG, WRITE_BATCH, Client, mapping
from deskweave_feishu.config import Settings
from deskweave_feishu.configuration import LedgerConfiguration
from deskweave_feishu.ledger import LEDGER, Ledger
from deskweave_feishu.ledger_writes import SETTLE, LedgerWriter
from deskweave_feishu.mapping import by_column_id, dialect
from deskweave_feishu.mark import Mark
from deskweave_feishu.messages import TicketMessages
from deskweave_feishu.people import NAME_SCOPE, NAMELESS, Members, is_known, is_named
from deskweave_feishu.records import FeishuRecords, FeishuSink
from deskweave_feishu.tickets import LISTING_LAG, TICKET, Tickets

MAX_PARALLEL: Final = 4
PEOPLE: Final = "people"  #: where a finding about them stands
MILLISECOND: Final = timedelta(milliseconds=1)


class FeishuConnection:
    """`connector.Connection`. Opening it sends nothing; what has to be known is asked when it is first needed."""

    attachments = None
    outreach = None
    scoreboard = None
    webhooks = None

    def __init__(self, kit: Kit, settings: Settings) -> None:
        self._kit, self._settings = kit, settings
        self._client = Client(kit, settings)
        self._ledger = Ledger(self._client, kit) if settings.base else None
        self._tickets = Tickets(self._client, kit) if settings.helpdesk else None
        self._mark = Mark(self._client, self._ledger) if self._ledger else None
        writer = LedgerWriter(self._ledger, kit, settings.base.create_batch) if self._ledger and settings.base else None
        self.records = FeishuRecords(self._ledger, self._tickets, kit)
        self.sink = FeishuSink(writer) if writer else None
        self.messages = TicketMessages(self._client) if self._tickets else None
        self.people = Members(self._client)
        configuration = LedgerConfiguration(self._ledger, self._mark, self._tickets) if self._ledger and self._mark else None
        self.configuration = configuration
        self.target = configuration
        self._bound: frozenset[str] = frozenset()
        self._unplanted = False
        self._probed: Capabilities | None = None
        self._lock = threading.Lock()

    # --------------------------------------------------------------------------------------------------------------- facets
    def mapper(self, binding: Binding) -> BoundMapper:
        """The mapper of a binding. The connection learns from it which columns to ask for and which one carries our id."""
        local = by_column_id(binding)
        for name, bound in local.collections.items():
            if name == LEDGER and self._ledger is not None:
                self._ledger.learn(bound)
                self._bound = frozenset(at.native for at in bound.fields.values() if at.provisioned)
            elif name == TICKET and self._tickets is not None:
                self._tickets.learn(bound)
        self._probed = None
        return BoundMapper(local, dialect(binding.zone))

    def plant_identity(self, install: str, epoch: str) -> None:
        """Write our mark into the base; where neither table nor right is there, `capabilities.lost` says so."""
        if self._mark is not None:
            self._unplanted = not self._mark.plant(install, epoch)

    def close(self) -> None:
        """Nothing is held open: the session is the host's."""

    # ------------------------------------------------------------------------------------------------------------- identity
    @property
    def identity(self) -> InstanceIdentity:
        """The base by the token it says it has, else the helpdesk. A tenant's own key takes a scope nobody needs otherwise.

        Raises:
            RemoteError: it could not be asked.
        """
        if self._settings.base is None or self._mark is None:
            helpdesk = self._settings.helpdesk
            return InstanceIdentity(self._settings.address, f"helpdesk:{helpdesk.id if helpdesk else ''}", None, None)
        told = str(self._client.base().get("app_token") or self._settings.base.app_token)
        planted = self._mark.read()
        return InstanceIdentity(
            self._settings.address, f"base:{told}", planted[0] if planted else None, planted[1] if planted else None
        )

    # --------------------------------------------------------------------------------------------------------- capabilities
    @property
    def capabilities(self) -> Capabilities:
        """What this account can do, asked once and again after a binding was given.

        Raises:
            CredentialError: the app's credentials are not taken: nothing can be said of what it may do.
            TransientError: Feishu cannot be asked just now.
        """
        with self._lock:
            if self._probed is None:
                collections: dict[str, CollectionCapabilities] = {}
                lost: list[Finding] = []
                if self._ledger is not None:
                    collections[LEDGER] = self._probe_ledger(self._ledger, lost)
                if self._tickets is not None:
                    collections[TICKET] = self._probe_helpdesk(lost)
                self._probe_people(lost)
                self._probed = Capabilities(
                    collections=collections,
                    rates=RATES,
                    max_parallel=MAX_PARALLEL,
                    lost=tuple(lost),
                    probed_at=self._kit.now(),
                )
            if self._unplanted:
                return replace(self._probed, lost=(*self._probed.lost, self._no_mark()))
            return self._probed

    def _probe_ledger(self, ledger: Ledger, lost: list[Finding]) -> CollectionCapabilities:
        nothing = CollectionCapabilities(reads=False, serial_writes=True)
        try:
            base = self._client.base()
            table = ledger.find_table()
        except (PermissionMissing, Missing, ConfigurationError) as error:
            if isinstance(error, CredentialError):
                raise
            lost.append(self._finding("ledger-unreadable", LEDGER, str(error), "share the base with the app, then check again"))
            return nothing
        if table is None:
            text = f"the base has no table {ledger.table_name}"
            remedy = "run deskweave apply with an account that may manage the base, or correct base.table"
            lost.append(self._finding("table-missing", LEDGER, text, remedy, found=ledger.table_name))
            return nothing
        if base.get("is_advanced") is True:
            text = "the base has advanced permissions: rows hidden from the app look as if they were not there"
            remedy = "give the app a role that sees every row and every bound column (多维表格 > 高级权限)"
            lost.append(self._finding("advanced-permissions", LEDGER, text, remedy, severity=Severity.NOTE))
        columns = ledger.columns()
        for column in columns.all:
            if column.id in columns.hidden:
                text = f"column {column.name} is hidden from the app, so its field is neither read nor written"
                lost.append(self._finding("column-hidden", LEDGER, text, "多维表格 > 高级权限 > 角色", found=column.name))
        for native in sorted(name for name in self._bound if columns.find(name) is None):
            text = f"table {ledger.table_name} has no column {native}: its field is neither read nor written"
            lost.append(self._finding("column-missing", LEDGER, text, "run deskweave apply, or correct `at`", found=native))
        writes = self._may_edit(lost)
        correlation = columns.find(ledger.correlation)
        known = correlation is not None and correlation.type == TEXT and correlation.id not in columns.hidden
        if not known:
            text = f"table {ledger.table_name} has no text column {ledger.correlation} for our id: nothing can be created there"
            remedy = "run deskweave apply, or add the column by hand"
            lost.append(self._finding("correlation-missing", LEDGER, text, remedy, found=ledger.correlation))
        text = "rows of a base have no messages and no readable history"
        lost.append(
            self._finding("no-messages", LEDGER, text, "the cross-reference column links to where they are", severity=Severity.NOTE)
        )
        batch = self._settings.base.create_batch if self._settings.base else 1
        return CollectionCapabilities(
            reads=True,
            changes="scan",
            cursor_precision=MILLISECOND,
            index_lag=REPLICA_LAG,
            settle=SETTLE,
            fetch_batch=GET_BATCH,
            fetch_is_strong=True,
            census=True,
            creates=(Plant.KEY if batch == 1 else Plant.ATOMIC) if writes and known else None,
            create_batch=batch,
            find="lagging" if known else "none",
            patches=writes,
            patch_batch=WRITE_BATCH,
            deletes=writes,
            serial_writes=True,
        )

    def _may_edit(self, lost: list[Finding]) -> bool:
        """Whether the base is shared with the app for editing; taken for granted where the app may not ask."""
        try:
            if self._client.may("edit"):
                return True
        except (PermissionMissing, RequestError, ConfigurationError) as error:
            if isinstance(error, CredentialError):
                raise
            text = "whether the app may edit the base could not be asked; the first write will tell"
            remedy = "scope docs:permission.member:auth lets it ask"
            lost.append(self._finding("edit-unknown", LEDGER, text, remedy, severity=Severity.NOTE))
            return True
        text = "the base is shared with the app for reading only: nothing is written there"
        remedy = "in the base: ... > 更多 > 添加文档应用, with 可编辑"
        lost.append(self._finding("edit-missing", LEDGER, text, remedy))
        return False

    def _probe_helpdesk(self, lost: list[Finding]) -> CollectionCapabilities:
        try:
            mapping(self._client.helpdesk_fields())
        except (PermissionMissing, Missing, ConfigurationError) as error:
            remedy = "scope helpdesk:all:readonly, and id and token from 服务台管理后台 > 设置中心 > API 凭证"
            lost.append(self._finding("helpdesk-unreadable", TICKET, str(error), remedy))
            return CollectionCapabilities(reads=False)
        text = "tickets are read only: Feishu takes changes of a ticket only with the login of a person who is agent there"
        remedy = "agents answer and close in Feishu; Deskweave reads it. Logging in is for a later release"
        lost.append(self._finding("ticket-read-only", TICKET, text, remedy, severity=Severity.NOTE))
        return CollectionCapabilities(
            reads=True,
            changes="filter",
            cursor_precision=MILLISECOND,
            index_lag=LISTING_LAG,
            settle=SETTLE,
            fetch_batch=1,
            census=True,
            creates=None,
            find="none",
            messages="per_record",
            visibilities=frozenset({Visibility.PUBLIC, Visibility.INTERNAL}),
            message_plant=Plant.NONE,
            message_edits="unseen",
            notifies=True,
        )

    def _probe_people(self, lost: list[Finding]) -> None:
        """Say what is not told of the members; a scope for a field cannot be asked for, only seen by what is missing on some."""
        try:
            members = self.people.sample()
        except (PermissionMissing, RequestError, ConfigurationError) as error:
            if isinstance(error, CredentialError):
                raise
            text = f"who accounts are cannot be asked: authors stay ids, and nobody is matched with other platforms; {error}"
            remedy = f"scopes contact:contact.base:readonly, {NAME_SCOPE} and contact:user.email:readonly"
            remedy = "check again later" if isinstance(error, TransientError) else remedy
            lost.append(self._finding("people-unreadable", PEOPLE, text, remedy))
            return
        if members is None:
            text = "nobody is in the app's contact range: authors stay ids, and nobody is matched with other platforms"
            remedy = "开发者后台 > 权限管理 > 通讯录权限范围: everybody who writes to the helpdesk or in the base"
            lost.append(self._finding("people-out-of-range", PEOPLE, text, remedy))
        elif members and not is_named(members):
            text = f"{NAMELESS}; authors stay ids, and nobody is matched with other platforms"
            lost.append(self._finding("people-nameless", PEOPLE, text, f"scope {NAME_SCOPE}"))
        elif members and not is_known(members):
            text = (
                "members are told without e-mail, number or mobile: they have names, and only people.csv says who is who elsewhere"
            )
            remedy = "scope contact:user.email:readonly, or contact:user.employee:readonly, or contact:user.phone:readonly"
            lost.append(self._finding("people-unmatched", PEOPLE, text, remedy, severity=Severity.NOTE))

    def _no_mark(self) -> Finding:
        text = "there is no place for our mark in the base, so two copies of this folder could both write to it"
        return self._finding("mark-missing", LEDGER, text, "run deskweave apply once with an account that may manage the base")

    def _finding(
        self, rule: str, collection: str, message: str, remedy: str, *, found: str = "", severity: Severity = Severity.WARNING
    ) -> Finding:
        place = Place(source=f"connection:{self._kit.connection}", path=collection)
        return Finding(rule=f"feishu-{rule}", severity=severity, place=place, found=found[:80], message=message, remedy=remedy)

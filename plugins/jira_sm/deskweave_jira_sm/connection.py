"""A connection to one service project: its facets, what it can do, and which site answers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from deskweave.connector import Capabilities, CollectionCapabilities, InstanceIdentity, Kit, Mapper, Plant
from deskweave.errors import PermissionMissing
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Binding, CollectionBinding, Visibility
from deskweave_jira_sm.client import RATES, Client
from deskweave_jira_sm.config import Settings
from deskweave_jira_sm.configuration import Configuration
from deskweave_jira_sm.mapping import mapper_for
from deskweave_jira_sm.messages import Comments
from deskweave_jira_sm.people import Accounts
from deskweave_jira_sm.probe import IDENTITY, probe, read_fields, who
from deskweave_jira_sm.records import COLLECTION, Requests
from deskweave_jira_sm.site import Site
from deskweave_jira_sm.writes import RequestSink


class JiraConnection:
    """`connector.Connection`. The site is read at first need and kept; `reprobe` forgets it."""

    attachments = None
    outreach = None
    scoreboard = None
    webhooks = None

    def __init__(self, settings: Settings, kit: Kit) -> None:
        self.settings, self._kit = settings, kit
        self.client = Client(settings, kit)
        self._site: Site | None = None
        self._bound: CollectionBinding | None = None
        self._words: frozenset[str] = frozenset()
        self._guesses: Mapping[str, frozenset[str]] = {}
        self._fields_changed = False
        self._lock = threading.Lock()
        self._records = Requests(self)
        self._sink = RequestSink(self, self._records)
        self._messages = Comments(self)
        self._people = Accounts(self)
        self._configuration = Configuration(self, on_change=self._changed)

    # ----------------------------------------------------------------------------------------------- what the facets share
    @property
    def site(self) -> Site:
        """The site as this account sees it."""
        with self._lock:
            if self._site is None:
                self._site = probe(self.client, self.settings)
            elif self._fields_changed:
                self._site = replace(self._site, fields=read_fields(self.client))
            self._fields_changed = False
            return self._site

    @property
    def probed(self) -> Site:
        """The site as it was probed: for what no new field changes, so that not each one has all fields read again."""
        with self._lock:
            if self._site is not None:
                return self._site
        return self.site

    @property
    def bound(self) -> CollectionBinding | None:
        return self._bound

    @property
    def words(self) -> frozenset[str]:
        return self._words

    @property
    def guesses(self) -> Mapping[str, frozenset[str]]:
        return self._guesses

    def reprobe(self) -> None:
        """Forget what was probed: permissions, fields, statuses are read again."""
        with self._lock:
            self._site = None

    def _changed(self) -> None:
        """A field was made, renamed or taken away: read the fields again, and the screens."""
        with self._lock:
            self._fields_changed = True
        self._sink.forget_screens()

    # --------------------------------------------------------------------------------------------------------------- facets
    @property
    def records(self) -> Requests:
        return self._records

    @property
    def sink(self) -> RequestSink:
        return self._sink

    @property
    def messages(self) -> Comments:
        return self._messages

    @property
    def people(self) -> Accounts:
        return self._people

    @property
    def configuration(self) -> Configuration:
        return self._configuration

    @property
    def target(self) -> Configuration:
        return self._configuration

    def mapper(self, binding: Binding) -> Mapper:
        """The binding's mapper. The connection keeps the binding too: it says which fields to read and which words to use."""
        bound = binding.collections.get(COLLECTION)
        self._bound = bound
        words: set[str] = set()
        if bound is not None:
            for status in bound.statuses.values():
                words |= {str(value) for said in (status.is_, *status.reads) for value in said.values()}
            for field in bound.fields.values():
                words |= {str(value) for value in field.choices.values()}
        self._words = frozenset(words)
        self._guesses = _guesses(binding, bound)
        return mapper_for(binding)

    # ------------------------------------------------------------------------------------------------------------- identity
    @property
    def identity(self) -> InstanceIdentity:
        """The site by its own address and cloud id, asked each time; the mark in a property of the project."""
        _ = self.site  # proves the credential first: a refused one is answered as an anonymous visitor's
        return who(self.client, self.settings)

    def plant_identity(self, install: str, epoch: str) -> None:
        """Leave our mark as a property of the project. Without the right to, nothing is planted: `lost` says so."""
        if not self.site.permissions & {"ADMINISTER", "ADMINISTER_PROJECTS"}:
            return
        try:
            self.client.set_project_property(self.settings.project, IDENTITY, {"install": install, "epoch": epoch})
        except PermissionMissing:
            return

    # --------------------------------------------------------------------------------------------------------- capabilities
    @property
    def capabilities(self) -> Capabilities:
        site = self.site
        may = site.permissions.__contains__
        creates: Plant | None = None
        if may("CREATE_ISSUES") and site.request_types.by_id:
            atomic = self.settings.create_by == "issue" and site.request_type_field is not None
            creates = Plant.ATOMIC if atomic else Plant.AFTER
        speaks = may("ADD_COMMENTS")
        internal = speaks and site.is_desk and site.licensed
        visibilities = {Visibility.PUBLIC} if may("BROWSE_PROJECTS") else set()
        if internal:
            visibilities.add(Visibility.INTERNAL)
        request = CollectionCapabilities(
            reads=may("BROWSE_PROJECTS"),
            changes="filter",
            cursor_precision=timedelta(minutes=1),
            index_lag=self.settings.index_lag,
            settle=timedelta(minutes=2),
            fetch_batch=100,
            fetch_is_strong=True,
            history="full",
            census=True,
            creates=creates,
            find="strong",
            patches=may("EDIT_ISSUES"),
            calls_per_patch=3.0,
            deletes=may("DELETE_ISSUES"),
            messages="per_record",
            visibilities=frozenset(visibilities),
            message_plant=Plant.ATOMIC,
            message_edits="seen",
            notifies=True,
        )
        return Capabilities(
            collections={COLLECTION: request}, rates=RATES, max_parallel=4, lost=self._lost(site), probed_at=self._kit.now()
        )

    def _lost(self, site: Site) -> list[Finding]:
        found: list[Finding] = []

        def lose(rule: str, severity: Severity, path: str, message: str, remedy: str, seen: str = "") -> None:
            place = Place(source=f"connection:{self._kit.connection}", path=path)
            found.append(Finding(rule=rule, severity=severity, place=place, found=seen[:80], message=message, remedy=remedy))

        role = "grant it to the Service Desk Team role and add the account to that role"
        grant = f"Space settings > Permissions of {site.project_key}: {role}"
        for right, what in (
            ("BROWSE_PROJECTS", "nothing can be read"),
            ("CREATE_ISSUES", "requests cannot be created"),
            ("EDIT_ISSUES", "fields cannot be written"),
            ("TRANSITION_ISSUES", "statuses cannot be changed"),
            ("ADD_COMMENTS", "messages cannot be written"),
        ):
            if right not in site.permissions:
                lose("permission-missing", Severity.WARNING, right, f"the account lacks {right}: {what}", grant, right)
        if not site.is_desk:
            lose(
                "no-service-project",
                Severity.ERROR,
                "project",
                f"project {site.project_key} is no service project: comments cannot be internal and there are no request types",
                "name a service project in the connection's settings",
                site.project_key,
            )
        elif not site.licensed:
            lose(
                "no-agent-licence",
                Severity.WARNING,
                "SERVICEDESK_AGENT",
                "the account has no agent licence for Jira Service Management: request types, internal notes and creating are lost",
                "admin.atlassian.com > Products > Jira Service Management: add the account as an agent",
            )
        elif self.settings.request_type is None and (self._bound is None or "request_type" not in self._bound.options):
            first = min(site.request_types.by_id.values(), key=lambda term: (len(term.id), term.id), default=None)
            if first is not None:
                lose(
                    "request-type-unnamed",
                    Severity.NOTE,
                    "request_type",
                    f"no request type is named for new requests: {first.name!r} is used",
                    "name one in the settings (request_type) or in the binding (options: {request_type: ...})",
                    first.name,
                )
        if "MODIFY_REPORTER" not in site.permissions:
            lose(
                "permission-missing",
                Severity.NOTE,
                "MODIFY_REPORTER",
                "new requests are reported by the integration's own account",
                grant,
            )
        if not site.permissions & {"ADMINISTER", "ADMINISTER_PROJECTS"}:
            lose(
                "identity-not-planted",
                Severity.NOTE,
                "identity",
                "our mark cannot be left on this project, so a second installation working on it would not be noticed",
                f"make the account an administrator of {site.project_key}",
            )
        if "ADMINISTER" not in site.permissions:
            lose(
                "permission-missing",
                Severity.NOTE,
                "ADMINISTER",
                "custom fields, their contexts and options cannot be read or made with this account",
                "run `deskweave apply` with the token of a Jira administrator (global permission Administer Jira)",
            )
        return found

    def close(self) -> None:
        """Nothing is kept open: the session is the host's."""


def _guesses(binding: Binding, bound: CollectionBinding | None) -> Mapping[str, frozenset[str]]:
    """The practice's transitions as the binding spells their statuses."""
    if binding.statuses is None or bound is None:
        return {}
    spelled = {slug: str(next(iter(status.is_.values()))) for slug, status in bound.statuses.items() if status.is_}
    found: dict[str, set[str]] = {}
    for transition in binding.statuses.transitions.values():
        for source in transition.sources:
            if source in spelled and transition.target in spelled:
                found.setdefault(spelled[source], set()).add(spelled[transition.target])
    return {source: frozenset(targets) for source, targets in found.items()}

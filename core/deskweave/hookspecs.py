"""Every hook, in the order of an inquiry's life (practice M3). Read this first.

start-up   deskweave_connectors · deskweave_commands · deskweave_routes
practice   deskweave_practice_packs · deskweave_inquiry_schema · deskweave_catalog · deskweave_status_model ·
           deskweave_kpi_rules · deskweave_lint
sync       deskweave_incoming · deskweave_outgoing
desk       deskweave_verify · deskweave_classify · deskweave_prioritise · deskweave_assign · deskweave_escalate · deskweave_compose
after      deskweave_events

Each implementation runs behind a guard: what it raises is turned into a `PluginError` that names plugin and hook, the others still
run, and the table in docs/en/reference/hooks.md says what becomes of the work at hand. Wrappers are the host's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import typer
    from starlette.routing import BaseRoute

    from deskweave.connector import Connector
    from deskweave.findings import Finding
    from deskweave.model import Event, Inquiry
    from deskweave.model.desk import (
        Amend,
        Assignment,
        ClockDue,
        Composition,
        DeskContext,
        Escalation,
        Hold,
        ObservedChange,
        Occasion,
        PlannedWrite,
        Prioritisation,
        Suggestion,
        Verification,
    )
    from deskweave.practice import Overlay, Pack, Practice

PROJECT = "deskweave"
API_VERSION = 1
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# ------------------------------------------------------------------------------------------------------------- start-up
@hookspec
def deskweave_connectors() -> Iterable[Connector]:
    """Connectors by name. Called once, at start. All results; a name taken twice goes to the first, the other is reported.

    If it raises: the plugin is listed as broken, connections that name its connector are reported, everything else goes on.
    """
    raise NotImplementedError


@hookspec
def deskweave_commands(app: typer.Typer) -> None:
    """Add commands to `deskweave`. Called for every start of the command line: import what is heavy inside the command.

    If it raises: the command line starts without it and says so.
    """


@hookspec
def deskweave_routes() -> Iterable[BaseRoute]:
    """Pages and endpoints of `deskweave serve`, mounted under /x/<plugin>/. Called once, when serving. All results.

    If it raises: the server starts without them. A request that raises answers 500 and is counted against the plugin.
    """
    raise NotImplementedError


# ------------------------------------------------------------------------------------------------------------- practice
@hookspec
def deskweave_practice_packs() -> Iterable[Pack]:
    """Whole practices to build on, addressed as `extends: <plugin>:<name>@<version>`. All results.

    If it raises: a practice that extends one of its packs does not load; others do.
    """
    raise NotImplementedError


@hookspec
def deskweave_inquiry_schema(practice: Practice) -> Overlay | None:
    """Add to or alter the inquiry schema: an overlay of Fields documents, written as in a file.

    Called while a practice is composed, after the packs it extends and before the client's own files, in plugin-name order: so a
    client's file always wins, and `practice show --origin` names the plugin on every value it set. All results; None = nothing to
    add. Must be pure: the same practice gives the same overlay, or the digest changes at every start and nothing may be written.
    If it raises, or returns a document of another kind or an invalid one: the practice does not load (exit 2). Guessing a schema
    without a part of it would be worse.
    """


@hookspec
def deskweave_catalog(practice: Practice) -> Overlay | None:
    """The same for Catalog documents (and Channels, Calendar, Holidays, which items refer to)."""


@hookspec
def deskweave_status_model(practice: Practice) -> Overlay | None:
    """The same for StatusModel, Clock and ServiceLevel documents."""


@hookspec
def deskweave_kpi_rules(practice: Practice) -> Overlay | None:
    """The same for Metric documents. Closed grammar as in files: a plugin adds rules, never code that counts."""


@hookspec
def deskweave_lint(practice: Practice) -> Iterable[Finding]:
    """More checks of a composed practice. All results. The core's own checks come through here too.

    If it raises: one finding that the check of that plugin did not run; lint's exit code is then not 0.
    """
    raise NotImplementedError


# ----------------------------------------------------------------------------------------------------------------- sync
@hookspec
def deskweave_incoming(inquiry: Inquiry | None, change: ObservedChange) -> Amend | Hold | None:
    """Look at what a platform says before it is merged; `inquiry` is None for one not seen before.

    Pure and quick: it runs inside planning and may run again. All results count: any Hold parks the inquiry, Amends are applied
    together, two different values for one field are a Hold. If it raises: Hold.
    """


@hookspec
def deskweave_outgoing(inquiry: Inquiry, write: PlannedWrite) -> Amend | Hold | None:
    """Look at what is about to be written: the last gate (data protection, change freezes). As `deskweave_incoming`.

    An Amend may narrow a write or blank a value; it may not add a field the binding does not own. If it raises: Hold, so that a
    broken gate is a closed one.
    """


# ----------------------------------------------------------------------------------------------------------------- desk
@hookspec(firstresult=True)
def deskweave_verify(inquiry: Inquiry, desk: DeskContext) -> Verification | None:
    """900.2. First answer wins; our default (the practice's rules) is `trylast`. If it raises: the next one is asked."""


@hookspec
def deskweave_classify(inquiry: Inquiry, desk: DeskContext) -> Sequence[Suggestion] | None:
    """900.3. All suggestions are ranked by confidence; below a threshold a person decides. If it raises: without it."""


@hookspec(firstresult=True)
def deskweave_prioritise(inquiry: Inquiry, desk: DeskContext) -> Prioritisation | None:
    """K1-K3. First answer wins. If it raises: the next one is asked; the default is the matrix."""


@hookspec(firstresult=True)
def deskweave_assign(inquiry: Inquiry, desk: DeskContext) -> Assignment | None:
    """J4. First answer wins; an unknown group is a finding and the next one is asked."""


@hookspec(firstresult=True)
def deskweave_escalate(inquiry: Inquiry, due: ClockDue, desk: DeskContext) -> Escalation | None:
    """J3, J6. Called exactly once for each moment a clock's plan reaches, across workers and restarts. First answer wins."""


@hookspec(firstresult=True)
def deskweave_compose(inquiry: Inquiry, occasion: Occasion, desk: DeskContext) -> Composition | None:
    """901.3. The text for one occasion and audience. First answer wins; the default fills the practice's template."""


# ---------------------------------------------------------------------------------------------------------------- after
@hookspec
def deskweave_events(events: Sequence[Event]) -> None:
    """Committed events, in order, at least once, from the position this plugin reached last (each plugin has its own).

    If it raises: its position stays and it is called again later with backoff; nobody else waits for it.
    """

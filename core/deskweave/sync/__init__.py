"""The path of a change: pull, reconcile, push; a pure planner in the middle."""

from deskweave.sync.engine import Engine
from deskweave.sync.rebuild import Decisions, Rebuilt
from deskweave.sync.report import (
    ConflictNote,
    ConnectionReport,
    Guard,
    ParkedNote,
    PlannedField,
    PlannedRecord,
    SyncPlan,
    SyncReport,
    Timing,
)
from deskweave.sync.run import Hooks, Progress, Side
from deskweave.sync.stops import GuardStop, Likely, Stop, go_ahead

__all__ = [
    "ConflictNote",
    "ConnectionReport",
    "Decisions",
    "Engine",
    "Guard",
    "GuardStop",
    "Hooks",
    "Likely",
    "ParkedNote",
    "PlannedField",
    "PlannedRecord",
    "Progress",
    "Rebuilt",
    "Side",
    "Stop",
    "SyncPlan",
    "SyncReport",
    "Timing",
    "go_ahead",
]

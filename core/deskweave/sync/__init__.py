"""The path of a change: pull, reconcile, push; a pure planner in the middle."""

from deskweave.sync.engine import Engine, Hooks, Progress, Side
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

__all__ = [
    "ConflictNote",
    "ConnectionReport",
    "Engine",
    "Guard",
    "Hooks",
    "ParkedNote",
    "PlannedField",
    "PlannedRecord",
    "Progress",
    "Side",
    "SyncPlan",
    "SyncReport",
    "Timing",
]

"""What a practice may say and yet hardly means. Warnings and notes only: a composed practice has no errors left."""

from __future__ import annotations

from datetime import date

from deskweave.documents import in_order
from deskweave.findings import Finding
from deskweave.practice.lint import inquiry, metric, notice, organisation, process, promise, status, time, words
from deskweave.practice.lint.cases import Case, Cases, satisfiable, uncovered
from deskweave.practice.lint.sense import Sense
from deskweave.practice.lint.time import NOTICE_DAYS
from deskweave.practice.practice import Practice

__all__ = ["NOTICE_DAYS", "Case", "Cases", "lint", "satisfiable", "uncovered"]

_RULES = (
    words.labels,
    words.choices,
    status.statuses,
    status.actors,
    status.confirmation,
    inquiry.required,
    inquiry.levels,
    inquiry.entitled,
    inquiry.feedback,
    time.clocks,
    metric.metrics,
    metric.taken,
    promise.matrices,
    promise.levels,
    organisation.assignment,
    organisation.tiers,
    organisation.escalations,
    notice.occasions,
    notice.deliveries,
    process.processes,
)
_DATED = (time.coverage, inquiry.hours, organisation.desks)


def lint(practice: Practice, *, today: date) -> list[Finding]:
    """Rules of sense, each documented by its slug in `deskweave.findings.rules`.

    Args:
        practice: a composed practice.
        today: the day in the practice's zone; a calendar's version is the one in force then.
    """
    sense = Sense(practice)
    findings = [finding for rule in _RULES for finding in rule(sense)]
    return in_order([*findings, *(finding for rule in _DATED for finding in rule(sense, today))])

"""Measurement: facts from events, KPI rules compiled to SQL, results, tables and reports (E).

DuckDB and SQLGlot are imported where they are used, so that importing this package stays cheap.
"""

from deskweave.measure.checks import checks
from deskweave.measure.columns import Columns
from deskweave.measure.facts import FactBuilder, Problem
from deskweave.measure.periods import Period, parse_period, parse_periods, period_of, periods_between
from deskweave.measure.run import Result, Stamp, run
from deskweave.measure.segments import Facts, FactsBusy, Refreshed, problems_of, quality_findings
from deskweave.measure.sources import EventLog, EventSource, Rulebook
from deskweave.measure.table import FactTable

__all__ = [
    "Columns",
    "EventLog",
    "EventSource",
    "FactBuilder",
    "FactTable",
    "Facts",
    "FactsBusy",
    "Period",
    "Problem",
    "Refreshed",
    "Result",
    "Rulebook",
    "Stamp",
    "checks",
    "parse_period",
    "parse_periods",
    "period_of",
    "periods_between",
    "problems_of",
    "quality_findings",
    "run",
]

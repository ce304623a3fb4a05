"""Records that are no inquiries: which of them there are facts about. Ratings of channels stand in the practice itself (P1, E3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from deskweave.measure.collected import unsayable
from deskweave.measure.columns import Columns
from deskweave.measure.facts import Row
from deskweave.measure.periods import Period
from deskweave.measure.plain import PlainTable
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import TRAITS, Channel, Grain, Metric

CONVENIENCE = "convenience"  #: the field of a channel that holds how many of the eight traits it has


Table: TypeAlias = FactTable | PlainTable


class Records:
    """Who answers plans about the records of each grain."""

    def __init__(self, practice: Rulebook, tables: Mapping[Grain, Table], *, ratings: bool = True) -> None:
        """`tables`: what somebody collected, by grain; they stay the caller's. `ratings`: whether the practice's own count."""
        self._practice, self._tables, self._ratings = practice, tables, ratings
        self._channels: PlainTable | None = None

    def unsayable(self, metric: Metric, period: Period) -> tuple[str, ...]:
        """Fields without which a figure of a period is none, and that who handed the records in has no word for."""
        table = self.get(metric.grain)
        return unsayable(self._practice, metric, table.collectors, period) if table is not None and table.collectors else ()

    def get(self, grain: Grain) -> Table | None:
        """The facts of a grain; None: nobody collects them."""
        if grain in self._tables:
            return self._tables[grain]
        if grain != "channel" or not self._ratings:
            return None
        if self._channels is None:
            columns = Columns(self._practice, "channel")
            self._channels = PlainTable(columns, channel_rows(self._practice, columns))
        return self._channels


def channel_rows(practice: Rulebook, columns: Columns) -> list[Row]:
    """One row for each channel of the practice, as far as the record `channel` has fields for it. Unrated ones have no figure."""
    rows = (_row(channel) for channel in practice.channels.values())
    return [{name: cell for name, cell in row.items() if name in columns.all} for row in rows]


def _row(channel: Channel) -> Row:
    return {
        "channel": channel.slug,
        "use": channel.use,
        "served_by": channel.served_by,
        "reliability": channel.reliability,
        "rated_on": channel.rated_on,
        CONVENIENCE: sum(channel.traits.get(trait, False) for trait in TRAITS) if channel.traits else None,
        **{trait: channel.traits.get(trait) for trait in TRAITS},
    }

"""What is no inquiry and counts all the same: a contact, an answer to a survey (practice A7, A14, D2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from deskweave.model.practice import Grain
from deskweave.model.value import FieldId, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One contact or one answer.

    Attributes:
        grain: what it is.
        source: who told it: `log:<name>`.
        key: what tells it from the others of its source.
        at: when it happened, aware UTC.
        values: by field of the practice's record.
        n: how many were written up to this one; 0: not written yet.
    """

    grain: Grain
    source: str
    key: str
    at: datetime
    values: Mapping[FieldId, Value]
    n: int = 0

    @property
    def name(self) -> str:
        """What people call it: `calls/C-1001`."""
        return f"{self.source.partition(':')[2] or self.source}/{self.key}"

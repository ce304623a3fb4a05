"""What a field can hold, and the names things go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NewType, TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
#: A neutral value: slug of a choice or status, text, number, flag, instant, person id, or a tuple of those.
Value: TypeAlias = bool | int | float | str | datetime | tuple["Value", ...] | None

FieldId = NewType("FieldId", str)
InquiryId = NewType("InquiryId", str)
PersonId = NewType("PersonId", str)
ConnectionName = NewType("ConnectionName", str)

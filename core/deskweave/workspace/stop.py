"""A guard's no, with what a person needs to decide: which rule, where it is set, what to type."""

from __future__ import annotations

from collections.abc import Mapping

from deskweave.errors import SafetyStop
from deskweave.findings import Place


class Stopped(SafetyStop):
    """A SafetyStop of the workspace. Nothing (more) was written.

    Attributes:
        rule: stable slug; the command line has a sentence for it in every language.
        values: what the sentence's placeholders stand for.
        place: the line that decides it, where there is one.
        next: the command, or the change, that goes on.
    """

    def __init__(
        self,
        rule: str,
        message: str,
        *,
        place: Place | None = None,
        next: str = "",
        connection: str = "",
        values: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.rule, self.place, self.next, self.connection = rule, place, next, connection
        self.values: Mapping[str, str] = {"connection": connection, **(values or {})}

"""Connections that configure wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deskweave.connector import Outcome
from deskweave.errors import Executed, Rejected, TransientError
from deskweave.testing.memory import MemoryConnection
from deskweave.testing.memory.configuration import MemoryConfiguration


def configured(**methods: Any) -> type[MemoryConnection]:
    """A connection whose configuration has these methods in place of its own."""
    spoilt = type("Spoilt", (MemoryConfiguration,), methods)

    class Connection(MemoryConnection):
        def __init__(self, *given):
            super().__init__(*given)
            self.configuration = self.target = spoilt(self)

    return Connection


def refuses_choices(self, change):
    if change.after is not None and change.after.id.kind == "choice":
        return Outcome(executed=Executed.NO, error=Rejected("options are made by hand here"))
    return MemoryConfiguration._apply(self, change)


def spells_otherwise(self, kind, resume):
    """What was made is read back in other words each time, so there is always something to change."""
    self._home.platform.calls += 1
    page = MemoryConfiguration.elements(self, kind, resume)
    label = {"en": f"label {self._home.platform.calls}"}
    return replace(page, items=[replace(one, attributes={**one.attributes, "label": label}) for one in page.items])


def lists_ids(self, kind, resume):
    """Nobody who does not know the id would find it."""
    page = MemoryConfiguration.elements(self, kind, resume)
    return replace(page, items=[replace(one, attributes={**one.attributes, "name": f"cf_{one.native}"}) for one in page.items])


def makes_again(self, change, *, key):
    """An apply without an answer is sent again, and makes another field of the name."""
    try:
        return MemoryConfiguration.apply(self, change, key=key)
    except TransientError:
        name = str(change.after.attributes["name"])
        self._held[f"{name} (2)"] = (change.after.id.kind, dict(change.after.attributes))
        return MemoryConfiguration.apply(self, change, key=key)


def speaks_english_only(self, wanted, live):
    told = MemoryConfiguration.express(self, wanted, live)
    return replace(told, losses=[replace(one, steps={"en": "Do it"}) for one in told.losses])


def forgets_fields(self, wanted, live):
    told = MemoryConfiguration.express(self, wanted, live)
    return replace(told, elements=[one for one in told.elements if one.id.path != "fields/email"])


def leads_everywhere(self, kind, resume):
    """It tells transitions that nobody can make."""
    page = MemoryConfiguration.elements(self, kind, resume)
    if kind != "transition":
        return page
    return replace(page, items=[replace(one, attributes={**one.attributes, "from": []}) for one in page.items])


def leaves_out_a_way(self, kind, resume):
    """It tells fewer transitions than there are, as an account that may not read all of them would."""
    page = MemoryConfiguration.elements(self, kind, resume)
    items = [one for one in page.items if kind != "transition" or one.attributes["to"] != "2"]
    return replace(page, items=items)


def leads_to_names(self, kind, resume):
    """Its transitions end at words that are the native of no status."""
    page = MemoryConfiguration.elements(self, kind, resume)
    if kind != "transition":
        return page
    return replace(
        page, items=[replace(one, attributes={**one.attributes, "to": f"state {one.attributes['to']}"}) for one in page.items]
    )

"""Mappers, words and directories that are wrong, and what only two platforms show."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from typing import Any

from deskweave.connector import Outcome, View
from deskweave.errors import Executed, Rejected
from deskweave.mapping import BoundMapper, Codec, PeopleCodec, text_codec
from deskweave.testing.memory import MemoryConnection, MemoryConnector
from deskweave.testing.memory.connector import DIALECT
from deskweave.testing.memory.people import MemoryPeople


def _person(raw, field, at):
    return text_codec.read(raw["name"] if isinstance(raw, dict) and "name" in raw else raw, field, at)


#: How a platform spells people whose account it holds beside the name.
PERSON = Codec(
    _person,
    text_codec.write,
    PeopleCodec(
        lambda at: True,
        lambda fields, at: fields[at.native].get("account") if isinstance(fields.get(at.native), dict) else None,
        lambda account, name: {"account": account, "name": name},
    ),
)
ACCOUNTED = replace(DIALECT, codecs={**DIALECT.codecs, "person": PERSON})


class Shortens(BoundMapper):
    """Each time it is said it is a little shorter."""

    def project(self, collection, document):
        view = super().project(collection, document)
        return View(
            {name: value[:-1] if isinstance(value, str) and name == "title" else value for name, value in view.values.items()}
        )


class Mixes(BoundMapper):
    """Two choices are spelled each as the other."""

    def draft(self, collection, document, **more):
        other = {"high": "low", "low": "high"}
        return super().draft(collection, {**document, "impact": other.get(document.get("impact"), document.get("impact"))}, **more)


class AlwaysPatches(BoundMapper):
    def patch(self, want, seen, **more):
        made = super().patch(want, seen, **more)
        return replace(made, covers=made.covers | {"title"}, set={**made.set, "short": want.values.get("title")})


class TakesHiddenForEmpty(BoundMapper):
    def read(self, record):
        view = super().read(record)
        return View({**dict.fromkeys(self._fields[record.ref.collection]), **view.values}, view.unknown)


class Guesses(BoundMapper):
    """A word that is not known is the first one there is."""

    def read(self, record):
        view = super().read(record)
        guessed = {name: next(iter(self._binding.fields[name].choices), None) for name in view.unknown if name != "status"}
        return View({**view.values, **guessed})


class Trusts(BoundMapper):
    """It believes that text is text."""

    def read(self, record):
        return super().read(
            replace(record, fields={name: raw.strip() if name == "short" else raw for name, raw in record.fields.items()})
        )


class ChangesItsName(BoundMapper):
    def __init__(self, *given):
        super().__init__(*given)
        self.digest = f"{id(self)}"


class KeepsItsName(BoundMapper):
    def __init__(self, *given):
        super().__init__(*given)
        self.digest = "v1"


class SaysUnknownWords(MemoryConnector):
    def binding_template(self):
        return super().binding_template().replace("title: {at: short", "subject: {at: short")


class SpeaksGBK(MemoryConnection):
    """A code page on the way."""

    def _create(self, draft):
        said = {
            name: raw.encode("gbk", "replace").decode("gbk") if isinstance(raw, str) else raw for name, raw in draft.fields.items()
        }
        return super()._create(replace(draft, fields=said))


class EscapesTwice(MemoryConnection):
    def speak(self, parent, visibility, body, corr, key):
        return super().speak(parent, visibility, html.escape(body), corr, key)


class RunsQueries(MemoryConnection):
    """A mark that is a pattern."""

    def find(self, collection, corr, created_after):
        if corr != "*":
            return super().find(collection, corr, created_after)
        return [self._remote(one) for one in self.platform.records.values()]


class FallsOverIds(MemoryConnection):
    def fetch(self, refs):
        for ref in refs:
            if not ref.rid.isalnum():
                raise Rejected("no such id")
        return super().fetch(refs)


class CutsInSilence(MemoryConnection):
    def _create(self, draft):
        said = {name: raw[:500] if isinstance(raw, str) else raw for name, raw in draft.fields.items()}
        return super()._create(replace(draft, fields=said))


class AnswersTheKnown(MemoryPeople):
    """Who is not found is left out, so that the answers are no longer those to the questions."""

    def look_up(self, keys):
        return [one for one in super().look_up(keys) if one.people]


class MatchesLoosely(MemoryPeople):
    def fits(self, key, account):
        return key.value in account


class FetchesTheKnown(MemoryPeople):
    """Unknown accounts are left out, so that the next one stands in their place."""

    def fetch(self, accounts):
        return [one for one in super().fetch(accounts) if one is not None]


class FetchesSorted(MemoryPeople):
    def fetch(self, accounts):
        return super().fetch(sorted(accounts))


class FetchesOnce(MemoryPeople):
    """Whoever is asked for twice is answered once."""

    def fetch(self, accounts):
        return super().fetch(list(dict.fromkeys(accounts)))


class SpellsInLatin(MemoryPeople):
    """Names in other scripts become question marks."""

    def _person(self, account):
        found = super()._person(account)
        return replace(found, name=found.name.encode("latin-1", "replace").decode("latin-1"))


class TakesAllForBots(MemoryPeople):
    def _person(self, account):
        return replace(super()._person(account), side="bot")


class ProvesByGuess(MemoryPeople):
    """An address finds whoever has one at the same house, and the answer is called complete."""

    def fits(self, key, account):
        return super().fits(key, account) or ("@" in key.value and key.value.partition("@")[2] == account.partition("@")[2])


class KnowsOthers(MemoryConnection):
    """Messages name their authors by something that nobody can be asked for."""

    def _message(self, comment):
        return replace(super()._message(comment), author=f"#{comment.number}")


@dataclass(frozen=True, kw_only=True)
class PeopledConnector(MemoryConnector):
    """A platform with a field that holds an account."""

    mapper: Any = lambda binding: BoundMapper(binding, ACCOUNTED)

    def binding_template(self):
        return super().binding_template().replace("    statuses:", "      agent_name: {at: agent}\n    statuses:")


class CallsByAccount(BoundMapper):
    """What was written by account reads back as the account."""

    def spell(self, collection, people):
        return super().spell(collection, {name: (account, account) for name, (account, _) in people.items()})


class SaysItDidIt(MemoryConnection):
    def _patch(self, patch):
        return Outcome(executed=Executed.YES, ref=patch.ref, applied=patch.covers)


class Lowers(BoundMapper):
    """What people wrote is kept, but not as they wrote it."""

    def read(self, record):
        view = super().read(record)
        return View({name: value.lower() if name == "title" and value else value for name, value in view.values.items()})

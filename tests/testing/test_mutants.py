"""A suite that catches no mutant proves nothing: a connector with one thing wrong in it, and the test that has to notice.

Each is the connector to the platform in memory with one method spoilt, and nothing else.
"""

from __future__ import annotations

import html
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave.connector import Absent, InstanceIdentity, Outcome, Page, Plant, Stub, View
from deskweave.errors import CredentialError, Executed, RateLimited, Rejected, RequestError, TransientError
from deskweave.mapping import BoundMapper
from deskweave.model import Visibility
from deskweave.testing.memory import MemoryConnection, MemoryConnector, Switches
from deskweave.testing.memory.configuration import MemoryConfiguration
from deskweave.testing.memory.connector import DIALECT
from deskweave.testing.memory.people import MemoryPeople
from deskweave.testing.suite import GUARANTEES, ConnectorSuite

sys.path.insert(0, str(Path(__file__).parents[1] / "examples/deskweave_echo"))
from deskweave_echo import EchoConnector

NOTICED = (AssertionError, pytest.fail.Exception, AttributeError)  #: the last: a mapper that falls over a value
PASSED: list[tuple[MemoryConnector, str]] = []  #: what is not spoilt, and the tests it has passed
NO_PAGE: Page[Any] = Page(items=(), resume=None)


# ---------------------------------------------------------------------------------------------------------------- reading
class ForgetsTheLastOne(MemoryConnection):
    """An end that is one too early."""

    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(page, items=page.items[:-1]) if page.resume is None else page


class OnlyLater(MemoryConnection):
    """`>` where `>=` is meant."""

    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(page, items=[one for one in page.items if since is None or one.updated_at > since])


class SkipsTies(MemoryConnection):
    """A cursor of the stamp alone: what has the same one as the last of a page is passed over."""

    def changes(self, collection, since, resume):
        return super().changes(collection, since, resume and resume.partition("|")[0] + "|~")


class RemembersByItself(MemoryConnection):
    """The place to resume is kept in the process and not in what is handed out."""

    def __init__(self, *given):
        super().__init__(*given)
        self.places: dict[str, str] = {}

    def changes(self, collection, since, resume):
        if resume is not None and resume not in self.places:
            return NO_PAGE
        page = super().changes(collection, since, self.places.get(resume or ""))
        if page.resume is None:
            return page
        self.places[str(len(self.places))] = page.resume
        return replace(page, resume=str(len(self.places) - 1))


class PromisesTooMuch(MemoryConnection):
    """An unordered listing that says it covers everything until its end, not until its beginning."""

    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(page, covers_until=self.platform.now()) if page.resume is None else page


class CountsPages(MemoryConnection):
    """Paging by offset over what moves."""

    def changes(self, collection, since, resume):
        rest = super().changes(collection, since, None)
        every = list(rest.items)
        while rest.resume is not None:
            rest = super().changes(collection, since, rest.resume)
            every += rest.items
        start = int(resume or 0)
        page, further = every[start : start + 3], start + 3 < len(every)
        covers = None if further else self.platform.now()
        return Page(items=page, resume=str(start + 3) if further else None, covers_until=covers)


class AnswersInItsOwnOrder(MemoryConnection):
    def fetch(self, refs):
        return sorted(super().fetch(refs), key=lambda one: one.ref.rid)


class LeavesOutTheMissing(MemoryConnection):
    def fetch(self, refs):
        return [one for one in super().fetch(refs) if not isinstance(one, Absent)]


class NeverLooksAgain(MemoryConnection):
    """A cache that nobody empties."""

    def __init__(self, *given):
        super().__init__(*given)
        self.kept: dict[Any, Any] = {}

    def fetch(self, refs):
        for one in super().fetch([ref for ref in refs if ref not in self.kept]):
            self.kept[one.ref] = one
        return [self.kept[ref] for ref in refs]


class HidesTheEmpty(MemoryConnection):
    """Empty fields are left out of an answer, as many an API does."""

    def _filled(self, record):
        return {name: value for name, value in super()._filled(record).items() if value is not None}


class CensusOfOnePage(MemoryConnection):
    def census(self, collection, resume):
        return replace(super().census(collection, resume), resume=None)


class CensusOfTheDead(NeverLooksAgain):
    """Whatever was once seen is counted for ever."""

    def census(self, collection, resume):
        return Page(items=[Stub(ref) for ref in self.kept], resume=None)


class ForgetsHistory(MemoryConnection):
    """Only the newest line of each record."""

    def history(self, refs, since, resume):
        page = super().history(refs, since, resume)
        return replace(page, items=list({line.ref: line for line in page.items}.values()))


class TellsBackwards(MemoryConnection):
    def history(self, refs, since, resume):
        page = super().history(refs, since, resume)
        return replace(page, items=page.items[::-1])


class OneHandForAll(MemoryConnection):
    def _remote(self, record):
        return replace(super()._remote(record), updated_by="api")


# ---------------------------------------------------------------------------------------------------------------- writing
class DropsSilently(MemoryConnection):
    """One field is not sent, and nobody is told."""

    def _create(self, draft):
        return super()._create(replace(draft, fields={name: raw for name, raw in draft.fields.items() if name != "impact"}))


class FindsAnything(MemoryConnection):
    """A search whose condition the platform ignores."""

    def find(self, collection, corr, created_after):
        records = [one for key, one in self.platform.records.items() if key[0] == collection]
        return [self._remote(one) for one in records]


class LosesTheMark(MemoryConnection):
    def _create(self, draft):
        return super()._create(replace(draft, corr=""))


class IgnoresTheKey(MemoryConnection):
    """The key is not sent along, so a repetition is a second create."""

    def _create(self, draft):
        return super()._create(replace(draft, key=f"{draft.key}-{self.platform.calls}"))


class AppliesLessThanItSays(MemoryConnection):
    def _patch(self, patch):
        last = list(patch.set)[-1:]
        return super()._patch(replace(patch, set={name: raw for name, raw in patch.set.items() if name not in last}))


class ReplacesTheWhole(MemoryConnection):
    """PUT where PATCH is meant: what is not named is emptied."""

    def _patch(self, patch):
        keep = ("short", "state", *patch.set)
        record = self.platform.records[patch.ref.collection, patch.ref.rid]
        wiped = dict.fromkeys(name for name in record.fields if name not in keep and name != "opened")
        return super()._patch(replace(patch, set={**wiped, **patch.set}))


class SaysNothingOfAFate(MemoryConnection):
    """Neither applied nor dropped."""

    def _patch(self, patch):
        return replace(super()._patch(patch), applied=frozenset())


class NeverEmpties(MemoryConnection):
    def _patch(self, patch):
        return super()._patch(replace(patch, set={name: raw for name, raw in patch.set.items() if raw is not None}))


class LosesOrder(MemoryConnection):
    """The write before is sent once more behind this one."""

    before: Any = None

    def _patch(self, patch):
        outcome = super()._patch(patch)
        if self.before is not None and self.before.ref == patch.ref:
            super()._patch(replace(self.before, if_version=None))
        self.before = patch
        return outcome


class KnowsTwoStatuses(MemoryConnection):
    """A status it has not heard of becomes another one, politely."""

    def _patch(self, patch):
        state = patch.set.get("state")
        return super()._patch(replace(patch, set={**patch.set, "state": "2"}) if state not in (None, "1", "2") else patch)


class OneForAll(MemoryConnection):
    """A batch falls with its worst item."""

    def patch(self, patches):
        outcomes = super().patch(patches)
        for one in outcomes:
            if one.error is not None:
                raise one.error
        return outcomes


class AnswersTheGoodOnes(MemoryConnection):
    def patch(self, patches):
        return [one for one in super().patch(patches) if one.error is None]


class NeverAsksTheVersion(MemoryConnection):
    def _patch(self, patch):
        return super()._patch(replace(patch, if_version=None))


class DeletesUnasked(MemoryConnection):
    """Deletes is not declared, and done."""

    def _delete(self, ref):
        self.platform.records.pop((ref.collection, ref.rid), None)
        return Outcome(executed=Executed.YES, ref=ref)


class KeepsWhatItDeletes(MemoryConnection):
    def _delete(self, ref):
        return Outcome(executed=Executed.YES, ref=ref)


class ListsInCapitals(MemoryConnection):
    """A listing that shows a record otherwise than a look at it: every write of ours would come back as somebody's edit."""

    def changes(self, collection, since, resume):
        page = super().changes(collection, since, resume)
        return replace(
            page, items=[replace(one, fields={**one.fields, "short": str(one.fields["short"]).upper()}) for one in page.items]
        )


# ----------------------------------------------------------------------------------------------------------------- faults
class SendsAgain(MemoryConnection):
    """A create without an answer is blindly repeated: the oldest way to fifteen copies."""

    def create(self, drafts):
        try:
            return super().create(drafts)
        except TransientError:
            return super().create(drafts)


class SureOfNothingDone(MemoryConnection):
    """No answer is taken for no effect."""

    def _sure(self, write, items):
        try:
            return write(items)
        except TransientError as error:
            raise TransientError(str(error), executed=Executed.NO) from None

    def create(self, drafts):
        return self._sure(super().create, drafts)

    def patch(self, patches):
        return self._sure(super().patch, patches)


class SwallowsLimits(MemoryConnection):
    def changes(self, collection, since, resume):
        try:
            return super().changes(collection, since, resume)
        except RateLimited:
            return NO_PAGE


class LimitsAreRefusals(MemoryConnection):
    """A 429 in the same drawer as a 400: the item would be parked for ever."""

    def create(self, drafts):
        try:
            return super().create(drafts)
        except RateLimited as error:
            return [Outcome(executed=Executed.NO, error=Rejected(str(error))) for _ in drafts]


class GivesUpTheBatch(MemoryConnection):
    """A limit at the second item, and the first is said not to be done either."""

    def patch(self, patches):
        outcomes = [super(GivesUpTheBatch, self).patch([patch])[0] for patch in patches[:1]]
        try:
            outcomes += [super(GivesUpTheBatch, self).patch([patch])[0] for patch in patches[1:]]
        except RequestError as error:
            return [Outcome(executed=Executed.NO, error=error) for _ in patches]
        return outcomes


class AwayIsEmpty(MemoryConnection):
    def changes(self, collection, since, resume):
        try:
            return super().changes(collection, since, resume)
        except TransientError:
            return NO_PAGE


class AwayIsGone(MemoryConnection):
    """The most expensive mistake there is: a platform that is away empties the other ones."""

    def fetch(self, refs):
        try:
            return super().fetch(refs)
        except TransientError:
            return [Absent(ref, "gone") for ref in refs]


class NobodyIsEmpty(MemoryConnection):
    """A refused token is answered as an anonymous visitor's: with nothing."""

    def census(self, collection, resume):
        try:
            return super().census(collection, resume)
        except CredentialError:
            return NO_PAGE


class AsksNoBudget(MemoryConnection):
    def _call(self, what):
        self.budget = None
        super()._call(what)


class Chatters(MemoryConnection):
    """The token in an error's text."""

    def fetch(self, refs):
        try:
            return super().fetch(refs)
        except CredentialError as error:
            message = f"{error}: tried with {self.token}"
            raise CredentialError(message) from None


# --------------------------------------------------------------------------------------------------------------- messages
class SeesNoLock(MemoryConnection):
    """Internal messages are read as public ones, and would be carried on as such."""

    def _message(self, comment):
        return replace(super()._message(comment), visibility=Visibility.PUBLIC)


class ReadsLastFirst(MemoryConnection):
    def messages_of(self, parent):
        page = super().messages_of(parent)
        return replace(page, items=page.items[::-1])


class HearsOnlyLater(MemoryConnection):
    def messages_changes(self, collection, since, resume):
        page = super().messages_changes(collection, since, resume)
        return replace(page, items=[one for one in page.items if since is None or one.at > since])


class SaysTwice(MemoryConnection):
    def _speak(self, *given):
        super()._speak(*given)
        return super()._speak(*given)


class SaysItInPublic(MemoryConnection):
    """The worst of all: an internal note before the requester's eyes."""

    def speak(self, parent, visibility, body, corr, key):
        return super().speak(parent, Visibility.PUBLIC, body, corr, key)


class SaysItSomehow(MemoryConnection):
    """What the collection does not have is said the way it has."""

    def speak(self, parent, visibility, body, corr, key):
        known = self._switches(parent.collection).visibilities
        return super().speak(parent, visibility if visibility in known else next(iter(known)), body, corr, key)


class LosesItInSilence(MemoryConnection):
    def speak(self, parent, visibility, body, corr, key):
        known = visibility in self._switches(parent.collection).visibilities
        return super().speak(parent, visibility, body, corr, key) if known else Outcome(executed=Executed.YES)


class ForgetsWhoSpoke(MemoryConnection):
    def _message(self, comment):
        return replace(super()._message(comment), corr=None, author_side="unknown")


class SpeaksAgain(MemoryConnection):
    def speak(self, *given):
        try:
            return super().speak(*given)
        except TransientError:
            return super().speak(*given)


# --------------------------------------------------------------------------------------------------------------- identity
class NewEveryTime(MemoryConnection):
    @property
    def identity(self):
        return replace(super().identity, instance=f"{self.platform.name}-{id(self)}")


class OneNameForAll(MemoryConnection):
    @property
    def identity(self):
        return replace(super().identity, instance="the cloud")


class LeavesNoMark(MemoryConnection):
    """No mark is left, and nobody is told that there is no place for one."""

    def plant_identity(self, install, epoch):
        return


class ReadsAnOldMark(MemoryConnection):
    def plant_identity(self, install, epoch):
        self.platform.mark = self.platform.mark or (install, epoch)


# ---------------------------------------------------------------------------------------------------------- configuration
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


# ---------------------------------------------------------------------------------------------------------------- mapping
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


# ------------------------------------------------------------------------------------------------------------------- text
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


# ----------------------------------------------------------------------------------------------------------------- people
class AnswersTheKnown(MemoryPeople):
    """Who is not found is left out, so that the answers are no longer those to the questions."""

    def look_up(self, keys):
        return [one for one in super().look_up(keys) if one.people]


class MatchesLoosely(MemoryPeople):
    def fits(self, key, account):
        return key.value in account


# ---------------------------------------------------------------------------------------------------------------- two-way
class SaysItDidIt(MemoryConnection):
    def _patch(self, patch):
        return Outcome(executed=Executed.YES, ref=patch.ref, applied=patch.covers)


class Lowers(BoundMapper):
    """What people wrote is kept, but not as they wrote it."""

    def read(self, record):
        view = super().read(record)
        return View({name: value.lower() if name == "title" and value else value for name, value in view.values.items()})


@dataclass(frozen=True, kw_only=True)
class Mutant:
    name: str
    spoil: Callable[[MemoryConnector], Any]
    caught_by: str
    intact: MemoryConnector

    def __str__(self) -> str:
        return f"{self.name}-{self.caught_by.removeprefix('test_')}"


def m(opens: type[MemoryConnection], caught_by: str, **switches: Any) -> Mutant:
    """A spoilt connection."""
    intact = MemoryConnector(switches=Switches(**switches), configures=False)
    return Mutant(name=opens.__name__, spoil=lambda one: replace(one, opens=opens), caught_by=caught_by, intact=intact)


def c(caught_by: str, **methods: Any) -> Mutant:
    """A spoilt configuration."""
    (name,) = (method.__name__ for method in methods.values())
    opens = configured(**methods)
    return Mutant(name=name, spoil=lambda one: replace(one, opens=opens), caught_by=caught_by, intact=MemoryConnector())


def w(mapper: type[BoundMapper], caught_by: str) -> Mutant:
    """A spoilt mapper."""
    intact = MemoryConnector(configures=False)
    spoil = lambda one: replace(one, mapper=lambda binding: mapper(binding, DIALECT))  # noqa: E731
    return Mutant(name=mapper.__name__, spoil=spoil, caught_by=caught_by, intact=intact)


def p(people: type[MemoryPeople], caught_by: str) -> Mutant:
    """A spoilt directory."""
    intact = MemoryConnector(configures=False)
    return Mutant(name=people.__name__, spoil=lambda one: replace(one, people=people), caught_by=caught_by, intact=intact)


LAG = timedelta(minutes=1)
MUTANTS = [
    m(ForgetsTheLastOne, "test_a_listing_names_every_record"),
    m(OnlyLater, "test_since_means_at_or_after"),
    m(SkipsTies, "test_a_page_that_ends_among_equal_stamps_loses_none"),
    m(RemembersByItself, "test_a_listing_goes_on_after_a_restart"),
    m(PromisesTooMuch, "test_paging_while_others_write_loses_nothing", ordered=False, index_lag=LAG),
    m(CountsPages, "test_paging_while_others_write_loses_nothing"),
    m(AnswersInItsOwnOrder, "test_fetch_answers_each_in_order"),
    m(LeavesOutTheMissing, "test_fetch_answers_each_in_order"),
    m(NeverLooksAgain, "test_an_edit_is_seen_and_moves_time_and_version"),
    m(HidesTheEmpty, "test_an_emptied_field_is_empty_and_not_absent"),
    m(CensusOfOnePage, "test_a_census_names_every_record"),
    m(CensusOfTheDead, "test_a_removed_record_is_absent"),
    m(ForgetsHistory, "test_history_tells_every_change_in_order"),
    m(TellsBackwards, "test_history_tells_every_change_in_order"),
    m(OneHandForAll, "test_our_own_hand_is_told_from_others"),
    m(DropsSilently, "test_what_is_created_stands_there"),
    m(FindsAnything, "test_a_created_record_is_found_by_its_mark"),
    m(LosesTheMark, "test_a_created_record_is_found_by_its_mark"),
    m(IgnoresTheKey, "test_a_repeated_create_makes_one_record", plant=Plant.KEY),
    m(AppliesLessThanItSays, "test_a_patch_changes_what_it_covers"),
    m(ReplacesTheWhole, "test_a_patch_changes_what_it_covers"),
    m(SaysNothingOfAFate, "test_a_patch_changes_what_it_covers"),
    m(NeverEmpties, "test_a_field_can_be_emptied"),
    m(LosesOrder, "test_the_later_change_stands"),
    m(KnowsTwoStatuses, "test_every_status_is_reached"),
    m(OneForAll, "test_one_bad_item_spoils_no_other"),
    m(AnswersTheGoodOnes, "test_one_bad_item_spoils_no_other"),
    m(NeverAsksTheVersion, "test_a_stale_write_is_refused"),
    m(DeletesUnasked, "test_delete_does_what_is_declared"),
    m(KeepsWhatItDeletes, "test_delete_does_what_is_declared", deletes=True),
    m(ListsInCapitals, "test_an_echo_reads_as_what_was_written"),
    m(SendsAgain, "test_a_lost_request_is_not_repeated"),
    m(SendsAgain, "test_a_lost_answer_is_a_maybe_and_made_once"),
    m(SureOfNothingDone, "test_a_lost_answer_is_a_maybe_and_made_once"),
    m(SureOfNothingDone, "test_a_patch_without_an_answer_is_a_maybe"),
    m(SwallowsLimits, "test_a_limit_is_no_empty_page"),
    m(LimitsAreRefusals, "test_a_limited_write_is_not_carried_out"),
    m(GivesUpTheBatch, "test_what_stands_behind_a_limit_is_unsent"),
    m(AwayIsEmpty, "test_a_platform_that_is_away_is_not_empty"),
    m(AwayIsGone, "test_a_platform_that_is_away_is_not_empty"),
    m(NobodyIsEmpty, "test_a_refused_sign_in_is_not_an_empty_platform"),
    m(AsksNoBudget, "test_the_budget_is_asked_before_a_call"),
    m(Chatters, "test_no_error_shows_a_secret"),
    m(SeesNoLock, "test_what_people_write_is_read"),
    m(ReadsLastFirst, "test_what_people_write_is_read"),
    m(HearsOnlyLater, "test_the_feed_names_each_message_since"),
    m(SaysTwice, "test_what_is_said_stands_there"),
    m(SaysItInPublic, "test_a_note_stays_internal"),
    m(SaysItSomehow, "test_a_kind_that_is_not_there_is_refused", visibilities=frozenset({Visibility.INTERNAL})),
    m(LosesItInSilence, "test_a_kind_that_is_not_there_is_refused", visibilities=frozenset({Visibility.INTERNAL})),
    m(ForgetsWhoSpoke, "test_our_own_message_is_recognised"),
    m(SpeaksAgain, "test_a_message_without_an_answer_is_a_maybe"),
    m(NewEveryTime, "test_an_instance_is_known_again"),
    m(OneNameForAll, "test_another_instance_is_another"),
    m(LeavesNoMark, "test_the_mark_is_left_and_read_back"),
    m(ReadsAnOldMark, "test_the_mark_is_left_and_read_back"),
    c("test_what_is_planned_is_made", _apply=refuses_choices),
    c("test_after_apply_the_plan_is_empty", elements=spells_otherwise),
    c("test_what_was_made_is_discovered", elements=lists_ids),
    c("test_an_answer_lost_while_applying_makes_nothing_twice", apply=makes_again),
    c("test_losses_say_what_to_do", express=speaks_english_only),
    c("test_an_expression_is_pure", express=forgets_fields),
    w(Shortens, "test_a_projection_is_stable"),
    w(Mixes, "test_a_draft_reads_as_its_document"),
    w(AlwaysPatches, "test_a_patch_leads_from_one_document_to_another"),
    w(TakesHiddenForEmpty, "test_what_is_not_shown_is_not_empty"),
    w(Guesses, "test_a_value_without_a_word_is_kept"),
    w(Trusts, "test_no_raw_value_breaks_a_record"),
    w(ChangesItsName, "test_the_digest_is_of_the_binding"),
    w(KeepsItsName, "test_the_digest_is_of_the_binding"),
    m(SpeaksGBK, "test_text_reads_as_it_was_written"),
    m(EscapesTwice, "test_a_message_keeps_its_words"),
    m(RunsQueries, "test_a_hostile_id_finds_nothing"),
    m(FallsOverIds, "test_a_hostile_id_finds_nothing"),
    m(CutsInSilence, "test_long_text_is_not_cut_in_silence"),
    p(AnswersTheKnown, "test_each_key_gets_one_answer"),
    p(MatchesLoosely, "test_a_hostile_key_finds_nobody"),
    m(SaysItDidIt, "test_inquiries_and_changes_cross"),
    m(SaysItInPublic, "test_messages_cross_once_and_stay_what_they_are"),
    w(Lowers, "test_a_conflict_keeps_both_words"),
    m(SendsAgain, "test_lost_calls_neither_lose_nor_double"),
    m(ListsInCapitals, "test_at_rest_nothing_is_written"),
    Mutant(
        name="SaysUnknownWords",
        spoil=lambda one: SaysUnknownWords(),
        caught_by="test_the_template_is_a_sound_binding",
        intact=MemoryConnector(configures=False),
    ),
]


def run(connector: Any, name: str, folder: Path) -> None:
    """One test of the suite on a ground of its own."""
    suite: Any = type("Suite", (ConnectorSuite,), {"connector": connector})
    ground = suite.lay(folder)
    try:
        test = getattr(suite(), name)
        given = {"collection": "ticket"} if "collection" in inspect.signature(test).parameters else {}
        test(ground, **given)
    except pytest.skip.Exception as reason:
        raise RuntimeError(f"skipped: {reason}") from None  # a test that is not asked catches nothing
    finally:
        ground.close()
        ground.running.stop()


#: A desk of two platforms costs a second each time; the rest of them run in `.ci/run`.
LONG = ("test_inquiries_and_changes_cross", "test_a_conflict_keeps_both_words", "test_at_rest_nothing_is_written")


@pytest.mark.practice("M3")
@pytest.mark.parametrize(
    "mutant", [pytest.param(one, id=str(one), marks=[pytest.mark.slow] * (one.caught_by in LONG)) for one in MUTANTS]
)
def test_the_suite_notices(mutant, tmp_path):
    if (mutant.intact, mutant.caught_by) not in PASSED:
        (tmp_path / "intact").mkdir()
        run(mutant.intact, mutant.caught_by, tmp_path / "intact")
        PASSED.append((mutant.intact, mutant.caught_by))
    (tmp_path / "spoilt").mkdir()
    with pytest.raises(NOTICED):
        run(mutant.spoil(mutant.intact), mutant.caught_by, tmp_path / "spoilt")


class Elsewhere(EchoConnector):
    """It says of itself where it was born, not where it was asked: a clone looks like its origin."""

    def connect(self, settings, kit):
        connection = super().connect(settings, kit)
        fixed = InstanceIdentity("https://echo.example", connection.identity.instance, None, None)
        connection.__class__ = type("Fixed", (type(connection),), {"identity": property(lambda _: fixed)})
        return connection


def test_the_suite_notices_a_connector_that_cannot_tell_a_clone(tmp_path):
    (tmp_path / "intact").mkdir()
    run(EchoConnector(), "test_a_copy_elsewhere_is_not_the_instance", tmp_path / "intact")
    with pytest.raises(NOTICED):
        run(Elsewhere(), "test_a_copy_elsewhere_is_not_the_instance", tmp_path)


def test_every_guarantee_has_caught_something():
    named = {getattr(ConnectorSuite, one.caught_by).guarantee.id for one in MUTANTS} | {"identity/clone"}
    assert named == set(GUARANTEES)

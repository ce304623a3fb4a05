"""A suite that catches no mutant proves nothing: a connector with one thing wrong in it, and the test that has to notice.

Each is the connector to the platform in memory with one method spoilt, and nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from deskweave.connector import Absent, Outcome, Page, Plant, Stub
from deskweave.errors import CredentialError, Executed, RateLimited, Rejected, RequestError, TransientError
from deskweave.testing.memory import MemoryConnection, MemoryConnector, Switches
from deskweave.testing.suite import GUARANTEES, ConnectorSuite

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


@dataclass(frozen=True, kw_only=True)
class Mutant:
    opens: type[MemoryConnection]
    caught_by: str
    switches: Switches = field(default_factory=Switches)
    more: dict[str, Any] = field(default_factory=dict)


def m(opens: type[MemoryConnection], caught_by: str, **switches: Any) -> Mutant:
    return Mutant(opens=opens, caught_by=caught_by, switches=Switches(**switches))


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
]


def run(connector: MemoryConnector, name: str, folder) -> None:
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


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: f"{one.opens.__name__}-{one.caught_by.removeprefix('test_')}")
def test_the_suite_notices(mutant, tmp_path):
    intact = MemoryConnector(switches=mutant.switches, configures=False, **mutant.more)
    run(intact, mutant.caught_by, tmp_path)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        run(replace(intact, opens=mutant.opens), mutant.caught_by, tmp_path)


def test_every_guarantee_has_caught_something():
    guarded: Callable[[str], Any] = lambda name: getattr(ConnectorSuite, name).guarantee.id  # noqa: E731
    assert {guarded(one.caught_by) for one in MUTANTS} == set(GUARANTEES)

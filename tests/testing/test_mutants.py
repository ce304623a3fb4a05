"""A suite that catches no mutant proves nothing: a connector with one thing wrong in it, and the test that has to notice.

Each is the connector to the platform in memory with one method spoilt, and nothing else.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deskweave.connector import InstanceIdentity, Page, Plant
from deskweave.mapping import BoundMapper
from deskweave.model import Visibility
from deskweave.testing.memory import MemoryConnection, MemoryConnector, MemoryReceiver, Switches
from deskweave.testing.memory.connector import DIALECT
from deskweave.testing.memory.people import MemoryPeople
from deskweave.testing.suite import GUARANTEES, ConnectorSuite

sys.path.insert(0, str(Path(__file__).parents[1] / "examples/deskweave_echo"))
sys.path.insert(0, str(Path(__file__).parent))
from deskweave_echo import EchoConnector
from spoilt.callback import (
    AnswersNothing,
    AsksThePlatform,
    FetchesItsKey,
    ForgetsAField,
    ForgetsTheVersion,
    KeepsItToItself,
    LooksAtTheClock,
    NamesByArrival,
    NewIdEachTime,
    StampsByItself,
    TrustsAnybody,
    VerifiesTheMeaning,
    answers_first,
    keeps_what_it_read,
    opened,
)
from spoilt.configuration import (
    configured,
    forgets_fields,
    leads_everywhere,
    leads_to_names,
    leaves_out_a_way,
    lists_ids,
    makes_again,
    refuses_choices,
    speaks_english_only,
    spells_otherwise,
)
from spoilt.faults import (
    AsksNoBudget,
    AwayIsEmpty,
    AwayIsGone,
    Chatters,
    GivesUpTheBatch,
    LimitsAreRefusals,
    NobodyIsEmpty,
    SendsAgain,
    SureOfNothingDone,
    SwallowsLimits,
)
from spoilt.mapping import (
    ACCOUNTED,
    AlwaysPatches,
    AnswersTheKnown,
    CallsByAccount,
    ChangesItsName,
    CutsInSilence,
    EscapesTwice,
    FallsOverIds,
    FetchesOnce,
    FetchesSorted,
    FetchesTheKnown,
    Guesses,
    KeepsItsName,
    KnowsOthers,
    Lowers,
    MatchesLoosely,
    Mixes,
    PeopledConnector,
    ProvesByGuess,
    RunsQueries,
    SaysItDidIt,
    SaysUnknownWords,
    Shortens,
    SpeaksGBK,
    SpellsInLatin,
    TakesAllForBots,
    TakesHiddenForEmpty,
    Trusts,
)
from spoilt.messages import (
    ForgetsWhoSpoke,
    HearsOnlyLater,
    LeavesNoMark,
    LosesItInSilence,
    NewEveryTime,
    OneNameForAll,
    ReadsAnOldMark,
    ReadsLastFirst,
    RemembersWhoAnswered,
    SaysItInPublic,
    SaysItSomehow,
    SaysTwice,
    SeesNoLock,
    SpeaksAgain,
)
from spoilt.reading import (
    AnswersInItsOwnOrder,
    CensusOfOnePage,
    CensusOfTheDead,
    CountsPages,
    ForgetsHistory,
    ForgetsTheLastOne,
    HidesTheEmpty,
    LeavesOutTheMissing,
    NeverLooksAgain,
    OneHandForAll,
    OnlyLater,
    PromisesTooMuch,
    RemembersByItself,
    SkipsTies,
    TellsBackwards,
)
from spoilt.writing import (
    AnswersTheGoodOnes,
    AppliesLessThanItSays,
    DeletesUnasked,
    DropsSilently,
    FindsAnything,
    IgnoresTheKey,
    KeepsWhatItDeletes,
    KnowsTwoStatuses,
    ListsInCapitals,
    LosesOrder,
    LosesTheMark,
    NeverAsksTheVersion,
    NeverEmpties,
    OneForAll,
    ReplacesTheWhole,
    SaysNothingOfAFate,
)

NOTICED = (AssertionError, pytest.fail.Exception, AttributeError)  #: the last: a mapper that falls over a value
PASSED: list[tuple[MemoryConnector, str]] = []  #: what is not spoilt, and the tests it has passed
NO_PAGE: Page[Any] = Page(items=(), resume=None)


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


def c(caught_by: str, switches: Switches | None = None, **methods: Any) -> Mutant:
    """A spoilt configuration."""
    (name,) = (method.__name__ for method in methods.values())
    opens, intact = configured(**methods), MemoryConnector(switches=switches or Switches())
    return Mutant(name=name, spoil=lambda one: replace(one, opens=opens), caught_by=caught_by, intact=intact)


def w(mapper: type[BoundMapper], caught_by: str) -> Mutant:
    """A spoilt mapper."""
    intact = MemoryConnector(configures=False)
    spoil = lambda one: replace(one, mapper=lambda binding: mapper(binding, DIALECT))  # noqa: E731
    return Mutant(name=mapper.__name__, spoil=spoil, caught_by=caught_by, intact=intact)


def p(people: type[MemoryPeople], caught_by: str) -> Mutant:
    """A spoilt directory."""
    intact = MemoryConnector(configures=False)
    return Mutant(name=people.__name__, spoil=lambda one: replace(one, people=people), caught_by=caught_by, intact=intact)


def d(receiver: type[MemoryReceiver], caught_by: str) -> Mutant:
    """A spoilt receiver of deliveries."""
    intact = MemoryConnector(switches=Switches(callback=True), configures=False)
    return Mutant(
        name=receiver.__name__, spoil=lambda one: replace(one, opens=opened(receiver)), caught_by=caught_by, intact=intact
    )


LAG = timedelta(minutes=1)
#: what is cancelled stays so
FLOW = Switches(flow=frozenset((one, other) for one in "1234678" for other in "1234678" if one not in (other, "8")))
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
    d(ForgetsAField, "test_what_people_do_is_delivered_whole"),
    d(StampsByItself, "test_what_people_do_is_delivered_whole"),
    d(NewIdEachTime, "test_a_repeated_delivery_keeps_its_id"),
    d(TrustsAnybody, "test_what_is_not_genuine_is_refused"),
    d(VerifiesTheMeaning, "test_what_is_not_genuine_is_refused"),
    d(AnswersNothing, "test_a_handshake_is_answered"),
    d(AsksThePlatform, "test_taking_a_delivery_asks_nobody"),
    d(FetchesItsKey, "test_taking_a_delivery_asks_nobody"),
    d(LooksAtTheClock, "test_a_delivery_read_again_says_the_same"),
    d(KeepsItToItself, "test_a_delivery_is_saved_before_it_is_answered"),
    d(NamesByArrival, "test_what_is_delivered_twice_counts_once"),
    d(ForgetsTheVersion, "test_deliveries_may_overtake_each_other"),
    m(NewEveryTime, "test_an_instance_is_known_again"),
    m(OneNameForAll, "test_another_instance_is_another"),
    m(LeavesNoMark, "test_the_mark_is_left_and_read_back"),
    m(ReadsAnOldMark, "test_the_mark_is_left_and_read_back"),
    m(RemembersWhoAnswered, "test_who_answers_is_asked_each_time"),
    c("test_what_is_planned_is_made", _apply=refuses_choices),
    c("test_after_apply_the_plan_is_empty", elements=spells_otherwise),
    c("test_what_was_made_is_discovered", elements=lists_ids),
    c("test_an_answer_lost_while_applying_makes_nothing_twice", apply=makes_again),
    c("test_losses_say_what_to_do", express=speaks_english_only),
    c("test_an_expression_is_pure", express=forgets_fields),
    c("test_the_workflow_is_the_one_there_is", FLOW, elements=leads_everywhere),
    c("test_the_workflow_is_the_one_there_is", FLOW, elements=leaves_out_a_way),
    c("test_the_workflow_is_the_one_there_is", FLOW, elements=leads_to_names),
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
    p(FetchesTheKnown, "test_accounts_are_answered_in_the_order_asked"),
    p(FetchesSorted, "test_accounts_are_answered_in_the_order_asked"),
    p(FetchesOnce, "test_accounts_are_answered_in_the_order_asked"),
    p(SpellsInLatin, "test_authors_are_found_by_name"),
    p(TakesAllForBots, "test_authors_are_found_by_name"),
    m(KnowsOthers, "test_authors_are_found_by_name"),
    p(ProvesByGuess, "test_a_complete_answer_shows_its_proof"),
    Mutant(
        name="CallsByAccount",
        spoil=lambda one: replace(one, mapper=lambda binding: CallsByAccount(binding, ACCOUNTED)),
        caught_by="test_an_account_reads_back_by_its_name",
        intact=PeopledConnector(configures=False),
    ),
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


def run(connector: Any, name: str, folder: Path, **more: Any) -> None:
    """One test of the suite on a ground of its own."""
    suite: Any = type("Suite", (ConnectorSuite,), {"connector": connector, **more})
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


@pytest.mark.parametrize("host", [answers_first, keeps_what_it_read])
def test_the_suite_notices_a_host_that_does_not_save_before_it_answers(host, tmp_path):
    calls = MemoryConnector(switches=Switches(callback=True), configures=False)
    with pytest.raises(NOTICED):
        run(calls, "test_a_delivery_is_saved_before_it_is_answered", tmp_path, host=staticmethod(host))


def test_every_guarantee_has_caught_something():
    named = {getattr(ConnectorSuite, one.caught_by).guarantee.id for one in MUTANTS} | {"identity/clone"}
    assert named == set(GUARANTEES)

"""What people say to each other arrives once, in order, and never before the wrong eyes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from deskweave.connector import Outcome, Plant, Ref, RemoteMessage
from deskweave.errors import DeskweaveError, Executed
from deskweave.model import InternalMessage, PublicMessage, Visibility
from deskweave.testing.suite.ground import PEOPLE, Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.text import folded


def heard(ground: Ground, parent: Ref) -> list[RemoteMessage]:
    """Everything said under a record, as the connector reads it."""
    messages = ground.connection.messages
    assert messages is not None
    ground.later()
    return ground.everything(lambda resume: messages.of(parent, resume))


def speak(ground: Ground, parent: Ref, visibility: Visibility, body: str, corr: str) -> Outcome:
    """Say or note it by the type that fits."""
    messages = ground.connection.messages
    assert messages is not None
    if visibility is Visibility.PUBLIC:
        said = PublicMessage(body=body, author=None, at=ground.now())
        return ground.attempt(lambda: messages.say(parent, said, corr=corr, key=ground.key()))
    noted = InternalMessage(body=body, author=None, at=ground.now())
    return ground.attempt(lambda: messages.note(parent, noted, corr=corr, key=ground.key()))


class Messages:
    """Public and internal messages, theirs and ours."""

    @guarantee(
        "messages/read",
        en="What people write is read with its visibility, its author and its time, oldest first.",
        zh="人们写下的消息连同可见性、作者与时间按先后读出。",
        needs="hands messages",
    )
    def test_what_people_write_is_read(self, ground: Ground, collection: str) -> None:
        ref = ground.raise_one(collection)
        wrote: list[tuple[Visibility, str]] = []
        for number, visibility in enumerate(sorted(ground.of(collection).visibilities) * 2):
            ground.later(timedelta(minutes=1))
            author = PEOPLE[1] if visibility is Visibility.INTERNAL else PEOPLE[number // 2 % 2]  # requesters write no notes
            ground.hands.write(ref, visibility, f"Kit words {number}", author)
            wrote.append((visibility, f"Kit words {number}"))
        found = heard(ground, ref)
        for visibility in ground.of(collection).visibilities:
            told = [one.body for one in found if one.visibility is visibility and "Kit words" in one.body]
            meant = [body for kind, body in wrote if kind is visibility]
            assert told == meant, f"{visibility.value}: read {told} where {meant} was written"
        ours = [one for one in found if "Kit words" in one.body]
        assert all(one.parent == ref for one in ours), "a message names another record as its own"
        assert all(one.at.tzinfo is not None for one in ours)
        assert len({one.ref for one in ours}) == len(ours), "two messages have one id"
        assert all(one.author_side != "us" for one in ours), "a person's message is taken for ours"

    @guarantee(
        "messages/feed",
        en="The feed names each message since an instant, that very instant included.",
        zh="消息流列出自某一时刻起的每条消息，恰在该时刻的也在内。",
        needs="hands messages feed",
    )
    def test_the_feed_names_each_message_since(self, ground: Ground, collection: str) -> None:
        messages = ground.connection.messages
        assert messages is not None
        ref = ground.raise_one(collection)
        visibility = sorted(ground.of(collection).visibilities)[0]
        ground.later(timedelta(minutes=1))
        for number in range(3):
            ground.hands.write(ref, visibility, f"Kit feed {number}", PEOPLE[1])
        stamped = min(one.at for one in heard(ground, ref) if "Kit feed" in one.body)
        found = ground.everything(lambda resume: messages.changes(collection, stamped, resume))
        told = {one.body for one in found if one.parent == ref}
        assert {f"Kit feed {number}" for number in range(3)} <= told, f"since {stamped} the feed tells only {sorted(told)}"

    @guarantee(
        "messages/public",
        en="What is said in public stands there in public, once.",
        zh="公开说的话以公开方式出现，且只出现一次。",
        needs="hands messages speaks public",
    )
    def test_what_is_said_stands_there(self, ground: Ground, collection: str) -> None:
        self._stands(ground, collection, Visibility.PUBLIC)

    @guarantee(
        "messages/internal",
        en="An internal note is never to be seen in public.",
        zh="内部备注绝不会公开可见。",
        needs="hands messages speaks internal",
    )
    def test_a_note_stays_internal(self, ground: Ground, collection: str) -> None:
        self._stands(ground, collection, Visibility.INTERNAL)

    @guarantee(
        "messages/refused",
        en="A kind of message the collection does not have is refused; it is not written as another kind, nor lost in silence.",
        zh="集合没有的消息类别会被拒绝，既不改成另一类写出，也不无声丢失。",
        needs="hands messages",
    )
    def test_a_kind_that_is_not_there_is_refused(self, ground: Ground, collection: str) -> None:
        ref = ground.raise_one(collection)
        missing = [one for one in Visibility if not ground.speaks(collection) or one not in ground.of(collection).visibilities]
        for visibility in missing:
            text = f"Kit {visibility.value} words nobody may see here"
            try:
                outcome = speak(ground, ref, visibility, text, ground.mark())
            except DeskweaveError:
                outcome = Outcome(executed=Executed.NO)
            assert outcome.executed is Executed.NO, f"{visibility.value} messages are not declared, and one was answered as written"
            assert not any(text in body for _, body in ground.spoken(ref)), f"a {visibility.value} message was written all the same"

    @guarantee(
        "messages/mark",
        en="A message of ours is recognised as ours.",
        zh="我们发出的消息能被认出是我们的。",
        needs="hands messages speaks",
    )
    def test_our_own_message_is_recognised(self, ground: Ground, collection: str) -> None:
        ref, corr = ground.raise_one(collection), ground.mark()
        visibility = sorted(ground.of(collection).visibilities)[0]
        outcome = speak(ground, ref, visibility, "Kit ours", corr)
        assert outcome.executed is Executed.YES, f"{outcome.error}"
        (found,) = (one for one in heard(ground, ref) if "Kit ours" in one.body)
        assert outcome.ref in (None, found.ref), "the answer names another message"
        weak = ground.of(collection).message_plant in (Plant.NONE, Plant.AFTER)
        known = found.corr == corr or (weak and found.author_side == "us")
        assert known, f"the message carries the mark {found.corr!r}, and is said to be of side {found.author_side!r}"

    @guarantee(
        "messages/lost",
        en="A message without an answer is a maybe, and is not sent twice by the connector.",
        zh="没有应答的消息是“也许”，连接器不会重复发送。",
        needs="hands messages speaks",
        faults="lost_answer lost_request",
    )
    def test_a_message_without_an_answer_is_a_maybe(self, ground: Ground, collection: str) -> None:
        visibility = sorted(ground.of(collection).visibilities)[0]
        for word, times in (("lost_answer", 1), ("lost_request", 0)):
            ref, text = ground.raise_one(collection), f"Kit {word}"
            outcome = self._lost(ground, word, lambda: speak(ground, ref, visibility, text, ground.mark()))  # noqa: B023
            assert outcome.executed is Executed.MAYBE, f"{word}: executed={outcome.executed}"
            stands = [body for _, body in ground.spoken(ref) if text in body]
            assert len(stands) == times, f"{word}: the message stands there {len(stands)} times"

    # --------------------------------------------------------------------------------------------------------------- inside
    @staticmethod
    def _lost(ground: Ground, word: str, write: Callable[[], Outcome]) -> Outcome:
        ground.running.faults.arm(word, times=1, writes=True)
        outcome = write()
        ground.running.faults.disarm()
        return outcome

    @staticmethod
    def _stands(ground: Ground, collection: str, visibility: Visibility) -> None:
        ref, text = ground.raise_one(collection), f"Kit {visibility.value} words"
        outcome = speak(ground, ref, visibility, text, ground.mark())
        assert outcome.executed is Executed.YES, f"{outcome.error}"
        seen = [(kind, body) for kind, body in ground.spoken(ref) if text in body]
        assert [kind for kind, _ in seen] == [visibility], (
            f"a {visibility.value} message is to be seen on the platform as {[kind.value for kind, _ in seen]}"
        )
        told = [one for one in heard(ground, ref) if text in one.body]
        assert [one.visibility for one in told] == [visibility], f"read back as {[one.visibility.value for one in told]}"
        assert folded(told[0].body) == text, f"read back as {told[0].body!r}"

"""Who an account is: one answer for each question, in the order asked, and nobody for a stranger.

The engine asks for accounts in batches, signs messages with the names it is told and matches people by the keys it is told: an
answer in the wrong place says of somebody that they are somebody else.
"""

from __future__ import annotations

from typing import Final

from deskweave.connector import PersonKey, PersonMapper, Ref, RemotePerson, RemoteRecord
from deskweave.errors import RequestError
from deskweave.testing.suite.ground import PEOPLE, Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.messages import heard
from deskweave.testing.suite.text import HOSTILE_IDS, folded

CALLED: Final = "Zoë 王芳"
NOBODY: Final = "kit-no-such-account"


def who_wrote(ground: Ground, collection: str, *people: str) -> list[str]:
    """The accounts that messages of these people name as their authors."""
    ref = ground.raise_one(collection)
    visibility = sorted(ground.of(collection).visibilities, reverse=True)[0]  # public: requesters write no notes
    found = []
    for one in people:
        ground.later()
        ground.hands.write(ref, visibility, f"Kit author {one}", one)
        wrote = [message.author for message in heard(ground, ref) if message.body.endswith(f"Kit author {one}")]
        assert wrote, f"what {one} wrote is not read"
        assert wrote[-1], f"what {one} wrote has no author"
        found.append(str(wrote[-1]))
    return found


def told(person: RemotePerson | None) -> tuple[object, ...]:
    """What is told of somebody, to be compared."""
    if person is None:
        return ()
    return (person.account, person.name, sorted((key.kind, key.value) for key in person.keys), person.side)


class People:
    """The directory of the platform."""

    @guarantee(
        "people/look-up",
        en="Each key looked up gets one answer, in the order asked; a stranger's key finds nobody.",
        zh="每个查询的键各得一个答复，顺序不变；陌生人的键查不到任何人。",
        needs="people hands",
    )
    def test_each_key_gets_one_answer(self, ground: Ground) -> None:
        people = ground.connection.people
        assert people is not None
        collection = next(iter(ground.binding.collections))
        ground.raise_one(collection)  # whoever raised it is on the platform from now on
        ground.later()
        keys = [
            PersonKey("email", "nobody.of.the.kit@example.com"),
            PersonKey("email", PEOPLE[0]),
            PersonKey("account", "kit-no-such-account"),
        ]
        found = ground.patiently(lambda: people.look_up(keys))
        assert [one.key for one in found] == keys, "not one answer for each key, in the order asked"
        assert not found[0].people, "somebody is found by an address nobody has"
        assert not found[2].people, "somebody is found by an account nobody has"
        if found[1].complete:
            assert len(found[1].people) == 1, f"one person has this address, {len(found[1].people)} are found"
            (person,) = found[1].people
            again = ground.patiently(lambda: people.fetch(["kit-no-such-account", person.account]))
            assert again[0] is None, "an account nobody has is answered with somebody"
            assert again[1] is not None
            assert again[1].account == person.account, "not in the order asked"

    @guarantee(
        "people/hostile",
        en="A hostile key finds nobody and widens no query.",
        zh="恶意的键查不到任何人，也不会放宽查询。",
        needs="people hands",
    )
    def test_a_hostile_key_finds_nobody(self, ground: Ground) -> None:
        people = ground.connection.people
        assert people is not None
        ground.raise_one(next(iter(ground.binding.collections)))  # so that there is somebody to be found
        ground.later()
        for hostile in (*HOSTILE_IDS, ""):
            for kind in ("email", "account", "user_name"):
                key = PersonKey(kind, hostile)
                try:
                    found = ground.patiently(lambda: people.look_up([key]))  # noqa: B023  called before it changes
                except RequestError:
                    continue  # refused: that is clear enough
                assert not any(one.people for one in found), f"{kind} {hostile!r} finds {len(found[0].people)} people"

    @guarantee(
        "people/authors",
        en="Whoever writes a message is found by the account it names, and called as people call them, in any script.",
        zh="消息所指明的作者帐号都查得到，姓名与平台一致，任何文字都不变。",
        needs="people hands messages",
    )
    def test_authors_are_found_by_name(self, ground: Ground, collection: str) -> None:
        people = ground.connection.people
        assert people is not None
        authors = who_wrote(ground, collection, *PEOPLE, CALLED)
        assert len(set(authors)) == len(authors), f"{len(authors)} people write under {len(set(authors))} accounts"
        found = ground.patiently(lambda: people.fetch(authors))
        assert all(found), "somebody writes a message and is unknown by the account it names"
        names = [one.name for one in found if one is not None]
        assert all(name.strip() for name in names), "somebody has no name"
        assert folded(names[-1]) == folded(CALLED), f"{CALLED} is called {names[-1]!r}"
        assert all(one.side != "bot" for one in found if one is not None), "a person is taken for a bot"

    @guarantee(
        "people/fetch",
        en="Accounts fetched together are answered one by one in the order asked, unknown ones with nobody, twice asked twice.",
        zh="一次查询多个帐号时按所问顺序逐一答复：未知的答无人，问两次答两次。",
        needs="people hands messages",
    )
    def test_accounts_are_answered_in_the_order_asked(self, ground: Ground, collection: str) -> None:
        people = ground.connection.people
        assert people is not None
        first, second = who_wrote(ground, collection, *PEOPLE)
        for asked in ([first, NOBODY, second], [second, first], [NOBODY, first, first], [NOBODY], []):
            found = ground.patiently(lambda: people.fetch(asked))  # noqa: B023  called before it changes
            meant = [None if one == NOBODY else one for one in asked]
            assert [None if one is None else one.account for one in found] == meant, f"asked for {asked}"
        alone = [told(one) for account in (first, second) for one in ground.patiently(lambda: people.fetch([account]))]  # noqa: B023
        together = [told(one) for one in ground.patiently(lambda: people.fetch([first, second]))]
        assert together == alone, "asked for together, accounts are answered otherwise than alone"
        for hostile in (*HOSTILE_IDS, ""):
            try:
                found = ground.patiently(lambda: people.fetch([hostile, first]))  # noqa: B023
            except RequestError:
                continue  # refused: that is clear enough
            assert [None if one is None else one.account for one in found] == [None, first], f"asked for {hostile!r}"

    @guarantee(
        "people/proof",
        en="A look-up that calls itself complete shows the key it was asked for on whom it finds; another proves nothing.",
        zh="自称完整的查询，查到的人必带有所查的键；不完整的不能证明任何事。",
        needs="people hands messages",
    )
    def test_a_complete_answer_shows_its_proof(self, ground: Ground, collection: str) -> None:
        people = ground.connection.people
        assert people is not None
        known = [one for one in ground.patiently(lambda: people.fetch(who_wrote(ground, collection, *PEOPLE))) if one is not None]
        keys = [key for one in known for key in one.keys]
        for match in ground.patiently(lambda: people.look_up(keys)):
            wanted = match.key.value.strip().casefold()
            shown = [{key.value.strip().casefold() for key in one.keys if key.kind == match.key.kind} for one in match.people]
            named = [one.account.casefold() == wanted for one in match.people]
            proven = [wanted in values or (match.key.kind == "account" and its) for values, its in zip(shown, named, strict=True)]
            assert not match.complete or all(proven), f"{match.key.kind}: somebody is found who does not show the key"
            accounts = [one.account for one in match.people]
            fetched = [told(one) for one in ground.patiently(lambda: people.fetch(accounts))]  # noqa: B023  called before it changes
            assert fetched == [told(one) for one in match.people], "found and fetched, somebody is told otherwise"

    @guarantee(
        "people/fields",
        en="An account that is written into a person's field reads back by the name that was given with it.",
        zh="写入人员字段的帐号，读回来是随之给出的姓名。",
        needs="accounts",
    )
    def test_an_account_reads_back_by_its_name(self, ground: Ground, collection: str) -> None:
        mapper = ground.mapper
        assert isinstance(mapper, PersonMapper)
        for name in mapper.takes_accounts(collection):
            spelled = mapper.spell(collection, {name: ("kit-account", CALLED)})
            assert len(spelled) == 1, f"{name}: {len(spelled)} native fields"
            ref = Ref(collection, "kit")
            record = RemoteRecord(
                ref=ref, fields=spelled, corr=None, updated_at=ground.now(), version=None, updated_by=None, label="kit"
            )
            view = mapper.read(record)
            assert view.values.get(name) == CALLED, f"{name}: {view.values.get(name)!r} is read"
            plain = mapper.read(RemoteRecord(
                ref=ref, fields=mapper.draft(collection, {name: CALLED}, corr="", key="").fields, corr=None,
                updated_at=ground.now(), version=None, updated_by=None, label="kit",
            ))  # fmt: skip
            assert name not in plain.accounts, f"{name}: a name alone is told to be an account"

"""Who an account is: one answer for each question, in the order asked, and nobody for a stranger."""

from __future__ import annotations

from deskweave.connector import PersonKey
from deskweave.errors import RequestError
from deskweave.testing.suite.ground import PEOPLE, Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.text import HOSTILE_IDS


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

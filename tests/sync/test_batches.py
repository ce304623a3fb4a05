"""Writing calls: what surely was not done is told from what may have been, for every item."""

from __future__ import annotations

import pytest

from deskweave.connector import Outcome
from deskweave.errors import CredentialError, Executed, PluginError, RateLimited, Scope, TransientError
from deskweave.sync.batches import send

YES = Outcome(executed=Executed.YES)


class Calls:
    """Stands for a run: calls are made as they come, a stranger's error is a plugin's."""

    def __init__(self):
        self.sent = []

    def call(self, _side, method, what):
        try:
            return method()
        except (RateLimited, TransientError, CredentialError):
            raise
        except Exception as error:
            raise PluginError("b", what, type(error).__name__) from error


class Side:
    name = "b"


@pytest.mark.parametrize(
    ("raised", "told", "goes_on"),
    [
        (TransientError("no answer", executed=Executed.MAYBE), Executed.MAYBE, True),
        (TransientError("down", executed=Executed.NO), Executed.NO, True),
        (CredentialError("expired"), Executed.NO, False),
        (ZeroDivisionError(), Executed.MAYBE, False),
        (RateLimited("slow", scope=Scope.CONNECTION), Executed.NO, False),
        (RateLimited("slow", scope=Scope.RATE_CLASS), Executed.NO, False),
        (RateLimited("slow", scope=Scope.RECORD), Executed.NO, True),
    ],
)
def test_a_failing_call_is_told_of_each_of_its_items_and_of_no_other(raised, told, goes_on):
    sent = []

    def method(part):
        sent.append(part)
        if len(sent) == 2:
            raise raised
        return [YES] * len(part)

    outcomes, failure = send(Calls(), Side(), list("abcdefg"), 2, method, "sink.patch")
    assert sent == [["a", "b"], ["c", "d"], *([["e", "f"], ["g"]] if goes_on else [])]
    after = [Executed.YES] * 3 if goes_on else [None] * 3
    assert [None if one is None else one.executed for one in outcomes] == [Executed.YES, Executed.YES, told, told, *after]
    assert (failure is raised) or isinstance(failure, PluginError)


def test_answers_that_do_not_fit_their_items_say_nothing_about_any():
    outcomes, failure = send(Calls(), Side(), ["a", "b"], 5, lambda _: [YES], "sink.create")
    assert [one.executed for one in outcomes] == [Executed.MAYBE] * 2
    assert "1 outcomes for 2 items" in str(failure)


def test_a_limit_within_the_answers_ends_it_too():
    slow = Outcome(executed=Executed.NO, error=RateLimited("slow", scope=Scope.CONNECTION))
    outcomes, failure = send(Calls(), Side(), list("abcd"), 2, lambda part: [YES, slow][: len(part)], "sink.create")
    assert outcomes == [YES, slow, None, None]
    assert failure is None

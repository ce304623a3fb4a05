"""What is proven of the bindings of a folder: where it is said, and how."""

from __future__ import annotations

from importlib.resources import files

import pytest

from deskweave.documents import Document, read
from deskweave.findings import Finding
from deskweave.findings.rules import RULES
from deskweave.model import ConnectionName, Route
from deskweave.plugins import load_plugins
from deskweave.practice import builtin
from deskweave.workspace.proving import owners, status_findings

FLAPS = {
    "snow": """
      awaiting_acceptance: {is: {state: "3"}, sets: {hold: "1"}}
      in_progress: {is: {state: "1", hold: ""}, sets: {hold: "2"}}
      waiting_on_user: {is: {state: "3", hold: ""}, sets: {hold: "3"}}
      closed: {is: {state: "2"}, reads: [{state: "1"}], sets: {hold: "3"}}
""",
    "jsm": """
      awaiting_acceptance: {is: {state: "3"}, sets: {state: "1"}}
      in_progress: {is: {state: "3", hold: ""}, reads: [{state: "1"}]}
      waiting_on_user: {is: {state: "2", hold: "1"}, reads: [{state: "2"}], sets: {hold: "2"}}
      closed: {is: {state: "2", hold: ""}, sets: {hold: "1"}}
""",
}
PLAIN = """
      awaiting_acceptance: {is: {state: "1"}}
      in_progress: {is: {state: "2"}}
      closed: {is: {state: "7"}}
"""


def binding(name: str, statuses: str = PLAIN, fields: str = "title: {at: name}") -> Document:
    (document,) = read(
        f"apiVersion: deskweave/v1\nkind: Binding\nid: {name}\npractice: service_desk\ncollections:\n  task:\n"
        f"    fields: {{{fields}}}\n    statuses:{statuses}",
        f"bindings/{name}.yaml",
    )
    return document


def route(*names: str) -> list[Route]:
    return [Route(id="all", when=None, among=tuple(map(ConnectionName, names)))]


def proven(*documents: Document, routes: list[Route] | None = None) -> list[Finding]:
    names = [document.id for document in documents]
    return list(status_findings(documents, builtin(), routes if routes is not None else route(*names), "en"))


@pytest.mark.practice("M1")
def test_the_built_in_bindings_hold_together() -> None:
    """The practice of the house on the three platforms it comes with, and on the one in memory: no status is lost or flaps."""
    texts = {str(name): one.binding_template() for name, one in load_plugins().connectors.items()}
    texts["memory"] = (files("deskweave.testing.memory") / "binding.yaml").read_text(encoding="utf-8")
    documents = [read(text, f"bindings/{name}.yaml")[0] for name, text in texts.items()]
    assert len(documents) == 4
    assert proven(*documents) == []
    assert list(owners(documents, route(*(document.id for document in documents)))) == []


def test_a_cycle_is_told_at_the_line_of_the_status_in_both_languages() -> None:
    (flaps,) = [one for one in proven(*(binding(name, text) for name, text in FLAPS.items())) if one.rule == "status-flaps"]
    assert flaps.place.source in ("bindings/snow.yaml", "bindings/jsm.yaml")
    assert flaps.place.line is not None
    assert "snow/task is given in_progress (state=1, hold=2) and reads closed; the inquiry becomes closed; " in flaps.message
    assert flaps.message.endswith(", and so on")
    chinese = RULES["status-flaps"].in_chinese(flaps)
    assert "向 snow/task 写入 in_progress（state=1, hold=2），读回 closed；问询变为 closed；" in chinese
    assert flaps.message not in chinese


def test_maps_that_never_meet_are_not_held_against_each_other() -> None:
    pair = [binding(name, text) for name, text in FLAPS.items()]
    apart = [*route("snow", "feishu"), *route("jsm", "feishu")]
    assert "status-flaps" not in {one.rule for one in proven(*pair, routes=apart)}


def test_every_kind_is_said_in_chinese() -> None:
    wrong = {
        "status-moves-itself": 'awaiting_acceptance: {is: {state: "1"}}\n      in_progress: {is: {state: "2"}}\n'
        '      closed: {is: {state: "7"}, sets: {state: "2"}}',
        "status-not-shown": 'in_progress: {is: {state: "2"}}\n      closed: {is: {state: "7"}, sets: {state: "2"}}',
        "status-read-otherwise": 'in_progress: {is: {state: "2"}}\n      closed: {is: {state: "7"}, reads: [{stage: "9"}]}',
    }
    for rule, statuses in wrong.items():
        (found,) = proven(binding("snow", f"\n      {statuses}\n"))
        assert found.rule == rule
        assert RULES[rule].in_chinese(found) != found.message


def test_a_state_that_is_read_as_no_status_is_said_so() -> None:
    text = '\n      in_progress: {is: {state: "2"}}\n      closed: {is: {state: "7", hold: "1"}, sets: {hold: "2"}}\n'
    (found,) = proven(binding("snow", text))
    assert "comes to rest at a state that is read as no status where the inquiry is 'closed'" in found.message
    assert "停在读不出状态的取值：" in RULES["status-not-shown"].in_chinese(found)


def test_a_mapper_that_raises_is_a_check_that_did_not_run() -> None:
    from types import SimpleNamespace

    from deskweave.configure import Lock
    from deskweave.workspace.binding import join
    from deskweave.workspace.proving import spoken_findings

    document = binding("snow")
    typed = join(document, builtin(), Lock(connection="snow", environment="dev"), connection="snow", language="en")
    broken = SimpleNamespace(mapper=lambda _: object(), capabilities=SimpleNamespace(collections={}))
    (found,) = spoken_findings(document, builtin(), typed, broken, "en")  # type: ignore[arg-type]
    assert found.rule == "check-did-not-run"


def test_two_owners_of_a_field_are_told_once_and_with_both_places() -> None:
    mine, shared = "impact: {at: i, policy: owner}", "impact: {at: i}"
    three = [binding("snow", fields=mine), binding("jsm", fields=shared), binding("feishu", fields=mine)]
    routes = [*route("snow", "jsm", "feishu"), *route("snow", "feishu")]
    (found,) = owners(three, routes)
    assert (found.rule, found.place.source, found.found) == ("two-owners", "bindings/feishu.yaml", "impact")
    assert "'snow' owns 'impact' as well (bindings/snow.yaml:7)" in found.message
    assert "bindings/snow.yaml:7" in RULES["two-owners"].in_chinese(found)
    assert not list(owners(three, [*route("snow", "jsm"), *route("jsm", "feishu")]))  # no inquiry is on both

"""Fields and options: read, made, changed, retired, removed; losses; who may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskweave.connector import Element, ElementChange, ElementId
from deskweave.errors import Executed, PermissionMissing, RateLimited, Rejected


def live(connection, kind: str) -> list[Element]:
    return list(connection.configuration.elements(kind, None).items)


def named(elements: list[Element], name: str) -> Element:
    return next(element for element in elements if element.attributes["name"] == name)


def test_an_applied_field_is_listed_as_what_it_was_made_as(desk) -> None:
    found = live(desk.connect("admin"), "field")
    assert {
        name: named(found, name).attributes["type"] for name in ("Repeated problem", "Duration of the contact", "Solution")
    } == {
        "Repeated problem": "boolean",
        "Duration of the contact": "duration",
        "Solution": "long_text",
    }
    assert named(found, "Solution").locked is None
    assert named(found, "summary").locked  # a system field goes by the id that a binding names
    assert named(found, "Request Type").locked
    assert named(found, "reporter.email").native == "reporter.email"
    assert all(element.id is None for element in found), "the host matches them"


def test_options_and_priorities_are_choices_of_their_field(desk) -> None:
    found = live(desk.connect("admin"), "choice")
    category = named(live(desk.connect("admin"), "field"), "Problem category").native
    assert named(found, "Hardware").attributes["field"] == category
    assert named(found, "Highest").attributes["field"] == "priority"
    assert named(found, "Highest").locked


def test_an_applied_field_can_be_written_at_once(desk) -> None:
    """Context, options and the project's own screen: without any of them Jira answers 400."""
    connection = desk.connect()
    outcome = desk.create(connection, "c-1", problem_category="hardware", is_repeat=True)
    assert outcome.error is None
    assert outcome.record.fields["Problem category"] == "Hardware"


@pytest.mark.parametrize("with_context", [False, True])
def test_a_field_gets_one_context(bench, with_context: bool) -> None:
    bench.site.platform.context_with_field = with_context
    connection = bench.connect("admin")
    done = connection.target.apply(bench.field_change("channel", "Channel", "choice"), key="k")
    assert done.error is None
    (context,) = bench.state.fields[done.ref.rid].contexts
    assert (context.projects == ()) is with_context


def test_applying_twice_makes_one_field(bench) -> None:
    connection = bench.connect("admin")
    change = bench.field_change("is_repeat", "Repeated problem", "boolean")
    first, second = (connection.target.apply(change, key="k") for _ in range(2))
    assert first.ref == second.ref
    assert [option.value for option in bench.state.fields[first.ref.rid].contexts[0].options] == ["Yes", "No"]


def test_a_run_that_broke_off_is_finished_by_the_next(bench) -> None:
    """The field was made, its answer lost: the repeat finds it by our mark and gives it context and screen."""
    connection = bench.connect("admin")
    _ = connection.capabilities
    bench.site.faults.arm("lost_answer", method="POST", path="/rest/api/3/field")
    change = bench.field_change("channel", "Channel", "choice")
    lost = connection.target.apply(change, key="k")
    assert lost.executed is Executed.MAYBE
    done = connection.target.apply(change, key="k")
    assert done.error is None
    ours = [field for field in bench.state.fields.values() if field.name == "Channel"]
    assert [field.id for field in ours] == [done.ref.rid]
    assert done.ref.rid in bench.state.screen_fields(bench.state.project_screen)


def test_a_foreign_field_of_that_name_is_left_alone(bench) -> None:
    connection = bench.connect("admin")
    foreign = connection.client.create_field(
        {"name": "Channel", "type": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"}
    )
    done = connection.target.apply(bench.field_change("channel", "Channel", "choice"), key="k")
    assert done.executed is Executed.NO
    assert isinstance(done.error, Rejected)
    assert [field.id for field in bench.state.fields.values() if field.name == "Channel"] == [foreign["id"]]


def test_rename_retire_and_remove(desk) -> None:
    connection = desk.connect("admin")
    field = named(live(connection, "field"), "Solution")
    known = replace(field, id=ElementId("field", "fields/solution"))
    renamed = replace(known, attributes={**known.attributes, "name": "Answer"})
    assert connection.target.apply(ElementChange(verb="change", before=known, after=renamed), key="k").error is None
    assert named(live(connection, "field"), "Answer").native == field.native
    assert connection.target.apply(ElementChange(verb="retire", before=renamed, after=None), key="k").error is None
    assert field.native not in desk.state.screen_fields(desk.state.project_screen)
    assert connection.target.apply(ElementChange(verb="remove", before=renamed, after=None), key="k").error is None
    assert field.native not in {element.native for element in live(connection, "field")}


def test_an_option_is_renamed_retired_brought_back_and_removed(desk) -> None:
    connection = desk.connect("admin")
    option = replace(
        named(live(connection, "choice"), "Hardware"), id=ElementId("choice", "fields/problem_category/choices/hardware")
    )
    new = replace(option, attributes={**option.attributes, "name": "Device"})
    assert connection.target.apply(ElementChange(verb="change", before=option, after=new), key="k").error is None
    assert named(live(connection, "choice"), "Device").native == option.native
    assert connection.target.apply(ElementChange(verb="retire", before=new, after=None), key="k").error is None
    stored = desk.state.fields[option.native.split("/")[0]].option(option.native.split("/")[2])
    assert stored.disabled is True
    again = connection.target.apply(desk.choice_change("problem_category", "Problem category", "device", "Device"), key="k")
    assert (again.ref.rid, stored.disabled) == (option.native, False)
    assert connection.target.apply(ElementChange(verb="remove", before=new, after=None), key="k").error is None
    assert "Device" not in {element.attributes["name"] for element in live(connection, "choice")}


def test_usage_counts_requests(desk) -> None:
    agent = desk.connect()
    for number in range(3):
        desk.create(agent, f"c-{number}", problem_category="hardware")
    desk.later(minutes=5)
    admin = desk.connect("admin")
    hardware, software = (named(live(admin, "choice"), name) for name in ("Hardware", "Software"))
    field = named(live(admin, "field"), "Problem category")
    assert list(admin.configuration.usage([hardware, software, field, named(live(admin, "field"), "summary")])) == [3, 0, 3, None]


def test_an_agent_is_told_what_it_takes(desk) -> None:
    agent = desk.connect("agent")
    change = desk.field_change("channel", "Channel", "choice")
    (finding,) = agent.target.preflight([change])
    assert finding.found == "ADMINISTER"
    with pytest.raises(PermissionMissing, match="Administer Jira"):
        agent.target.apply(change, key="k")
    assert [element for element in live(agent, "choice") if not element.locked] == []
    assert "Channel" not in {field.name for field in desk.state.fields.values()}


def test_the_rest_of_a_desk_is_read(bench) -> None:
    admin = bench.connect("admin")
    assert {element.attributes["name"] for element in live(admin, "status")} >= {"Waiting for support", "Closed"}
    assert {element.attributes["name"] for element in live(admin, "request_type")} == {
        "Get IT help",
        "Report a system problem",
        "Request new software",
    }
    assert [element.attributes["name"] for element in live(admin, "request_type_group")] == ["Common requests", "Applications"]
    assert "Resolve" in {element.attributes["name"] for element in live(admin, "transition")}
    assert live(bench.connect("agent"), "transition") == []
    assert len(live(admin, "priority")) == 5
    assert all(element.locked for kind in ("status", "request_type", "priority") for element in live(admin, kind))
    assert live(admin, "nothing of ours") == []


def test_options_are_listed_once_for_all_that_are_made(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not from memory after a new listing: a person may have changed them meanwhile."""
    connection = bench.connect("admin")
    field = connection.target.apply(bench.field_change("floor", "Floor", "choice"), key="f").ref.rid
    asked: list[str] = []
    options = connection.client.options
    monkeypatch.setattr(connection.client, "options", lambda *args: asked.append(args[0]) or options(*args))

    def make(number: int) -> str:
        made = element("choice", f"fields/floor/choices/f{number}", name=f"Floor {number}", field="Floor", collection="request")
        done = connection.target.apply(ElementChange(verb="create", before=None, after=made), key=str(number))
        assert done.error is None
        return done.ref.rid

    natives = [make(number) for number in range(4)]
    assert [make(number) for number in range(4)] == natives
    assert asked == [field]
    connection.client.delete_option(*natives[2].split("/"))
    live(connection, "choice")
    assert make(2) not in natives
    assert sum(one.native.startswith(f"{field}/") for one in live(connection, "choice")) == 4


def element(kind: str, path: str, **attributes: object) -> Element:
    return Element(id=ElementId(kind, path), native=None, attributes=attributes)  # type: ignore[arg-type]


WANTED = [
    element(
        "field", "fields/email", type="email", name="Requester e-mail", label={"en": "E-mail", "zh": "邮箱"}, collection="request"
    ),
    element("field", "fields/status", type="status", name="status", label={"en": "Status"}, collection="request"),
    element("choice", "fields/status/choices/closed", name="Closed", field="status", collection="request"),
    element("choice", "fields/channel/choices/phone", name="Phone", field="Channel", collection="request"),
    element("field", "fields/user_satisfaction", type="choice", name="User satisfaction", label={"en": "x"}, collection="request"),
    element("status", "statuses/closed", label={"en": "Closed"}, **{"is": {"request": {"status": "Closed"}}}),
    element("status", "statuses/parked", label={"en": "Parked"}, **{"is": {"request": {"status": "Parked"}}}),
    element("transition", "transitions/close", label={"en": "Close"}),
    element("transition", "transitions/accept", label={"en": "Accept"}),
    element("catalog_item", "catalog/vpn", label={"en": "VPN"}),
    element("catalog_item", "catalog/help", label={"en": "Get IT help"}),
    element("clock", "clocks/resolution", label={"en": "Resolution"}),
    element("calendar", "calendars/cn_5x8", label={"en": "5x8"}),
    element("metric", "metrics/x", label={"en": "X"}),
]


def test_express_holds_fields_and_choices_and_says_what_becomes_of_the_rest(bench) -> None:
    connection = bench.connect("admin")
    there = [one for kind in sorted(connection.configuration.kinds) for one in live(connection, kind)]
    expression = connection.target.express(WANTED, there)
    assert [one.id.path for one in expression.elements] == [
        "fields/email",
        "fields/channel/choices/phone",
        "fields/user_satisfaction",
    ]
    losses = {(loss.element.path, loss.degree) for loss in expression.losses}
    assert losses == {
        ("fields/email", "narrowed"),
        ("fields/user_satisfaction", "by_hand"),
        ("statuses/closed", "narrowed"),
        ("statuses/parked", "by_hand"),
        ("transitions/close", "narrowed"),
        ("transitions/accept", "narrowed"),
        ("catalog/vpn", "by_hand"),
        ("catalog/help", "narrowed"),
        ("clocks/resolution", "by_hand"),
        ("calendars/cn_5x8", "by_hand"),
        ("metrics/x", "impossible"),
    }
    for loss in expression.losses:
        for text in (loss.what, *loss.steps.values(), loss.where or ""):
            text.encode("gbk")
        if loss.degree == "by_hand":
            assert set(loss.steps) == {"en", "zh"}
            assert loss.where


@pytest.mark.practice("M1", "M2")
def test_every_wanted_element_of_the_builtin_practice_is_held_or_accounted_for(bench) -> None:
    from deskweave.configure.elements import wanted_elements
    from deskweave.documents import read
    from deskweave.practice import builtin
    from deskweave_jira_sm.connector import JiraConnector

    (document,) = read(JiraConnector().binding_template(), "bindings/jira_sm.yaml")
    wanted = wanted_elements(builtin(), document.body).elements
    expression = bench.connect("admin").target.express(wanted, [])
    spoken_for = {one.id for one in expression.elements} | {loss.element for loss in expression.losses}
    assert {one.id for one in wanted} - spoken_for == set()


def test_a_limit_while_applying_is_that_changes_outcome(bench) -> None:
    connection = bench.connect("admin")
    _ = connection.capabilities
    bench.site.faults.arm("rate_limited", path="/rest/api/3/field", writes=True)
    done = connection.target.apply(bench.field_change("channel", "Channel", "choice"), key="k")
    assert (done.executed, type(done.error)) == (Executed.NO, RateLimited)


def test_the_field_for_counterparts_numbers_is_made_beside_the_first(bench) -> None:
    connection = bench.connect("admin")
    for slug, name in (("channel", "Channel"), ("city", "City")):
        assert connection.target.apply(bench.field_change(slug, name, "text"), key="k").error is None
    made = [field for field in bench.state.fields.values() if field.name == "Counterparts"]
    assert len(made) == 1

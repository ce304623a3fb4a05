"""Columns and choices: what is there, what is made with an admin's rights, what is a person's work."""

from __future__ import annotations

import pytest

from deskweave.connector import Element, ElementChange, ElementId, Plant
from deskweave.errors import Executed, PermissionMissing, Rejected
from deskweave_servicenow import ServiceNow
from deskweave_servicenow.client import Client


def field(slug, name, kind="text", collection="incident", **label):
    return Element(
        id=ElementId("field", f"fields/{slug}"),
        native=None,
        attributes={"label": label or {"en": slug.title(), "zh": "字段"}, "type": kind, "collection": collection, "name": name},
    )


def choice(slug, text, order, column="u_stream", collection="incident"):
    return Element(
        id=ElementId("choice", f"fields/stream/choices/{slug}"),
        native=None,
        attributes={"label": {"en": text, "zh": "选项"}, "name": text, "order": order, "collection": collection, "field": column},
        needs=(ElementId("field", "fields/stream"),),
    )


def create(element):
    return ElementChange(verb="create", before=None, after=element)


def live(connection, kind, **want):
    found = connection.configuration.elements(kind, None).items
    return [one for one in found if all(one.attributes.get(name) == value for name, value in want.items())]


def test_a_column_made_is_there_and_holds_values(admin, agent, mapper, hands):
    admin.target.apply(create(field("cost_center", "u_cost_center", en="Cost centre")), key="1")
    (made,) = live(admin, "field", name="u_cost_center", collection="incident")
    assert (made.native, made.locked, made.attributes["label"]) == ("u_cost_center", None, {"en": "Cost centre"})
    outcome = agent.sink.create([mapper.draft("incident", {"title": "x", "cost_center": "CC-1"}, corr="c", key="k")])[0]
    assert (outcome.dropped, outcome.record.fields["u_cost_center"]) == (frozenset(), "CC-1")


def test_apply_twice_makes_one(admin, emulator):
    for _ in range(2):
        outcome = admin.target.apply(create(field("cost_center", "u_cost_center")), key="1")
        assert (outcome.executed, outcome.ref.rid) == (Executed.YES, "u_cost_center")
    rows = [row for row in emulator.platform.tables["sys_dictionary"].rows.values() if row.get("element") == "u_cost_center"]
    assert len(rows) == 1


def test_a_lost_answer_while_applying_leaves_one(admin, emulator):
    from deskweave.errors import TransientError

    assert admin.capabilities
    emulator.faults.arm("lost_answer", method="POST")
    with pytest.raises(TransientError) as caught:
        admin.target.apply(create(field("cost_center", "u_cost_center")), key="1")
    assert caught.value.executed is Executed.MAYBE
    admin.target.apply(create(field("cost_center", "u_cost_center")), key="1")
    rows = [row for row in emulator.platform.tables["sys_dictionary"].rows.values() if row.get("element") == "u_cost_center"]
    assert len(rows) == 1


def test_our_own_columns_come_with_the_first(admin, agent):
    change = create(field("scenario", "u_scenario", collection="interaction"))
    (note,) = admin.target.preflight([change])
    assert "u_correlation_id" in note.message
    assert admin.capabilities.collections["interaction"].creates is Plant.NONE
    admin.target.apply(change, key="1")
    assert admin.capabilities.collections["interaction"].creates is Plant.ATOMIC
    assert live(admin, "field", name="u_counterparts", collection="interaction")


def test_choices_are_made_in_both_languages_and_then_accepted(admin, agent, hands):
    from deskweave.connector import Patch

    admin.target.apply(create(field("stream", "u_stream", "choice")), key="1")
    for order, text in enumerate(("Incident", "咨询"), 1):
        outcome = admin.target.apply(create(choice(f"c{order}", text, order)), key=str(order))
        assert outcome.executed is Executed.YES
    found = live(admin, "choice", field="u_stream")
    assert [(one.attributes["name"], one.attributes["order"]) for one in sorted(found, key=lambda e: e.attributes["order"])] == [
        ("Incident", 1),
        ("咨询", 2),
    ]
    assert found[0].attributes["label"]["zh"] == "选项"
    ref = hands.create("incident", {"title": "x"}, "li.wei")
    kept = agent.sink.patch([Patch(ref=ref, key="k", set={"u_stream": "咨询"})])[0]
    assert kept.record.version == "1"
    lost = agent.sink.patch([Patch(ref=ref, key="k", set={"u_stream": "other"})])[0]
    assert lost.record.version == "1"  # no such choice: dropped without a word, nothing counted


def test_change_retire_and_remove(admin):
    admin.target.apply(create(field("stream", "u_stream", "choice")), key="1")
    admin.target.apply(create(choice("a", "A", 1)), key="2")
    (before,) = live(admin, "field", name="u_stream", collection="incident")
    admin.target.apply(ElementChange(verb="change", before=before, after=field("stream", "u_stream", "choice", en="Flow")), key="3")
    assert live(admin, "field", name="u_stream")[0].attributes["label"] == {"en": "Flow"}
    (option,) = live(admin, "choice", field="u_stream")
    gone = Element(id=choice("a", "A", 1).id, native=option.native, attributes=option.attributes)
    admin.target.apply(ElementChange(verb="retire", before=gone, after=None), key="4")
    assert live(admin, "choice", field="u_stream") == []
    admin.target.apply(create(choice("a", "A", 1)), key="5")  # wanted again: the same row comes back
    assert [one.native for one in live(admin, "choice", field="u_stream")] == [option.native]
    admin.target.apply(ElementChange(verb="remove", before=gone, after=None), key="6")
    assert live(admin, "choice", field="u_stream") == []
    doomed = Element(id=field("stream", "u_stream").id, native="u_stream", attributes=before.attributes)
    admin.target.apply(ElementChange(verb="remove", before=doomed, after=None), key="7")
    assert live(admin, "field", name="u_stream", collection="incident") == []


def test_the_agent_may_not_apply_and_is_told_which_role(agent):
    with pytest.raises(PermissionMissing, match="admin"):
        agent.target.apply(create(field("cost_center", "u_cost_center")), key="1")


def test_the_agent_still_sees_columns_and_choices(agent):
    names = {one.attributes["name"] for one in live(agent, "field", collection="incident")}
    assert {"short_description", "caller_id"} <= names
    states = {one.attributes["name"] for one in live(agent, "choice", collection="incident", field="state")}
    assert states == {"1", "2", "3", "6", "7", "8"}
    assert all(one.locked for one in agent.configuration.elements("field", None).items)


def test_inherited_columns_and_choices_are_listed_once(admin):
    assert len(live(admin, "field", name="short_description", collection="incident")) == 1
    assert [one.attributes["name"] for one in live(admin, "choice", field="contact_type", collection="incident")]


def test_shipped_columns_are_locked_and_names_are_checked(admin):
    assert live(admin, "field", name="short_description", collection="incident")[0].locked
    for name in ("short_description", "u_Bad", "u_x^NQ", "x_cost"):
        with pytest.raises(Rejected, match="column"):
            admin.target.apply(create(field("a", name)), key="1")


def test_a_yes_no_column_can_stay_empty(admin, agent, mapper):
    admin.target.apply(create(field("is_repeat", "u_is_repeat", "boolean")), key="1")
    created = agent.sink.create([mapper.draft("incident", {"title": "x"}, corr="c", key="k")])[0]
    assert mapper.read(created.record).values["is_repeat"] is None
    created = agent.sink.create([mapper.draft("incident", {"title": "x", "is_repeat": False}, corr="d", key="k")])[0]
    assert mapper.read(created.record).values["is_repeat"] is False


def test_several_choices_are_kept_as_one_text(admin, agent, mapper):
    admin.target.apply(create(field("tags", "u_tags", "choices")), key="1")
    for order, text in enumerate(("First line", "Second line"), 1):
        admin.target.apply(create(choice(f"t{order}", text, order, column="u_tags")), key=str(order))
    document = {"title": "x", "tags": ("first_line", "second_line")}
    created = agent.sink.create([mapper.draft("incident", document, corr="c", key="k")])[0]
    assert created.dropped == frozenset()
    assert mapper.read(created.record).values["tags"] == ("first_line", "second_line")


def test_usage_counts_records(admin, agent, mapper):
    admin.target.apply(create(field("cost_center", "u_cost_center")), key="1")
    for value in ("A", "B", None):
        agent.sink.create([mapper.draft("incident", {"title": "x", "cost_center": value}, corr="c", key="k")])
    (column,) = live(admin, "field", name="u_cost_center", collection="incident")
    unknown = Element(id=None, native="u_nowhere", attributes={"collection": "incident", "name": "u_nowhere"})
    assert admin.configuration.usage([column, unknown]) == [2, None]


@pytest.mark.practice("M2")
def test_what_cannot_be_made_is_a_by_hand_step_in_both_languages(agent):
    kinds = ("status", "transition", "catalog_item", "clock", "metric", "calendar", "broadcast")
    wanted = [Element(id=ElementId(kind, f"x/{kind}"), native=None, attributes={"label": {"en": kind}}) for kind in kinds]
    wanted += [field("log", "u_log", "messages"), field("tags", "u_tags", "choices"), field("title", "short_description")]
    expression = agent.target.express(wanted, [])
    assert [one.attributes["name"] for one in expression.elements] == ["u_tags", "short_description"]
    losses = {loss.element.kind: loss for loss in expression.losses if loss.element.kind != "field"}
    assert {kind for kind, loss in losses.items() if loss.degree == "by_hand"} == set(kinds) - {"broadcast", "metric"}
    assert losses["broadcast"].degree == "impossible"
    assert losses["metric"].degree == "narrowed"
    assert all({"en", "zh"} <= set(loss.steps) for loss in expression.losses)
    assert all(loss.where for loss in losses.values() if loss.degree == "by_hand")
    assert {loss.degree for loss in expression.losses if loss.element.kind == "field"} == {"impossible", "narrowed"}
    for loss in expression.losses:
        (loss.what + "".join(loss.steps.values()) + (loss.where or "")).encode("gbk")


@pytest.mark.parametrize("kind", ["status", "transition", "catalog_item", "clock", "metric", "calendar", "broadcast"])
def test_losses_of_a_kind_are_worded_alike_so_that_they_are_one_step(agent, kind):
    wanted = [Element(id=ElementId(kind, f"x/{n}"), native=None, attributes={"label": {"en": f"Name {n}"}}) for n in range(3)]
    losses = agent.target.express(wanted, []).losses
    assert [loss.element.path for loss in losses] == ["x/0", "x/1", "x/2"]
    assert len({(loss.what, loss.where, *sorted(loss.steps.items())) for loss in losses}) == 1


def test_choices_are_listed_once_for_all_that_are_made(admin, monkeypatch):
    """And not from memory after a new listing: a person may have made one meanwhile."""
    admin.target.apply(create(field("floor", "u_floor", "choice")), key="1")
    asked = []
    page = Client.page
    monkeypatch.setattr(Client, "page", lambda self, table, *args, **more: asked.append(table) or page(self, table, *args, **more))
    for number in range(5):
        made = create(choice(f"f{number}", f"Floor {number}", number, column="u_floor"))
        first = admin.target.apply(made, key=str(number))
        assert admin.target.apply(made, key=str(number)).ref == first.ref
    reads = asked.count("sys_choice")
    assert reads <= 2  # one listing and the empty page at its end
    (row,) = live(admin, "choice", field="u_floor", name="Floor 3")
    admin.target._client.delete("sys_choice", row.native)
    live(admin, "choice")
    again = admin.target.apply(create(choice("f3", "Floor 3", 3, column="u_floor")), key="9")
    assert again.ref.rid != row.native
    assert len(live(admin, "choice", field="u_floor")) == 5


# ---------------------------------------------------------------------------------------------------------------- template
def test_the_templates_columns_can_all_be_made(admin):
    documents = pytest.importorskip("deskweave.documents")
    from deskweave.configure.elements import wanted_elements
    from deskweave.practice import builtin

    (document,) = documents.read(ServiceNow().binding_template(), "bindings/servicenow.yaml")
    wanted = wanted_elements(builtin(), document.body)
    fields = [one for one in wanted.elements if one.id.kind == "field"]
    expression = admin.target.express(wanted.elements, [])
    assert {loss.degree for loss in expression.losses if loss.element.kind in ("field", "choice")} <= {"narrowed"}
    shipped = {(one.attributes["collection"], one.native) for one in admin.configuration.elements("field", None).items}
    for one in fields:
        name, collection = one.attributes["name"], one.attributes["collection"]
        assert name.startswith("u_") or (collection, name) in shipped, name

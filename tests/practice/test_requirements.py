"""What the built-in practice states as data and no other test holds: read as the numbered requirements put it."""

from __future__ import annotations

import json

import pytest

from deskweave.measure.columns import Columns
from deskweave.model import FieldId, Phase
from deskweave.practice import Practice, builtin


@pytest.fixture(scope="module")
def practice() -> Practice:
    return builtin()


# ---------------------------------------------------------------------------------------------------------- F: inquiry handling
@pytest.mark.practice("A8", "F1")
def test_what_intake_makes_sure_of(practice: Practice) -> None:
    """Symptom, time, scope, systems and contact details; failure and request told apart. Each has a field people can fill in."""
    receive = practice.processes["inquiry_handling"].steps["receive"]
    assert list(receive.checks) == ["symptom", "occurred_at", "scope", "systems", "contact", "incident_or_request"]
    for name in ("symptom", "occurred_at", "scope_of_impact", "systems_concerned", "contact_phone", "stream"):
        assert "user" in practice.fields[FieldId(name)].writers, name


@pytest.mark.practice("F1", "F4")
def test_registration_is_confirmed_with_the_number(practice: Practice) -> None:
    registered = practice.templates["registered"]
    assert (registered.occasion, registered.audience) == ("registered", ("user",))
    assert all("{number}" in words for words in registered.body.values())
    assert "registered" in practice.processes["inquiry_handling"].steps["receive"].templates


@pytest.mark.practice("L2")
def test_first_line_searches_what_is_known_and_solutions_are_kept(practice: Practice) -> None:
    handling, improvement = practice.processes["inquiry_handling"], practice.processes["improvement"]
    assert "search_first" in handling.rules
    assert "known_searched" in handling.steps["triage"].checks
    assert "solutions_settle" in improvement.rules
    assert practice.fields[FieldId("solution")].required_entering == "closed"


# ------------------------------------------------------------------------------------------------------------- B, P: channels
@pytest.mark.practice("B3")
def test_every_channel_of_the_sources_and_no_other(practice: Practice) -> None:
    """Those of the catalog, those named elsewhere; the last four only carry things and notices out."""
    assert {slug: (channel.label["zh"], channel.use) for slug, channel in practice.channels.items()} == {
        "self_service": ("智能自助服务台", "both"), "feishu": ("飞书", "both"), "phone": ("电话", "both"), "email": ("邮件", "both"),
        "wecom": ("企业微信", "both"), "smart_agent": ("智能客服", "both"), "service_hall": ("服务大厅", "both"),
        "online_form": ("在线表单", "intake"), "portal": ("门户", "both"), "voice": ("语音", "both"), "live_chat": ("在线聊天", "both"),
        "walk_in": ("走访", "both"), "resident": ("驻场", "both"), "social_media": ("社交媒体", "both"), "ivr": ("语音应答", "both"),
        "mobile_app": ("移动应用", "both"), "chatbot": ("聊天机器人", "both"), "forum": ("论坛", "both"), "video": ("视频", "both"),
        "face_to_face": ("面对面", "both"),
        "courier": ("快递", "delivery"), "registered_mail": ("挂号信", "delivery"), "written_notice": ("书面通知", "delivery"),
        "personal_visit": ("登门拜访", "delivery"),
    }  # fmt: skip


@pytest.mark.practice("P3")
def test_people_and_machines_have_the_challenges_of_the_sources(practice: Practice) -> None:
    found = {
        served: {slug for one in practice.channels.values() if one.served_by == served for slug in one.challenges}
        for served in ("human", "technical")
    }
    assert found["human"] >= {"limited_scalability", "subjective_emotion", "unstructured_input", "security_limits"}
    assert found["technical"] >= {"few_tasks", "poor_data", "weak_user_skills", "no_empathy"}
    assert "emotional_to_person" in practice.processes["inquiry_handling"].rules


# ----------------------------------------------------------------------------------------------------------- C: closing, progress
@pytest.mark.practice("C1", "C5")
def test_only_a_person_confirms_and_the_agent_closes(practice: Practice) -> None:
    """The way to closed leads through the user's confirmation, or is the agent's to answer for."""
    closing = {slug: one.by for slug, one in practice.statuses.transitions.items() if one.target == "closed"}
    assert closing == {"confirm": ("user",), "close": ("agent",)}
    assert practice.statuses.statuses["closed"].phase is Phase.CLOSED


@pytest.mark.practice("C6", "J9")
def test_the_user_is_told_from_acceptance_to_the_end(practice: Practice) -> None:
    told = {one.occasion for one in practice.templates.values() if "user" in one.audience}
    assert {"registered", "accepted", "progress", "handed_over", "escalated", "resolved", "closed", "reopened"} <= told


# -------------------------------------------------------------------------------------------------------------- G: communication
@pytest.mark.practice("G4")
def test_sending_is_mostly_automatic_and_some_kinds_go_a_surer_way(practice: Practice) -> None:
    send = practice.processes["communication"].steps["send"]
    assert (send.automation, list(send.automations)) == ("mostly", ["automatic_sending"])
    assert {one.id for one in practice.templates.values() if one.reliability == "assured"} == {"formal_notice"}


@pytest.mark.practice("G12")
def test_an_awaited_answer_is_of_its_kind(practice: Practice) -> None:
    """A notice is acknowledged, a quotation accepted or declined, a question answered."""
    awaited = {slug: practice.templates[slug].answer for slug in ("formal_notice", "acceptance_asked", "question")}
    assert awaited == {"formal_notice": "receipt", "acceptance_asked": "confirmation", "question": "reply"}


# ---------------------------------------------------------------------------------------------------------------- H: improvement
@pytest.mark.practice("H2")
def test_who_coordinates_an_improvement(practice: Practice) -> None:
    improvement = practice.processes["improvement"]
    assert (improvement.steps["start"].number, improvement.steps["start"].responsible) == ("902.2", "manager")
    assert "manager_coordinates" in improvement.rules


@pytest.mark.practice("H3")
def test_users_hear_of_improvements(practice: Practice) -> None:
    improvement = practice.processes["improvement"]
    assert improvement.steps["report"].templates == ("improvement_report",)
    assert "user" in practice.templates["improvement_report"].audience
    assert "users_through_communication" in improvement.rules


# --------------------------------------------------------------------------------------------------------------- J: organisation
@pytest.mark.practice("J7")
def test_a_visit_is_told_to_the_user_and_to_the_engineer(practice: Practice) -> None:
    audiences = [one.audience for one in practice.templates.values() if one.occasion == "dispatched"]
    assert sorted(audiences) == [("on_site_engineer",), ("user",)]
    assert "on_site_engineer" in practice.routing.tiers["second_line"].roles


@pytest.mark.practice("J8")
def test_a_desk_shares_what_a_virtual_desk_needs_and_has_one_manager(practice: Practice) -> None:
    (desk,) = practice.desks.values()
    assert set(desk.shares) == {"tool", "records", "process", "routing"}
    assert desk.manager in practice.roles
    assert "virtual_desk_manager" in practice.roles


@pytest.mark.practice("J9")
def test_before_closing_the_solution_is_stored_and_the_user_asked(practice: Practice) -> None:
    """The first line stores the solution, has it confirmed, and asks for satisfaction in the same message."""
    solution = practice.fields[FieldId("solution")]
    assert solution.required_entering == "closed"
    assert "agent" in solution.writers
    model = practice.statuses
    assert model.confirmation is not None
    asked = practice.templates[str(model.confirmation.template)]
    assert "agent" in model.transitions[model.confirmation.transition].by
    for language, word in {"en": "how satisfied", "zh": "满意程度"}.items():
        assert word in asked.body[language]


@pytest.mark.practice("J10")
def test_users_are_told_of_changed_levels_and_third_parties_are_at_hand(practice: Practice) -> None:
    changed = practice.templates["service_level_changed"]
    assert (changed.occasion, changed.audience) == ("service_level_changed", ("user", "authorised_representative"))
    assert "service_level_changes" in practice.processes["communication"].rules
    assert "agent" in practice.statuses.transitions["hand_to_third_party"].by
    assert "third_party" in practice.routing.tiers["third_line"].roles


@pytest.mark.practice("K2")
def test_the_user_is_told_of_a_changed_priority(practice: Practice) -> None:
    changed = practice.templates["priority_changed"]
    assert changed.audience == ("user",)
    for words in changed.body.values():
        assert "{old_priority}" in words
        assert "{priority}" in words


# ------------------------------------------------------------------------------------------------------------- E, N: figures, words
@pytest.mark.practice("E12")
def test_what_figures_can_be_broken_down_by(practice: Practice) -> None:
    """Service, channel, agent and the agent's group; the period is every figure's own."""
    assert {"service_item", "channel", "agent_name", "skill_group"} <= set(Columns(practice).all)
    assert {metric.every for metric in practice.metrics.values()} == {"month"}


@pytest.mark.practice("N2")
def test_all_words_are_simplified_chinese(practice: Practice) -> None:
    """GB 2312 knows simplified characters alone."""
    for key, body in practice.documents.items():
        words = json.dumps(body, ensure_ascii=False, default=str)
        assert words.encode("gb2312", "replace").count(b"?") == words.count("?"), key

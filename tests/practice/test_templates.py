"""Templates and surveys: what they refer to, and that none can go out with a blank (practice D2, E13, G1-G6, G10-G12)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deskweave.findings import Finding
from deskweave.model import OCCASIONS, TRAITS
from deskweave.practice import Overlay, Practice, builtin
from deskweave_schemas import load


# ------------------------------------------------------------------------------------------------------ broken and mended
def template(**parts: str) -> str:
    """A whole template of one's own, with some of its parts replaced."""
    body = {
        "label": "{en: T, zh: 模板}",
        "occasion": "progress",
        "audience": "[user]",
        "body": '{en: "{title}", zh: "{title}"}',
    } | parts
    return "kind: Template\nid: own\n" + "".join(f"{key}: {value}\n" for key, value in body.items())


@pytest.mark.practice("G3")
@pytest.mark.parametrize(
    ("broken", "mended", "rule", "at", "message", "nearest"),
    [
        # braces: each with the spot in the text
        (
            {"body": '{en: "Dear {user"}'},
            {"body": '{en: "Dear {{user"}'},
            "template-brace",
            "/body/en",
            "column 6: a brace is opened and not closed",
            None,
        ),
        (
            {"body": "{en: 'a } b'}"},
            {"body": "{en: 'a }} b'}"},
            "template-brace",
            "/body/en",
            "column 3: a brace is closed and not opened",
            None,
        ),
        (
            {"body": '{zh: "first\\nthen { title? }"}'},
            {"body": '{zh: "first\\nthen { title }"}'},
            "template-brace",
            "/body/zh",
            "line 2, column 6: that is no placeholder",
            None,
        ),
        # nothing of the inquiry, nothing of the occasion
        (
            {"body": '{en: "{titel}"}'},
            {"body": '{en: "{title}"}'},
            "unknown-placeholder",
            "/body/en",
            "column 1: 'titel' is nothing this occasion carries",
            "title",
        ),
        # the data of another occasion
        (
            {"subject": '{en: "{confirm_by}"}'},
            {"subject": '{en: "{confirm_by}"}', "occasion": "resolved"},
            "unknown-placeholder",
            "/subject/en",
            "column 1: 'confirm_by' is nothing this occasion carries",
            None,
        ),
        # a notice is about no inquiry
        (
            {"occasion": "outage", "body": '{en: "{number}"}'},
            {"occasion": "outage", "body": '{en: "{service}"}'},
            "unknown-placeholder",
            "/body/en",
            "column 1: 'number' is nothing this occasion carries",
            None,
        ),
        # forms
        (
            {"body": '{en: "since {submitted_at|dat}"}'},
            {"body": '{en: "since {submitted_at|date}"}'},
            "placeholder-format",
            "/body/en",
            "column 7: 'submitted_at' is of type datetime and cannot be told as 'dat'",
            "date",
        ),
        (
            {"body": '{en: "{title|duration}"}'},
            {"body": '{en: "{title|text}"}'},
            "placeholder-format",
            "/body/en",
            "column 1: 'title' is of type text and cannot be told as 'duration'",
            None,
        ),
        (
            {"body": '{en: "{message_log}"}'},
            {"body": '{en: "{progress}"}'},
            "placeholder-format",
            "/body/en",
            "column 1: 'message_log' is of type messages: it cannot be put into a message",
            None,
        ),
        # blanks: a field nobody has to fill in
        (
            {"body": '{en: "{symptom}"}'},
            {"body": '{en: "{symptom}"}', "without": "{symptom: {en: see the record}}"},
            "template-blank",
            "/body/en",
            "'symptom' can be empty on 'progress': the message would have a blank",
            None,
        ),
        # in one language only: the words of another language would stand in the midst of it
        (
            {"body": '{en: "{symptom}", zh: "{symptom}"}', "without": "{symptom: {en: see the record}}"},
            {"body": '{en: "{symptom}", zh: "{symptom}"}', "without": "{symptom: {en: see the record, zh: 详见工单}}"},
            "template-blank",
            "/body/zh",
            "'symptom' can be empty on 'progress': the message would have a blank",
            None,
        ),
        # mandatory only on closing, so empty before it and filled after it
        (
            {"body": '{en: "{solution}"}'},
            {"body": '{en: "{solution}"}', "occasion": "closed"},
            "template-blank",
            "/body/en",
            "'solution' can be empty on 'progress': the message would have a blank",
            None,
        ),
        # data the occasion may lack
        (
            {"occasion": "dispatched", "body": '{en: "{engineer} {visit_at}"}'},
            {"occasion": "dispatched", "body": '{en: "{engineer}"}'},
            "template-blank",
            "/body/en",
            "'visit_at' can be empty on 'dispatched': the message would have a blank",
            None,
        ),
        # words that stand instead
        (
            {"without": "{tilte: {en: none}}"},
            {"without": "{title: {en: none}}"},
            "without-unused",
            "/without/tilte",
            "no text of this template has {tilte}",
            "title",
        ),
        (
            {"without": '{title: {en: "see {number}"}}'},
            {"without": '{title: {en: "see {{number}}"}}'},
            "without-placeholder",
            "/without/title/en",
            "column 5: what stands instead of an empty field has no placeholders: they could be empty as well",
            None,
        ),
        (
            {"without": '{title: {en: "none}"}}'},
            {"without": '{title: {en: "none"}}'},
            "template-brace",
            "/without/title/en",
            "column 5: a brace is closed and not opened",
            None,
        ),
        # whom, by what, approved by whom
        ({"audience": "[usr]"}, {}, "unknown-role", "/audience/0", "'usr' is not a role of this practice", "user"),
        (
            {"approval": "manger"},
            {"approval": "manager"},
            "unknown-role",
            "/approval",
            "'manger' is not a role of this practice",
            "manager",
        ),
        (
            {"channels": "[email, feichu]"},
            {"channels": "[email, feishu]"},
            "unknown-channel",
            "/channels/1",
            "'feichu' is not a channel of this practice",
            "feishu",
        ),
        (
            {"channels": "[online_form]"},
            {"channels": "[portal]"},
            "channel-intake-only",
            "/channels/0",
            "'online_form' only takes inquiries in: nothing goes out by it",
            None,
        ),
        # answers
        (
            {"attempts": "3"},
            {"attempts": "3", "answer": "reply"},
            "answer-not-asked",
            "/attempts",
            "a message that asks for no answer is never unanswered",
            None,
        ),
        (
            {"unanswered_after": "PT8H", "answer": "none"},
            {"unanswered_after": "PT8H", "answer": "confirmation"},
            "answer-not-asked",
            "/unanswered_after",
            "a message that asks for no answer is never unanswered",
            None,
        ),
        (
            {"reliability": "assured"},
            {"reliability": "assured", "answer": "receipt"},
            "assured-unproven",
            "/reliability",
            "nobody will know whether the message arrived: it asks for no answer, and not every channel is assured",
            None,
        ),
        (
            {"reliability": "assured", "channels": "[courier, email]"},
            {"reliability": "assured", "channels": "[courier, registered_mail]"},
            "assured-unproven",
            "/reliability",
            "nobody will know whether the message arrived: it asks for no answer, and not every channel is assured",
            None,
        ),
    ],
)
def test_broken_and_mended(
    broken: dict[str, str],
    mended: dict[str, str],
    rule: str,
    at: str,
    message: str,
    nearest: str | None,
    composed: Callable[..., Practice],
    findings: Callable[..., list[Finding]],
) -> None:
    found = [(one.rule, one.place.path, one.message, one.nearest) for one in findings(template(**broken))]
    assert found == [(rule, at, message, nearest)]
    assert "own" in composed(template(**mended)).templates


@pytest.mark.parametrize(
    ("occasion", "field", "blank"),
    [
        # from the first moment on
        ("registered", "number", False),
        ("registered", "title", False),  # mandatory on entering the initial status
        ("registered", "symptom", True),
        # the occasion's own data
        ("assigned", "group", False),
        ("outage", "workaround", True),
        # mandatory on entering closed: nothing leads to `closed` but through it; `resolved` comes before
        ("resolved", "solution", True),
        ("closed", "solution", False),
        ("reopened", "solution", False),
        ("cancelled", "solution", True),
        # comes at any time
        ("by_hand", "solution", True),
    ],
)
def test_what_can_be_empty(
    occasion: str, field: str, blank: bool, composed: Callable[..., Practice], findings: Callable[..., list[Finding]]
) -> None:
    text = template(occasion=occasion, body='{en: "{' + field + '}"}')
    if blank:
        assert [one.rule for one in findings(text)] == ["template-blank"]
    else:
        assert composed(text)


def test_a_way_around_a_status_makes_a_blank_possible(
    composed: Callable[..., Practice], findings: Callable[..., list[Finding]]
) -> None:
    """`accepted` lies behind in_progress. As soon as another active status can be reached without it, its fields may be empty."""
    needed = "kind: Fields\nid: inquiry\nfields: {symptom: {required: {entering: in_progress}}}\n"
    own = template(occasion="accepted", body='{en: "{symptom}"}')
    assert composed(needed, own)
    way = """\
kind: StatusModel
id: inquiry
statuses: {fast: {label: {en: Fast, zh: 快速}, phase: active}}
transitions:
  hurry: {label: {en: Hurry, zh: 加急}, from: [awaiting_acceptance], to: fast, by: [agent]}
  settle: {label: {en: Settle, zh: 解决}, from: [fast], to: resolved, by: [agent]}
"""
    assert [one.rule for one in findings(needed, own, way)] == ["template-blank"]


def test_an_unknown_occasion_is_refused_once_with_the_nearest(findings: Callable[..., list[Finding]]) -> None:
    (found,) = findings(template(occasion="resolve"))
    assert (found.place.path, found.nearest) == ("/occasion", "resolved")


def test_a_template_of_blanks_is_refused(findings: Callable[..., list[Finding]]) -> None:
    assert {one.place.path for one in findings(template(body='{en: "   "}'))} == {"/body/en"}


# -------------------------------------------------------------------------------------------------------------- surveys
@pytest.mark.practice("D2")
@pytest.mark.parametrize(
    ("broken", "mended", "rule", "at", "nearest"),
    [
        ("audience: [usr]", "audience: [user]", "unknown-role", "/surveys/own/audience/0", "user"),
        (
            "audience: [user], every: P1Y, template: survey_invitatio",
            "audience: [user], every: P1Y, template: survey_invitation",
            "unknown-template",
            "/surveys/own/template",
            "survey_invitation",
        ),
        # asked of many at once, by a message about one inquiry; and the other way round
        (
            "audience: [user], every: P1Y, template: rating_asked",
            "audience: [user], template: rating_asked",
            "survey-template",
            "/surveys/own/template",
            None,
        ),
        (
            "audience: [user], template: survey_invitation",
            "audience: [user], every: P1M, template: survey_invitation",
            "survey-template",
            "/surveys/own/template",
            None,
        ),
    ],
)
def test_surveys(
    broken: str,
    mended: str,
    rule: str,
    at: str,
    nearest: str | None,
    composed: Callable[..., Practice],
    findings: Callable[..., list[Finding]],
) -> None:
    text = "kind: Feedback\nid: satisfaction\nsurveys: {own: {label: {en: O, zh: 自}, %s}}\n"
    assert [(one.rule, one.place.path, one.nearest) for one in findings(text % broken)] == [(rule, at, nearest)]
    assert "own" in composed(text % mended).surveys


@pytest.mark.practice("D1", "D2", "D3", "E13")
def test_how_feedback_is_asked_for() -> None:
    """Per record, by a yearly survey, by an outside firm on the staff, and the three questions to key stakeholders."""
    practice = builtin()
    assert [(rating.code, rating.label["zh"]) for rating in practice.feedback.values()] == [(1, "满意"), (2, "一般"), (3, "不满意")]
    surveys = practice.surveys
    assert {slug: (survey.every, survey.by) for slug, survey in surveys.items()} == {
        "each_record": (None, "desk"),
        "yearly": ("P1Y", "desk"),
        "outside_on_staff": ("P1Y", "outside"),
        "stakeholders": ("P1Y", "desk"),
    }
    assert list(surveys["stakeholders"].asks) == ["information_quality", "channel_convenience", "information_conveyed"]
    assert all(survey.template in practice.templates and survey.asks for survey in surveys.values())


# ---------------------------------------------------------------------------------------------------- the built-in pack
@pytest.mark.practice("G3")
def test_every_occasion_has_a_template() -> None:
    written = {template.occasion for template in builtin().templates.values()}
    assert written == set(OCCASIONS)


@pytest.mark.practice("G1")
def test_users_and_staff_are_told_by_templates_of_their_own() -> None:
    """One template for each audience of an occasion that concerns both."""
    staff = {"agent", "second_line", "third_line", "on_site_engineer", "manager"}
    for occasion in ("assigned", "dispatched", "escalated"):
        audiences = [set(one.audience) for one in builtin().templates.values() if one.occasion == occasion]
        assert {"user"} in audiences
        assert any(audience <= staff for audience in audiences)


@pytest.mark.practice("G3")
def test_every_template_speaks_both_languages_and_in_what_gbk_knows() -> None:
    for one in builtin().templates.values():
        for words in (one.subject, one.body, *one.without.values()):
            assert set(words) == {"en", "zh"}
            for text in words.values():
                text.encode("gbk")


@pytest.mark.practice("C4", "C5", "D2")
def test_the_message_after_resolution_says_all_of_it() -> None:
    practice = builtin()
    one = practice.templates["resolved_confirmation"]
    assert practice.statuses.confirmation is not None
    assert practice.statuses.confirmation.template == one.id
    assert (one.occasion, one.audience, one.answer, one.attempts) == ("resolved", ("user",), "confirmation", 1)
    for language, words in {
        "en": ["is solved", "reply yes", "satisfied, neutral or dissatisfied", "{confirm_by|datetime}", "close the record"],
        "zh": ["已解决", "请确认", "满意、一般或不满意", "{confirm_by|datetime}", "自动关闭"],
    }.items():
        assert [word for word in words if word not in one.body[language]] == []


@pytest.mark.practice("G5", "G12")
def test_what_awaits_an_answer_is_tried_again_and_not_for_ever() -> None:
    awaiting = {one.id: one for one in builtin().templates.values() if one.unanswered_after}
    assert {"question", "acceptance_asked", "formal_notice"} <= awaiting.keys()
    assert all(one.answer != "none" and 1 <= one.attempts <= 3 for one in awaiting.values())
    for one in builtin().templates.values():
        assert "do not reply" not in one.body["en"].casefold()
        assert "请不要回复" not in one.body["zh"]


@pytest.mark.practice("G6")
def test_messages_to_many_are_approved_and_have_a_way_back() -> None:
    many = [one for one in builtin().templates.values() if OCCASIONS[one.occasion].about == "notice"]
    assert len(many) == 7
    for one in many:
        assert one.approval == "manager"
        assert all("{reference}" in text for text in one.body.values())


@pytest.mark.practice("G10")
def test_what_is_written_by_hand_states_purpose_record_and_content() -> None:
    for name in ("by_hand", "formal_notice"):
        for text in builtin().templates[name].body.values():
            assert all(word in text for word in ("{purpose}", "{number}", "{content}"))


def test_the_schemas_closed_lists_are_the_models() -> None:
    assert load("template")["$defs"]["occasion"]["enum"] == list(OCCASIONS)
    traits = load("channels")["properties"]["channels"]["additionalProperties"]["properties"]["traits"]
    assert tuple(traits["properties"]) == TRAITS


def test_a_client_says_it_in_words_of_its_own(composed: Callable[..., Practice]) -> None:
    """A layer changes one text and adds a language; the rest stays, and each value knows who said it."""
    practice = composed(
        'kind: Template\nid: accepted\nchannels: [wecom]\nbody: {zh: "已受理：{number}", fr: "Recu : {number}"}\n',
    )
    one = practice.templates["accepted"]
    assert one.channels == ("wecom",)
    assert set(one.body) == {"en", "zh", "fr"}
    assert one.body["zh"] == "已受理：{number}"
    assert practice.origin("Template/accepted/body/zh").source == "f.yaml"
    assert practice.origin("Template/accepted/body/en").source == "deskweave:service-desk/templates.yaml"


def test_who_removes_a_field_need_not_write_the_templates_anew(
    composed: Callable[..., Practice], findings: Callable[..., list[Finding]]
) -> None:
    """Words of `without` stand for a field that is no more; one that has none is told, with its templates."""
    gone = "kind: Fields\nid: inquiry\nremove: [fields/agent_name]\n"
    assert composed(gone).templates["accepted"].body["en"].count("{agent_name}") == 1
    found = [one for one in findings("kind: Fields\nid: inquiry\nremove: [fields/number]\n") if one.rule == "unknown-placeholder"]
    assert {one.place.source for one in found} == {"deskweave:service-desk/templates.yaml", "deskweave:service-desk/alerts.yaml"}


def test_a_plugin_adds_templates_and_surveys(composed: Callable[..., Practice]) -> None:
    added = [
        {"kind": "Template", "id": "accepted", "approval": "manager"},
        {"kind": "Feedback", "id": "satisfaction", "surveys": {"yearly": {"every": "P6M"}}},
    ]
    practice = composed(overlays=[Overlay(added, origin="surveyor")])
    assert practice.templates["accepted"].approval == "manager"
    assert practice.surveys["yearly"].every == "P6M"
    for path in ("Template/accepted/approval", "Feedback/satisfaction/surveys/yearly/every"):
        assert practice.origin(path).source == "plugin:surveyor"


def test_a_field_without_a_data_type_is_told_once(findings: Callable[..., list[Finding]]) -> None:
    """Every message that names the field would complain as well, and hide the one thing to mend."""
    found = findings("kind: Fields\nid: inquiry\nfields: {title: {type: txet}}\n")
    assert [(one.rule, one.place.path) for one in found] == [("not-allowed", "/fields/title/type")]


def test_a_message_written_anew_need_not_use_what_the_pack_has_words_for(
    composed: Callable[..., Practice], findings: Callable[..., list[Finding]]
) -> None:
    """The pack says what stands for an empty subject; a client's own text of the same message does without the subject."""
    text = "kind: Template\nid: registered\nsubject: {en: '{number}', zh: '{number}'}\nbody: {en: 'It is {number}.', zh: '{number} 已登记。'}\n"
    assert set(composed(text).templates["registered"].body) == {"en", "zh"}
    # words of its own that no text uses are a misspelling
    assert [one.rule for one in findings(text + "without: {tilte: {en: none}}\n")] == ["without-unused"]

"""Processes 900, 901 and 902, success factors and words, against the requirements; every reference they can break (F, G, H, J1, L, N, Q)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deskweave.findings import Finding
from deskweave.model.predicate import holds
from deskweave.practice import Overlay, Practice, builtin

PROCESS = "kind: Process\nid: inquiry_handling\n"
OWN = "kind: Process\nid: own\nlabel: {en: O, zh: 自}\nnumber: '950'\n"
STEP = "steps: {a: {number: '%s', label: {en: A, zh: 甲}, responsible: agent%s}}\n"


@pytest.mark.parametrize(
    ("broken", "mended", "rule", "at", "message", "nearest"),
    [
        # numbers
        (
            OWN.replace("950", "900") + STEP % ("900.1", ""),
            OWN + STEP % ("950.1", ""),
            "process-number-twice",
            "/number",
            "the number belongs to the process 'inquiry_handling' already",
            None,
        ),
        (
            PROCESS + "steps: {verify: {number: '900.1'}}\n",
            PROCESS + "steps: {verify: {number: '900.4'}}\n",
            "step-number-twice",
            "/steps/verify/number",
            "the number belongs to the step 'receive' already",
            None,
        ),
        (
            OWN + STEP % ("901.1", ""),
            OWN + STEP % ("950.1", ""),
            "step-number",
            "/steps/a/number",
            "a step of process 950 is numbered 950.1, 950.2 and so on",
            None,
        ),
        # roles
        (
            PROCESS + "steps: {verify: {responsible: agnet}}\n",
            PROCESS + "steps: {verify: {responsible: agent}}\n",
            "unknown-role",
            "/steps/verify/responsible",
            "'agnet' is not a role of this practice",
            "agent",
        ),
        (
            PROCESS + "human_fallback: manger\n",
            PROCESS + "human_fallback: manager\n",
            "unknown-role",
            "/human_fallback",
            "'manger' is not a role of this practice",
            "manager",
        ),
        (
            OWN + STEP % ("950.1", ", automation: full"),
            OWN + "human_fallback: agent\n" + STEP % ("950.1", ", automation: full"),
            "no-human-fallback",
            "/steps/a/automation",
            "where a step mostly runs by itself, a person is still on offer",
            None,
        ),
        (
            OWN + STEP % ("950.1", ", automation: mostly"),
            OWN + STEP % ("950.1", ", automation: partly"),
            "no-human-fallback",
            "/steps/a/automation",
            "where a step mostly runs by itself, a person is still on offer",
            None,
        ),
        # templates, streams
        (
            PROCESS + "steps: {verify: {templates: [registerd]}}\n",
            PROCESS + "steps: {verify: {templates: [registered]}}\n",
            "unknown-template",
            "/steps/verify/templates/0",
            "'registerd' is not a template of this practice",
            "registered",
        ),
        (
            PROCESS + "hands_over: {incidents: {label: {en: I, zh: 事}}}\n",
            PROCESS + "hands_over: {incident: {label: {en: I, zh: 事}}}\n",
            "unknown-value-stream",
            "/hands_over/incidents",
            "'incidents' is not a value stream of this practice",
            "incident",
        ),
        # conditions: of fields only, for a check looks at an inquiry and not at a clock
        (
            PROCESS + "steps: {verify: {checks: {fraud: {when: {stream: {eq: requests}}}}}}\n",
            PROCESS + "steps: {verify: {checks: {fraud: {when: {stream: {eq: problem}}}}}}\n",
            "unknown-choice",
            "/steps/verify/checks/fraud/when/stream/eq",
            "'requests' is not a choice of stream",
            "service_request",
        ),
        (
            PROCESS + "candidates: {own: {label: {en: O, zh: 自}, when: {waiting: {gt: PT1H}}}}\n",
            PROCESS + "candidates: {own: {label: {en: O, zh: 自}, when: {waiting_duration: {gt: 3600}}}}\n",
            "unknown-field",
            "/candidates/own/when/waiting",
            "'waiting' is not a field of this practice",
            "waiting_duration",
        ),
        # groups
        (
            PROCESS + "candidates: {own: {label: {en: O, zh: 自}, by: [sytem_module]}}\n",
            PROCESS + "candidates: {own: {label: {en: O, zh: 自}, by: [system_module]}}\n",
            "unknown-field-to-group-by",
            "/candidates/own/by/0",
            "'sytem_module' is not a field to group by of this practice",
            "system_module",
        ),
        # no two inquiries say the same at length
        (
            PROCESS + "candidates: {own: {label: {en: O, zh: 自}, by: [symptom]}}\n",
            PROCESS + "candidates: {own: {label: {en: O, zh: 自}, by: [city]}}\n",
            "unknown-field-to-group-by",
            "/candidates/own/by/0",
            "'symptom' is not a field to group by of this practice",
            None,
        ),
        # success factors
        (
            "kind: Metric\nid: waiting_share\nfactor: comunication\n",
            "kind: Metric\nid: waiting_share\nfactor: value_streams\n",
            "unknown-success-factor",
            "/factor",
            "'comunication' is not a success factor of this practice",
            "communication",
        ),
    ],
)
def test_broken_and_mended(
    broken: str,
    mended: str,
    rule: str,
    at: str,
    message: str,
    nearest: str | None,
    composed: Callable[..., Practice],
    findings: Callable[..., list[Finding]],
) -> None:
    found = findings(broken)
    assert [(one.rule, one.place.path, one.message, one.nearest) for one in found] == [(rule, at, message, nearest)]
    assert all(one.place.line for one in found)
    assert composed(mended)


@pytest.mark.parametrize(
    ("broken", "mended", "at", "message"),
    [
        ("aliases: {zh: [查询]}", "aliases: {zh: [案件]}", "aliases/zh/0", "the word stands for 'inquiry' already"),
        ("label: {en: incident, zh: 个案}", "label: {en: Case, zh: 个案}", "label/en", "the word stands for 'incident' already"),
    ],
)
def test_one_word_stands_for_one_thing(
    broken: str, mended: str, at: str, message: str, composed: Callable[..., Practice], findings: Callable[..., list[Finding]]
) -> None:
    def glossary(words: str) -> str:
        named = "" if words.startswith("label") else "label: {en: Case, zh: 个案}, "
        return f"glossary: {{case: {{{named}description: {{en: C, zh: 案}}, {words}}}}}\n"

    (found,) = findings(top=glossary(broken))
    assert (found.rule, found.place.path, found.message, found.nearest) == ("word-twice", f"/glossary/case/{at}", message, None)
    assert found.place.line
    assert composed(top=glossary(mended))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("number: 900", "/number"),  # a number would lose its dots and zeros
        ("steps: {a: {number: '900'}}", "/steps/a/number"),
        ("steps: {a: {automation: half}}", "/steps/a/automation"),
        ("candidates: {a: {within: P1M}}", "/candidates/a/within"),  # a month has no fixed length
        ("candidates: {a: {leads_to: change}}", "/candidates/a/leads_to"),
    ],
)
def test_shapes(text: str, at: str, findings: Callable[..., list[Finding]]) -> None:
    assert at in [one.place.path for one in findings(PROCESS + text + "\n")]


# ------------------------------------------------------------------------------------------------ against the requirements
@pytest.mark.practice("J1", "F1", "F2", "F3", "G1", "G2", "G3", "G4", "G5", "H1", "H2", "H3")
@pytest.mark.parametrize(
    ("number", "label", "responsible"),
    [
        ("900.1", "接收并记录用户问询", "服务台座席"),
        ("900.2", "确认用户问询", "服务台座席"),
        ("900.3", "分类问询并启动适当活动", "服务台座席"),
        ("901.1", "识别并确认目标用户", "服务台座席"),
        ("901.2", "识别并选择合适的沟通渠道", "服务台座席"),
        ("901.3", "发送用户信息的整合", "服务台座席"),
        ("901.4", "选择合适的渠道发送信息", "服务台座席"),
        ("901.5", "收集和处理接收者确认和反馈", "服务台座席"),
        ("902.1", "服务台回顾", "服务台经理"),
        ("902.2", "启动服务台改进", "服务台经理"),
        ("902.3", "服务台改进沟通", "服务台座席"),
    ],
)
def test_steps_and_who_answers_for_them(number: str, label: str, responsible: str) -> None:
    practice = builtin()
    (step,) = (step for process in practice.processes.values() for step in process.steps.values() if step.number == number)
    assert (step.label["zh"], practice.roles[step.responsible].label["zh"]) == (label, responsible)


def test_there_are_three_processes_and_no_other_steps() -> None:
    processes = builtin().processes
    assert [process.number for process in processes.values()] == ["900", "901", "902"]
    assert [len(process.steps) for process in processes.values()] == [3, 5, 3]


@pytest.mark.practice("F2")
@pytest.mark.parametrize(
    ("stream", "classification", "missing"),
    [
        # a request is asked for all of it, one for access for a further check of identity as well
        ("service_request", "access_rights", set()),
        ("service_request", "computer_hardware", {"further_identity"}),
        ("incident", "program_bug", {"fraud", "further_identity"}),
        ("problem", "program_bug", {"fraud", "entitlement", "further_identity"}),
        # praise needs no entitlement, and is never outside the agreed level
        (
            "praise",
            None,
            {"fraud", "entitlement", "belongs_to_service", "provider_responsible", "agreed_level", "further_identity"},
        ),
    ],
)
def test_checks_differ_by_kind_of_inquiry(stream: str, classification: str | None, missing: set[str]) -> None:
    checks = builtin().processes["inquiry_handling"].steps["verify"].checks
    assert len(checks) == 8
    values = {"stream": stream, "classification": classification}
    assert {slug for slug, check in checks.items() if not holds(check.when, values)} == missing


@pytest.mark.practice("F4", "F5", "F6", "F7")
def test_automation_and_the_person_behind_it() -> None:
    process = builtin().processes["inquiry_handling"]
    assert {slug: list(step.automations) for slug, step in process.steps.items()} == {
        "receive": ["known_solutions", "notices", "confirmation", "reasons", "reference_service", "caller_identification"],
        "verify": ["automatic_verification", "entitled_offers"],
        "triage": ["automatic_classification", "routing_by_rule", "guides", "predefined_sequence"],
    }
    assert process.human_fallback == "agent"
    assert {"polite_and_standard", "classic_channels_stay", "person_on_offer", "nothing_irrelevant"} <= process.rules.keys()
    assert all(set(rule.description) == {"en", "zh"} for rule in process.rules.values())


@pytest.mark.practice("F3", "Q4")
def test_every_value_stream_has_an_owner_and_other_work_as_well() -> None:
    practice = builtin()
    process = practice.processes["inquiry_handling"]
    assert set(process.hands_over) == set(practice.fields["stream"].choices)
    assert process.hands_over["incident"].label["zh"] == "事件管理"
    assert [point.label["zh"] for point in process.elsewhere.values()] == [
        "监控和事态管理",
        "向用户提供信息的实践",
        "持续改进",
        "关系管理",
        "知识管理",
    ]


@pytest.mark.practice("Q1", "Q2", "Q3")
@pytest.mark.parametrize(
    ("process", "inputs", "outputs"),
    [
        (
            "inquiry_handling",
            ["用户问询", "服务管理记录", "服务配置信息与IT资产信息"],
            ["记录并分类的用户问询", "开始处理已分类的用户问询"],
        ),
        (
            "communication",
            ["用户沟通需求", "沟通的信息", "以前的沟通记录", "服务管理记录", "服务配置信息与IT资产信息"],
            ["沟通消息", "沟通报告"],
        ),
        ("improvement", ["服务台绩效报告", "满意度调查结果", "技术机遇", "事件和服务请求报告"], ["服务台改进沟通"]),
    ],
)
def test_inputs_and_outputs(process: str, inputs: list[str], outputs: list[str]) -> None:
    found = builtin().processes[process]
    assert [point.label["zh"] for point in found.inputs.values()] == inputs
    assert [point.label["zh"] for point in found.outputs.values()] == outputs


@pytest.mark.practice("G3")
def test_every_template_is_sent_by_a_step() -> None:
    practice = builtin()
    sent = [name for process in practice.processes.values() for step in process.steps.values() for name in step.templates]
    assert sorted(sent) == sorted(practice.templates)


@pytest.mark.practice("G6", "G7", "G9", "G10", "G12", "G14")
def test_rules_of_communication() -> None:
    rules = builtin().processes["communication"].rules
    assert {
        "broadcasts",
        "feedback_route",
        "no_marketing",
        "one_journey",
        "one_standard",
        "recipients_kept",
        "manual_messages",
        "answers_open_tasks",
        "sent_is_not_understood",
        "who_owns_what",
    } <= rules.keys()


@pytest.mark.practice("H1")
def test_what_starts_a_review() -> None:
    reviews = builtin().processes["improvement"].reviews
    assert list(reviews) == ["monthly", "quarterly", "deviation", "organisation_change", "major_incident", "disaster"]


@pytest.mark.practice("L1", "L2")
@pytest.mark.parametrize(
    ("values", "candidates"),
    [
        # an open inquiry teaches nothing yet
        ({"status": "in_progress", "priority": "p1", "stream": "incident", "problem_category": "other"}, set()),
        ({"status": "closed", "problem_category": "software"}, {"frequent"}),
        ({"status": "closed", "priority": "p1", "problem_category": "software"}, {"frequent", "heavy"}),
        ({"status": "closed", "major_incident": True, "problem_category": "software"}, {"frequent", "heavy"}),
        # nobody knows why it failed; a request needs no why
        ({"status": "closed", "stream": "incident", "problem_category": "other"}, {"frequent", "unexplained"}),
        ({"status": "closed", "stream": "incident"}, {"frequent", "unexplained"}),
        ({"status": "closed", "stream": "service_request", "problem_category": "other"}, {"frequent"}),
        # known what it looked like and what helped
        (
            {"status": "closed", "problem_category": "usage", "symptom": "s", "solution": "s"},
            {"frequent", "worth_an_article"},
        ),
    ],
)
def test_what_counts_towards_a_candidate(values: dict[str, str | bool], candidates: set[str]) -> None:
    found = builtin().processes["improvement"].candidates
    assert {slug for slug, candidate in found.items() if holds(candidate.when, values)} == candidates
    assert {slug: candidate.leads_to for slug, candidate in found.items()} == {
        "frequent": "problem",
        "heavy": "problem",
        "unexplained": "problem",
        "worth_an_article": "knowledge",
    }
    assert found["heavy"].at_least == 1
    assert all(candidate.at_least > 1 and candidate.within for slug, candidate in found.items() if slug != "heavy")


@pytest.mark.practice("E1")
def test_every_key_figure_stands_for_one_of_the_two_success_factors() -> None:
    practice = builtin()
    assert {slug: factor.label["zh"] for slug, factor in practice.factors.items()} == {
        "communication": "在服务提供者及其用户间实现有效、高效和便利的沟通并持续改进",
        "value_streams": "实现用户沟通与价值流的有效整合",
    }
    assert {metric.factor for metric in practice.metrics.values()} <= {None, *practice.factors}


@pytest.mark.practice("N1", "N2")
def test_the_glossary() -> None:
    terms = builtin().glossary
    assert [term.label["zh"] for term in terms.values()][:10] == [
        "沟通渠道",
        "全渠道沟通",
        "事件",
        "事态",
        "服务请求",
        "重大事件",
        "服务同理心",
        "关键时刻",
        "实践成功因素",
        "流程",
    ]
    assert all(set(term.label) == set(term.description) == {"en", "zh"} for term in terms.values())
    aliases = {term.label["zh"]: term.aliases.get("zh", ()) for term in terms.values()}
    assert (aliases["问询"], aliases["改进"], aliases["座席"]) == (("查询",), ("优化",), ("坐席", "客服"))
    assert (aliases["事件"], aliases["关键时刻"]) == (("突发事件",), ("决定性时刻",))


def test_client_and_plugin_extend_processes_factors_and_words(composed: Callable[..., Practice]) -> None:
    top = "factors: {trust: {label: {en: Trust, zh: 信任}}}\nglossary: {process: {aliases: {en: [workflow]}}}\n"
    text = PROCESS + "steps: {close: {number: '900.4', label: {en: Close, zh: 关闭}, responsible: agent}}\n"
    added = [{"kind": "Process", "id": "improvement", "candidates": {"frequent": {"at_least": 10}}}]
    practice = composed(text, top=top, overlays=[Overlay(added, origin="learner")])
    assert [step.number for step in practice.processes["inquiry_handling"].steps.values()] == ["900.1", "900.2", "900.3", "900.4"]
    assert practice.processes["improvement"].candidates["frequent"].at_least == 10
    assert list(practice.factors) == ["communication", "value_streams", "trust"]
    assert practice.glossary["process"].aliases["en"] == ("workflow",)
    sources = {
        "Process/inquiry_handling/steps/close": "f.yaml",
        "Process/inquiry_handling/steps/verify": "deskweave:service-desk/processes.yaml",
        "Process/improvement/candidates/frequent/at_least": "plugin:learner",
        "Process/improvement/candidates/frequent/by": "deskweave:service-desk/processes.yaml",
        "Practice/acme/factors/trust": "practice.yaml",
        "Practice/acme/glossary/process/label": "deskweave:service-desk/practice.yaml",
    }
    assert {path: practice.origin(path).source for path in sources} == sources

"""Who works at the desk (practice J): roles, tiers, groups, how work finds its people, when it goes up, desks and shifts."""

from __future__ import annotations

from deskweave.model import AssignmentRule, Desk, EscalationRule
from deskweave.practice.handbook.tree import Section, cell, facts, row, say, section, table
from deskweave.practice.handbook.voice import Voice
from deskweave.practice.wording import say_share


def chapter(voice: Voice) -> Section | None:
    return section(
        "organisation",
        voice("Organisation", "组织"),
        [],
        [
            _roles(voice),
            _tiers(voice),
            _groups(voice),
            _skills(voice),
            _assignment(voice),
            _escalations(voice),
            *(_desk(voice, desk) for desk in voice.practice.desks.values()),
        ],
    )


def _roles(voice: Voice) -> Section | None:
    rows = (row(voice.term(role.label, slug), voice.text(role.description)) for slug, role in voice.practice.roles.items())
    return section("roles", voice("Roles", "角色"), [table((voice("Role", "角色"), voice("What it does", "职责")), rows)])


def _tiers(voice: Voice) -> Section | None:
    tiers = sorted(voice.practice.routing.tiers.values(), key=lambda one: one.rank)
    rows = (
        row(
            str(tier.rank),
            voice.term(tier.label, tier.slug),
            voice.roles(tier.roles),
            cell(
                voice.span(tier.time_limit) if tier.time_limit else "",
                notes=[
                    _on(voice, tier.calendar) if tier.calendar else voice("in the hours of the service item", "按服务项的服务时间")
                ]
                if tier.time_limit
                else [],
            ),
            voice.text(tier.description),
        )
        for tier in tiers
    )
    heads = (
        voice("Rank", "级别"),
        voice("Tier", "层级"),
        voice("Roles", "角色"),
        voice("Hands on after", "移交时限"),
        voice("Description", "说明"),
    )
    about = voice(
        "The first line follows every inquiry to its end, whoever works on it.", "无论由谁处理，一线负责跟踪每条问询直至结束。"
    )
    return section("tiers", voice("Tiers", "支持层级"), [say(about) if tiers else None, table(heads, rows, centred=(0,))])


def _on(voice: Voice, calendar: str) -> str:
    return voice("on {calendar}", "按“{calendar}”日历", calendar=voice.calendar(calendar))


def _groups(voice: Voice) -> Section | None:
    rows = (
        row(
            voice.term(one.label, slug),
            voice.tier(one.tier),
            voice.list(voice.skill(skill) for skill in one.skills),
            voice.role(one.manager) if one.manager else "",
            voice.text(one.description),
        )
        for slug, one in voice.practice.routing.groups.items()
    )
    heads = (
        voice("Group", "处理组"),
        voice("Tier", "层级"),
        voice("Skills", "技能"),
        voice("Manager", "负责人"),
        voice("Description", "说明"),
    )
    return section("groups", voice("Groups", "处理组"), [table(heads, rows)])


def _skills(voice: Voice) -> Section | None:
    rows = (
        row(
            voice.term(one.label, slug),
            voice.list(voice.group(name) for name, group in voice.practice.routing.groups.items() if slug in group.skills),
            voice.text(one.description),
        )
        for slug, one in voice.practice.routing.skills.items()
    )
    heads = (voice("Skill", "技能"), voice("Groups that have it", "具备该技能的组"), voice("Description", "说明"))
    return section("skills", voice("Skills", "技能"), [table(heads, rows)])


def _assignment(voice: Voice) -> Section | None:
    rules = voice.practice.routing.assignment
    rows = (
        row(
            str(place),
            cell(voice.label(rule.label, rule.slug) if rule.label else "", code=rule.slug),
            voice.when(rule.when)
            if rule.when is not None
            else voice("Otherwise", "其他情况")
            if len(rules) > 1
            else voice.when(None),
            voice.group(rule.to),
            cell(_chosen(voice, rule), notes=[voice.text(rule.description)]),
        )
        for place, rule in enumerate(rules, 1)
    )
    heads = (
        voice("No.", "序号"),
        voice("Rule", "规则"),
        voice("When", "条件"),
        voice("Goes to", "分派给"),
        voice("Person found by", "人员选择"),
    )
    return section("assignment", voice("Assignment", "分派规则"), [table(heads, rows, centred=(0,))])


def _chosen(voice: Voice, rule: AssignmentRule) -> str:
    skills = voice.list(voice.skill(one) for one in rule.skills)
    words = {
        "skill": voice("skill: {skills}", "技能：{skills}", skills=skills) if skills else voice("skill", "技能匹配"),
        "workload": voice("least work in hand", "当前工作量最少"),
    }
    then = voice(", then ", "，其次")
    return then.join(words.get(one, one) for one in rule.choose)


def _escalations(voice: Voice) -> Section | None:
    types = {
        "functional": voice("to more knowledge", "职能升级"),
        "hierarchical": voice("to management", "管理升级"),
    }
    rows = (
        row(
            voice.term(one.label, slug),
            types[one.type],
            cell(_trigger(voice, one)),
            voice.when(one.when),
            cell(_target(voice, one), notes=[voice.text(one.description)]),
        )
        for slug, one in voice.practice.routing.escalations.items()
    )
    heads = (
        voice("Escalation", "升级规则"),
        voice("Kind", "类型"),
        voice("Once", "触发条件"),
        voice("For", "适用范围"),
        voice("Goes to", "升级到"),
    )
    return section("escalations", voice("Escalation", "升级规则"), [table(heads, rows)])


def _trigger(voice: Voice, one: EscalationRule) -> str:
    if one.idle is not None:
        said = voice("nothing has moved for {span}", "{span}无进展", span=voice.span(one.idle))
        return voice.aside(said, _on(voice, one.calendar)) if one.calendar else said
    clock = voice.clock(one.clock or "")
    if one.used is None or one.used == 0:
        return voice("at once", "立即")
    if one.used >= 1:
        return voice("the goal of {clock} is missed", "“{clock}”超出目标时长", clock=clock)
    return voice(
        "{share} of the goal of {clock} is used up", "“{clock}”用去目标时长的 {share}", share=say_share(one.used), clock=clock
    )


def _target(voice: Voice, one: EscalationRule) -> str:
    if one.type == "hierarchical":
        return voice.role(one.to)
    return voice.tier(one.to) if one.to in voice.practice.routing.tiers else voice.group(one.to)


def _site(voice: Voice, desk: Desk, slug: str | None) -> str:
    found = desk.sites.get(slug or "")
    return voice.label(found.label, found.slug) if found is not None else ""


def _desk(voice: Voice, desk: Desk) -> Section | None:
    structures = {
        "distributed": voice("distributed", "分布式"),
        "centralised": voice("centralised", "集中式"),
        "virtual": voice("virtual", "虚拟式"),
    }
    shares = {
        "tool": voice("one tool", "工具"),
        "records": voice("records", "工单记录"),
        "process": voice("one process", "流程"),
        "routing": voice("routing between desks", "相互分派"),
    }
    sites = (
        row(
            voice.term(site.label, slug),
            site.zone,
            voice.list(voice.group(one) for one in site.groups),
            voice.text(site.description),
        )
        for slug, site in desk.sites.items()
    )
    shifts = (
        row(
            voice.term(shift.label, slug),
            _site(voice, desk, shift.site),
            voice.calendar(shift.calendar),
            voice.list(voice.group(one) for one in shift.groups),
            voice.text(shift.description),
        )
        for slug, shift in desk.shifts.items()
    )
    about = facts(
        (
            (voice("Structure", "组织结构"), structures.get(desk.structure, desk.structure)),
            (voice("Manager", "负责人"), voice.role(desk.manager)),
            (voice("Groups", "处理组"), voice.list(voice.group(one) for one in desk.groups)),
            (voice("Channels", "渠道"), voice.channels(desk.channels)),
            (voice("Shared by its sites", "各站点共用"), voice.list(shares.get(one, one) for one in desk.shares)),
        )
    )
    return section(
        f"desk-{desk.id}",
        voice("Desk: {name}", "服务台：{name}", name=voice.label(desk.label, desk.id)),
        [say(voice.text(desk.description)), about],
        [
            section(
                f"desk-{desk.id}-sites",
                voice("Sites", "站点"),
                [
                    table(
                        (
                            voice("Site", "站点"),
                            voice("Time zone", "时区"),
                            voice("Groups", "处理组"),
                            voice("Description", "说明"),
                        ),
                        sites,
                    )
                ],
            ),
            section(
                f"desk-{desk.id}-shifts",
                voice("Shifts", "班次"),
                [
                    table(
                        (
                            voice("Shift", "班次"),
                            voice("Site", "站点"),
                            voice("Hours", "工作时间"),
                            voice("Groups on duty", "值班组"),
                            voice("Description", "说明"),
                        ),
                        shifts,
                    )
                ],
            ),
        ],
    )

"""The site as it is delivered: the service project ITH, its workflow, fields, people and request types."""

from __future__ import annotations

import hashlib
import random
from typing import Any, Final

from deskweave_jira_sm.emulator.state import Account, FieldDefinition, Named, RequestType, State, Step

AGENT_TOKEN: Final = "emulated-agent-token"
ADMIN_TOKEN: Final = "emulated-admin-token"
COLLABORATOR_TOKEN: Final = "emulated-collaborator-token"

_BASIC: Final = frozenset({"BROWSE_PROJECTS"})
_TEAM: Final = frozenset(
    {
        "BROWSE_PROJECTS",
        "CREATE_ISSUES",
        "EDIT_ISSUES",
        "TRANSITION_ISSUES",
        "ADD_COMMENTS",
        "DELETE_OWN_COMMENTS",
        "ASSIGN_ISSUES",
        "MODIFY_REPORTER",
        "SERVICEDESK_AGENT",
    }
)
_ALL: Final = _TEAM | {"DELETE_ISSUES", "DELETE_ALL_COMMENTS", "ADMINISTER_PROJECTS", "ADMINISTER"}
_CUSTOM: Final = "com.atlassian.jira.plugin.system.customfieldtypes:"
_DESK: Final = "com.atlassian.servicedesk:"
#: The company whose desk this is: its people are on every platform they work with.
_DESK_STAFF: Final = (
    ("李伟", "li.wei@desk.acme.example"),
    ("何雪", "he.xue@desk.acme.example"),
    ("Chen Jing", "chen.jing@desk.acme.example"),
    ("Jonas Wolf", "jonas.wolf@desk.acme.example"),
)
_COMPANY: Final = (
    ("张伟", "zhang.wei@acme.example"),
    ("王芳", "wang.fang@acme.example"),
    ("李娜", "li.na@acme.example"),
    ("刘洋", "liu.yang@acme.example"),
    ("陈静", "chen.jing@acme.example"),
    ("赵磊", "zhao.lei@acme.example"),
    ("孙丽", "sun.li@acme.example"),
    ("周强", "zhou.qiang@acme.example"),
    ("吴敏", "wu.min@acme.example"),
    ("Anna Berg", "anna.berg@acme.example"),
    ("Tom Fischer", "tom.fischer@acme.example"),
    ("Maria Silva", "maria.silva@acme.example"),
)


def fill(state: State, seed: int) -> None:
    """Everything but issues. The same seed gives the same ids."""
    dice = random.Random(f"jira-{seed}")

    def account_id() -> str:
        return "712020:" + str(hashlib.sha256(f"{seed}/{dice.random()}".encode()).hexdigest()[:32])

    def portal_id() -> str:
        return f"qm:{account_id()[7:19]}:{account_id()[7:39]}"

    def team(email: str, name: str, zone: str, **more: Any) -> Account:
        return Account(id=account_id(), email=email, name=name, zone=zone, **more)

    people = [
        team("deskweave.agent@example.com", "Deskweave Agent", "Asia/Shanghai", token=AGENT_TOKEN, agent=True, permissions=_TEAM),
        team(
            "deskweave.admin@example.com",
            "Deskweave Admin",
            "America/New_York",
            token=ADMIN_TOKEN,
            agent=True,
            admin=True,
            permissions=_ALL,
        ),
        team("deskweave.reader@example.com", "Deskweave Reader", "Europe/Berlin", token=COLLABORATOR_TOKEN, permissions=_BASIC),
        team("li.wei@example.com", "Li Wei", "Asia/Shanghai", agent=True, permissions=_TEAM, shows_email=False),
        team("emma.larsen@example.com", "Emma Larsen", "Europe/Copenhagen", agent=True, permissions=_TEAM),
        Account(id=portal_id(), email="zhang.min@example.com", name="Zhang Min", kind="customer", zone="Asia/Shanghai"),
        Account(id=portal_id(), email="omar.haddad@example.com", name="Omar Haddad", kind="customer", zone="Asia/Dubai"),
        *(team(email, name, "Asia/Shanghai", agent=True, permissions=_TEAM) for name, email in _DESK_STAFF),
        *(Account(id=portal_id(), email=email, name=name, kind="customer", zone="Asia/Shanghai") for name, email in _COMPANY),
    ]
    state.accounts = {account.id: account for account in people}
    _terms(state)
    _workflow(state)
    _fields(state)
    _desk(state)


def _named(id_: str, en: str, zh: str, category: str = "") -> Named:
    return Named(id=id_, names={"en": en, "zh": zh}, category=category)


def _terms(state: State) -> None:
    for term in (
        _named("10001", "Waiting for support", "等待支持", "new"),
        _named("3", "In progress", "处理中", "indeterminate"),
        _named("10002", "Waiting for customer", "等待客户", "indeterminate"),
        _named("10003", "Pending", "挂起", "indeterminate"),
        _named("10004", "Escalated", "已升级", "indeterminate"),
        _named("5", "Resolved", "已解决", "done"),
        _named("6", "Closed", "已关闭", "done"),
        _named("10005", "Canceled", "已取消", "done"),
    ):
        state.statuses[term.id] = term
    for number, (en, zh) in enumerate(
        (("Highest", "最高"), ("High", "高"), ("Medium", "中"), ("Low", "低"), ("Lowest", "最低")), 1
    ):
        state.priorities[str(number)] = _named(str(number), en, zh)
    for id_, en, zh in (("10000", "Done", "完成"), ("10001", "Won't do", "不做"), ("10002", "Duplicate", "重复")):
        state.resolutions[id_] = _named(id_, en, zh)
    state.issue_types["10101"] = _named("10101", "[System] Service request", "[系统] 服务请求")
    state.issue_types["10102"] = _named("10102", "[System] Incident", "[系统] 事件")


def _workflow(state: State) -> None:
    """Direct ways are missing on purpose: from waiting for support to resolved takes two steps, to closed three."""
    waiting, progress, customer, pending, escalated, resolved, closed, canceled = (
        "10001",
        "3",
        "10002",
        "10003",
        "10004",
        "5",
        "6",
        "10005",
    )
    state.initial = waiting
    screen, reopen = ("resolution",), ("resolution", "resolutiondate")
    for id_, en, zh, sources, to, fields, clears, shown in (
        ("11", "Start work", "开始处理", (waiting,), progress, (), (), False),
        ("12", "Return to queue", "退回队列", (progress,), waiting, (), (), False),
        ("21", "Escalate", "升级", (progress,), escalated, (), (), True),
        ("22", "Take over", "接手", (escalated,), progress, (), (), False),
        ("31", "Respond to customer", "回复客户", (progress,), customer, (), (), False),
        ("32", "Respond to support", "回复支持", (customer,), progress, (), (), True),
        ("41", "Pending", "挂起", (progress,), pending, (), (), False),
        ("42", "Resume", "恢复处理", (pending,), progress, (), (), False),
        ("51", "Resolve", "解决", (progress, escalated), resolved, screen, (), True),
        ("52", "Back to work", "退回处理", (resolved,), progress, (), reopen, True),
        ("61", "Close", "关闭", (resolved,), closed, (), (), False),
        ("71", "Reopen", "重新打开", (closed,), waiting, (), reopen, False),
        ("81", "Cancel request", "取消请求", (waiting, progress), canceled, screen, (), True),
    ):
        names = {"en": en, "zh": zh}
        state.steps.append(Step(id=id_, names=names, sources=sources, to=to, screen=fields, clears=clears, customer=shown))


def _fields(state: State) -> None:
    def add(id_: str, name: str, zh: str, type_: str, custom: str = "", items: str = "") -> None:
        state.fields[id_] = FieldDefinition(
            id=id_, name=name, type=type_, custom=custom, items=items, names={"zh": zh}, locked=True
        )

    add("summary", "Summary", "摘要", "string")
    add("description", "Description", "描述", "string")
    add("status", "Status", "状态", "status")
    add("issuetype", "Issue Type", "问题类型", "issuetype")
    add("project", "Project", "项目", "project")
    add("priority", "Priority", "优先级", "priority")
    add("reporter", "Reporter", "报告人", "user")
    add("creator", "Creator", "创建者", "user")
    add("assignee", "Assignee", "经办人", "user")
    add("labels", "Labels", "标签", "array", items="string")
    add("created", "Created", "创建日期", "datetime")
    add("updated", "Updated", "已更新", "datetime")
    add("resolution", "Resolution", "解决结果", "resolution")
    add("resolutiondate", "Resolved", "已解决", "datetime")
    add("duedate", "Due date", "到期日", "date")
    add("comment", "Comment", "评论", "comments-page")
    add("issuelinks", "Linked Issues", "链接的问题", "array", items="issuelinks")
    add("attachment", "Attachment", "附件", "array", items="attachment")
    add("security", "Security Level", "安全级别", "securitylevel")
    add("customfield_10010", "Request Type", "请求类型", "sd-customerrequesttype", _DESK + "vp-origin")
    add("customfield_10030", "Time to resolution", "解决时间", "sd-servicelevelagreement", _DESK + "sd-sla-field")
    add("customfield_10031", "Time to first response", "首次响应时间", "sd-servicelevelagreement", _DESK + "sd-sla-field")
    add("customfield_10040", "Satisfaction", "满意度", "sd-feedback", _DESK + "sd-request-feedback")


def _desk(state: State) -> None:
    form = ("summary", "description", "priority", "labels")
    for id_, name, kind, group, text in (
        ("11", "Get IT help", "10101", "1", "Get assistance for general IT problems and questions."),
        ("12", "Report a system problem", "10102", "1", "Let us know if something is not working properly."),
        ("13", "Request new software", "10101", "2", "Request a software licence."),
    ):
        state.request_types[id_] = RequestType(id=id_, name=name, issue_type=kind, group=group, description=text, form=form)
    state.groups = {"1": "Common requests", "2": "Applications"}
    on_screen = [
        "summary",
        "issuetype",
        "description",
        "priority",
        "labels",
        "duedate",
        "assignee",
        "reporter",
        "customfield_10010",
    ]
    state.screens = {
        1: (
            "Default Screen",
            {10000: ("Field Tab", ["summary", "issuetype", "description", "priority", "assignee", "reporter", "labels"])},
        ),
        10010: ("ITH: Jira Service Management Screen", {10020: ("Field Tab", on_screen)}),
        10011: ("ITH: Resolve Issue Screen", {10021: ("Field Tab", ["resolution"])}),
    }
    state.project_screen = 10010


CUSTOM_TYPES: Final = {
    "textfield": ("string", ""),
    "textarea": ("string", ""),
    "float": ("number", ""),
    "select": ("option", ""),
    "multiselect": ("array", "option"),
    "datepicker": ("date", ""),
    "datetime": ("datetime", ""),
    "url": ("string", ""),
    "labels": ("array", "string"),
    "userpicker": ("user", ""),
}  #: what `POST /field` can make here -> schema type and items
CUSTOM_PREFIX: Final = _CUSTOM

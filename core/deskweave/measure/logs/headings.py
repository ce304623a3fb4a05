"""Words of the trade: what exports of ServiceNow, Jira, Feishu and others call their columns, statuses and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: What a column is for -> headings, in the order in which they are preferred; folded as `fold` does.
CASE: Final = (
    "case concept name", "case id", "caseid", "number", "issue key", "key", "ticket number", "ticket id", "incident number",
    "incident id", "request number", "request id", "sr number", "ticket", "id",
    "编号", "工单编号", "工单号", "工单id", "单号", "事件编号", "事件单号", "请求编号", "问询编号", "问题关键字",
    "关键字", "记录编号", "流水号",
)  # fmt: skip
AT: Final = (
    "time timestamp", "timestamp", "event time", "changed at", "change time", "sys updated at", "sys updated on", "updated at",
    "updated", "last updated", "update time", "complete timestamp", "操作时间", "变更时间", "事件时间", "更新时间",
    "最后更新时间",
    "更新日期", "已更新",
)  # fmt: skip
STATUS: Final = (
    "status", "incident state", "incident status", "state", "ticket status", "concept name", "activity", "new status",
    "to status",
    "状态", "工单状态", "处理状态", "当前状态", "问询状态", "流程状态", "单据状态", "环节", "当前环节", "活动",
)  # fmt: skip
SUBSTATUS: Final = (
    "lifecycle transition", "sub status", "substatus", "hold reason", "on hold reason", "pending reason", "status reason",
    "子状态", "挂起原因", "等待原因", "搁置原因",
)  # fmt: skip
SUBMITTED: Final = (
    "opened at", "opened", "reported at", "submitted at", "created at", "created", "sys created on", "sys created at",
    "create time",
    "creation date", "open time", "登记时间", "用户登记时间", "提交时间", "提单时间", "发起时间", "申请时间",
    "报告时间", "创建时间", "创建日期",
    "开单时间", "建单时间", "已创建",
)  # fmt: skip
#: phase -> headings of the moment a record entered it
ENTERED: Final[Mapping[str, tuple[str, ...]]] = {
    "active": (
        "accepted at", "accepted", "responded at", "response time", "first responded at", "first response at", "started at",
        "work start", "acknowledged at", "受理时间", "接单时间", "响应时间", "首次响应时间", "开始处理时间",
    ),
    "resolved": ("resolved at", "resolved", "resolution date", "resolutiondate", "solved at", "completed at",
                 "解决时间", "解决日期",
                 "完成时间", "处理完成时间", "已解决"),
    "closed": ("closed at", "closed", "close time", "closing date", "ended at", "关闭时间", "关闭日期", "结束时间",
               "结单时间", "办结时间",
               "归档时间"),
}  # fmt: skip
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("short description", "summary", "subject", "title", "标题", "主题", "概要", "摘要", "工单标题",
              "问题标题", "简要描述"),
    "symptom": ("description", "描述", "问题描述", "详细描述", "故障描述", "问题详情"),
    "user": ("caller id", "caller", "reporter", "requester", "requested for", "requested by", "customer", "用户",
             "报告人", "提单人",
             "申请人", "发起人", "提交人", "报障人", "提问人", "来电人"),
    "email": ("email", "e mail", "reporter email", "caller email", "邮箱", "电子邮箱", "电子邮件"),
    "contact_phone": ("phone", "contact phone", "mobile", "联系电话", "手机", "手机号", "电话"),
    "department": ("department", "caller department", "部门", "所属部门", "申请部门", "所在部门"),
    "agent_name": ("assigned to", "assignee", "agent", "agent name", "owner", "org resource", "resource", "经办人",
                   "处理人", "客服",
                   "客服姓名", "负责人", "受理人", "工程师", "当前处理人"),
    "skill_group": ("assignment group", "support group", "org group", "group", "team", "queue", "处理组", "技能组",
                    "技能名称", "支持组",
                    "分配组", "工作组", "客服组", "受理组"),
    "priority": ("priority", "优先级", "优先权"),
    "impact": ("impact", "影响", "影响度", "影响范围", "影响程度"),
    "urgency": ("urgency", "紧急度", "紧急程度"),
    "channel": ("contact type", "channel", "source", "reported source", "渠道", "来源", "联系方式类型", "联系类型",
                "受理渠道", "工单来源",
                "来源渠道"),
    "stream": ("issue type", "ticket type", "stream", "问题类型", "工单类型", "事务类型", "价值流"),
    "service_item": ("service item", "request type", "catalog item", "business service", "service offering", "服务项",
                     "请求类型", "服务目录",
                     "服务名称"),
    "classification": ("classification", "category", "问询分类", "分类", "类别", "工单分类", "一级分类"),
    "business_category": ("business category", "closing category", "业务类别", "结束分类"),
    "problem_category": ("problem category", "root cause", "cause", "问题分类", "归因", "根因", "问题原因"),
    "system_module": ("system module", "system", "product", "application", "所属系统模块", "所属系统", "系统", "产品",
                      "业务系统", "应用系统"),
    "user_satisfaction": ("user satisfaction", "satisfaction", "satisfaction rating", "csat", "rating", "满意度",
                          "用户满意度", "评价",
                          "满意度评价"),
    "current_tier": ("current tier", "tier", "support level", "support tier", "当前支持层级", "支持层级", "支持级别"),
    "solution": ("close notes", "resolution notes", "solution", "解决方案", "解决办法", "处理结果", "解决方法"),
    "remarks": ("remarks", "备注", "工单备注"),
    "is_repeat": ("repeated problem", "is repeat", "问题是否重复", "是否重复"),
    "related_problem": ("problem id", "related problem", "关联问题"),
    "related_change": ("rfc", "related change", "关联变更"),
    "related_incident": ("parent incident", "related incident", "关联事件"),
    "configuration_item": ("cmdb ci", "configuration item", "配置项"),
}  # fmt: skip
"""Fields of the built-in practice -> headings. A practice's own fields are found by their labels and slugs."""

#: Words of statuses by the kind of status they are; matched whole, then as a part, the longest first.
STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "new": ("new", "open", "to do", "todo", "registered", "submitted", "created", "logged", "queued", "awaiting assignment",
            "waiting for support", "unassigned", "not started", "backlog", "待受理", "新建", "待处理", "待办",
            "未处理", "待分配", "待派单",
            "未受理", "待接单", "已提交", "打开", "排队中", "未开始", "待响应"),
    "active": ("in progress", "work in progress", "active", "accepted", "assigned", "started", "processing", "doing",
               "under review",
               "escalated", "reopened", "investigating", "处理中", "进行中", "已受理", "受理中", "跟进中", "已分配",
               "已派单", "已接单", "重新打开",
               "人工服务中", "正在处理", "解决中", "已响应"),
    "user": ("awaiting user info", "awaiting user", "wait user", "waiting for customer", "waiting for user", "awaiting caller",
             "pending customer", "wait customer", "pending user", "awaiting info", "on hold awaiting caller",
             "待用户反馈", "等待用户",
             "待用户", "待客户反馈", "等待客户", "待用户确认信息", "待补充", "等待回复", "待反馈"),
    "third_party": ("awaiting vendor", "wait vendor", "awaiting problem", "awaiting change", "wait implementation",
                    "wait", "pending",
                    "on hold", "suspended", "waiting", "waiting for third party", "待第三方处理", "等待第三方",
                    "待厂商", "挂起", "已挂起",
                    "暂停", "搁置", "等待中", "等待变更", "转二线", "待审批"),
    "resolved": ("resolved", "solved", "done", "completed", "fixed", "in call", "已解决", "已完成", "完成", "待确认",
                 "待用户确认", "处理完成",
                 "待评价", "解决"),
    "closed": ("closed", "closed complete", "completed closed", "archived", "已关闭", "关闭", "已结束", "结束",
               "已办结", "办结", "已归档",
               "已结单"),
    "cancelled": ("cancelled", "canceled", "rejected", "withdrawn", "declined", "closed skipped", "won t do", "已取消",
                  "取消", "已撤销",
                  "撤销", "作废", "已作废", "已拒绝", "已撤回", "驳回"),
}  # fmt: skip
#: A fresh ServiceNow incident's numbers, where a column of states holds nothing else.
STATE_NUMBERS: Final[Mapping[str, str]] = {
    "1": "new", "2": "active", "3": "third_party", "4": "user", "5": "third_party", "6": "resolved", "7": "closed",
    "8": "cancelled",
}  # fmt: skip
#: Words for choices that say the same in other tools, by the words their labels have with us.
ALIKE: Final[Mapping[str, tuple[str, ...]]] = {
    "critical": ("urgent", "highest", "blocker", "紧急", "最高", "特急", "非常高", "major"),
    "high": ("important", "高", "重要", "较高", "major", "highest", "critical"),
    "medium": ("moderate", "normal", "average", "中", "一般", "普通", "中等"),
    "low": ("minor", "lowest", "planning", "低", "最低", "较低", "轻微"),
    "phone": ("telephone", "call", "voice", "来电", "电话"),
    "email": ("e mail", "mail", "邮件"),
    "portal": ("self service", "web", "自助", "自助服务", "门户", "自助服务台"),
    "satisfied": ("good", "very satisfied", "满意", "非常满意", "好评"),
    "neutral": ("average", "ok", "一般", "中评"),
    "dissatisfied": ("bad", "unsatisfied", "very dissatisfied", "不满意", "非常不满意", "差评"),
    "incident": ("fault", "故障", "事件", "bug"),
    "service request": ("request", "task", "服务请求", "请求", "service request with approvals"),
    "consultation": ("question", "咨询", "how to"),
    "first line": ("l1", "tier 1", "1st line", "1st", "一线"),
    "second line": ("l2", "tier 2", "2nd line", "2nd", "二线"),
}  # fmt: skip
TRUE: Final = frozenset({"true", "yes", "y", "1", "是", "有", "对"})
FALSE: Final = frozenset({"false", "no", "n", "0", "否", "无", "不"})


def fold(text: str) -> str:
    """A heading or a word without what tools add: case, punctuation, what stands in brackets."""
    text = re.sub(r"[(（\[【][^)）\]】]*[)）\]】]", " ", text.lower())
    return " ".join(re.sub(r"[^\w一-鿿]|_", " ", text).split())

"""Words of telephone systems and survey forms: what their exports call their columns and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deskweave.model import Grain

#: What names one contact, or one submission; a running number of the file's rows (序号) is none.
CASE: Final[Mapping[Grain, tuple[str, ...]]] = {
    "contact": (
        "call id", "callid", "uniqueid", "unique id", "call uuid", "uuid", "session id", "interaction id", "interaction number",
        "contact id", "contact number", "conversation id", "call number", "record id", "通话id", "呼叫id", "通话标识",
        "通话编号", "呼叫流水号", "通话流水号", "流水号", "会话id", "联络编号", "录音流水号", "话单号", "话单编号",
        "记录编号", "来电编号",
    ),
    "response": (
        "response id", "submission id", "respondent id", "answer id", "record id", "instance", "assessment instance",
        "提交id", "答卷编号", "答卷id", "答复编号", "记录编号", "记录id", "问卷编号", "提交编号",
    ),
}  # fmt: skip
AT: Final[Mapping[Grain, tuple[str, ...]]] = {
    "contact": (
        "call time", "ring start", "rang at", "ringing at", "call start", "start time", "started at", "call date", "calldate",
        "call start time", "start", "received at", "date time", "datetime", "timestamp", "time", "date", "created at",
        "opened at",
        "呼入时间", "来电时间", "进线时间", "拨入时间", "振铃时间", "振铃开始时间", "呼叫时间", "开始时间", "通话开始时间",
        "联络时间", "日期时间", "时间", "日期", "通话日期", "创建时间",
    ),
    "response": (
        "answered at", "submitted at", "submission time", "response time", "completed at", "taken on", "submitted", "end time",
        "timestamp", "time", "date", "created", "created at", "updated at",
        "提交时间", "答复时间", "填写时间", "答卷时间", "完成时间", "评价时间", "创建时间", "时间", "日期", "提交日期",
    ),
}  # fmt: skip
FIELDS: Final[Mapping[Grain, Mapping[str, tuple[str, ...]]]] = {
    "contact": {
        "ring_time": ("ring time", "ringing time", "ring duration", "ring seconds", "ring", "ring secs", "time to answer",
                      "speed of answer", "answer delay", "wait time", "waiting time", "queue time",
                      "振铃时长", "振铃时间", "振铃秒数", "响铃时长", "响铃时间", "振铃", "等待时长", "等待时间", "排队时长"),
        "talk_time": ("talk time", "talk duration", "talking time", "conversation time", "billsec", "call duration",
                      "duration", "length", "通话时长", "通话时间", "通话秒数", "通话长度", "计费时长", "时长"),
        "answered": ("answered", "is answered", "disposition", "call result", "call status", "call outcome", "result", "status",
                     "state", "是否接听", "是否接通", "是否应答", "接听", "接通", "接听状态", "接通状态", "呼叫结果",
                     "通话结果",
                     "通话状态", "呼叫状态", "应答状态", "状态", "结果"),
        "contact_phone": ("phone", "phone number", "caller number", "calling number", "caller id", "callerid", "caller", "cli",
                          "ani", "number", "from", "src", "customer number", "来电号码", "主叫号码", "主叫", "客户号码",
                          "对方号码", "来电", "电话号码", "号码", "电话", "手机", "手机号"),
        "agent_name": ("agent", "agent name", "answered by", "taken by", "handled by", "operator", "extension user", "坐席",
                       "座席", "坐席姓名", "座席姓名", "坐席名称", "接听人", "接听坐席", "接听座席", "客服", "客服姓名",
                       "接线员", "处理人"),
        "user": ("user", "caller name", "customer", "customer name", "contact name", "requester", "来电人", "客户", "客户姓名",
                 "用户", "联系人", "来电人姓名"),
        "channel": ("channel", "contact type", "渠道", "来源", "联络渠道", "接入渠道"),
        "content": ("content", "notes", "note", "comment", "remarks", "subject", "summary", "description", "内容", "通话内容",
                    "联络内容", "备注", "小结", "通话小结", "摘要", "来电内容"),
        "outcome": ("outcome", "wrap up", "wrap up code", "disposition code", "联络结果", "处理结果", "小结类型",
                    "通话小结类型"),
        "resolved": ("resolved", "is resolved", "first contact resolution", "fcr", "solved", "是否解决", "已解决", "是否已解决",
                     "一次解决"),
        "inquiry": ("ticket", "ticket number", "ticket id", "inquiry", "inquiry number", "incident", "incident number",
                    "case number", "工单", "工单号", "工单编号", "关联工单", "问询编号", "事件编号", "关联问询工单"),
    },
    "response": {
        "survey": ("survey", "survey name", "metric type", "assessment", "调查", "问卷", "问卷名称", "调查名称"),
        "question": ("question", "metric", "metric definition", "问题", "题目", "调查问题", "题目名称"),
        "role": ("role", "respondent role", "角色", "答复者角色", "身份"),
        "respondent": ("respondent", "name", "user", "assigned to", "submitted by", "taken by", "答复者", "填写人", "提交人",
                       "姓名", "答题人", "用户"),
        "rating": ("rating", "answer", "response", "score", "satisfaction", "string value", "评价", "满意度", "回答", "答复",
                   "答案", "选项", "评分"),
        "comment": ("comment", "comments", "remarks", "suggestion", "feedback", "意见", "建议", "意见建议", "意见或建议",
                    "备注",
                    "反馈", "补充说明"),
        "inquiry": ("ticket", "ticket number", "inquiry", "incident", "issue key", "task", "trigger id", "工单", "工单号",
                    "工单编号", "关联工单", "关联问询工单"),
    },
}  # fmt: skip
"""Fields of the built-in practice -> headings. A practice's own fields are found by their labels and slugs."""

#: Headings that only a telephone system has: one of them, filled, and the log is one of contacts.
OF_CALLS: Final = (
    "ring time", "ringing time", "ring duration", "ring seconds", "ring secs", "talk time", "talk duration", "billsec",
    "disposition", "振铃时长", "振铃时间", "振铃秒数", "响铃时长", "响铃时间", "振铃", "通话时长", "通话秒数", "主叫号码",
    "来电号码",
    "caller number", "calling number", "contact number", "联络编号", "联络时间", "contacted at",
)  # fmt: skip
#: yes-or-no columns that say how a call ended: heading -> field, and what yes and no mean for it.
FLAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "abandoned": ("abandoned", "is abandoned", "abandon", "gave up", "放弃", "是否放弃", "已放弃", "呼损", "是否呼损"),
    "missed": ("missed", "is missed", "missed call", "漏接", "是否漏接", "未接", "是否未接"),
    "wrong_number": ("wrong number", "is wrong number", "打错", "打错电话", "是否打错", "是否打错电话", "误拨", "是否误拨"),
}
ANSWERED: Final = (
    "answered", "answer", "connected", "completed", "handled", "success", "ok", "talked",
    "已接", "已接听", "接听", "已接通", "接通", "成功", "正常", "已应答", "应答", "人工接听", "已处理", "呼叫成功",
    "正常接听", "已通话",
)  # fmt: skip
UNANSWERED: Final = (
    "no answer", "noanswer", "not answered", "unanswered", "missed", "abandoned", "abandon", "busy", "failed", "cancelled",
    "canceled", "rejected", "timeout", "lost", "hung up", "voicemail", "gave up", "未接", "未接听", "未接通", "未应答", "漏接",
    "无人接听", "无应答", "放弃", "主动放弃", "已放弃", "呼损", "振铃未接", "忙", "忙线", "占线", "拒接", "失败",
    "呼叫失败", "超时", "排队放弃",
    "振铃放弃", "留言",
)  # fmt: skip
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "gave_up": (
        "abandoned",
        "abandon",
        "gave up",
        "lost",
        "放弃",
        "主动放弃",
        "已放弃",
        "呼损",
        "排队放弃",
        "振铃放弃",
        "用户放弃",
    ),
    "wrong_number": ("wrong number", "misdialled", "misdialed", "打错", "打错电话", "误拨", "拨错"),
    "inquiry": ("ticket created", "new ticket", "created ticket", "已建单", "已创建工单", "新建工单", "生成工单", "转工单"),
    "existing_inquiry": ("existing ticket", "follow up", "ticket updated", "催单", "跟进", "已有工单", "查询进度"),
    "nothing_further": (
        "no action",
        "nothing further",
        "information given",
        "done",
        "无需处理",
        "已答复",
        "咨询已答复",
        "直接答复",
        "无需跟进",
    ),
}

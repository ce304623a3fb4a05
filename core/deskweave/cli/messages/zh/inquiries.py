"""Inquiries: status, show and explain, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "due-provisional": "{moment}（暂定）",
    "due-paused": "暂停中",
    "due-stopped": "已停止",
    "due-window": "超出其自身时段",
    "due-unknown": "无法确定",
    "show-due": "应于 {moment} 前完成",
    "show-overdue": "应于 {moment} 前完成，已超时",
    "show-due-provisional": "暂定：节假日数据截至 {day}，此后按普通工作周计算。",
    "status-head": "{inquiries} 条问询，{events} 个事件",
    "status-joined": "已关联",
    "status-waiting": "待写入",
    "status-parked": "搁置",
    "status-unknown": "不明",
    "status-last": "上次运行",
    "status-unknown-values": "{key}：{n} 个值在实践中没有对应的词",
    "status-practice-changed": "文件中的实践与生效的不同。",
    "link-new": "尚未发送",
    "link-creating": "正在创建",
    "link-live": "已关联",
    "link-unknown": "不明：应答丢失",
    "link-tombstone": "平台上已不存在",
    "link-parked": "搁置",
    "unknown-word": "没有对应的词：{raw}",
    "show-messages": "{n} 条消息",
    "visibility-public": "公开",
    "visibility-internal": "内部",
    "erased": "（已删除）",
    "explain-is": "{field} 为 {value}   （{zone}）",
    "explain-message": "一条消息",
    "explain-about": "由比较得知，时间为最晚可能时刻",
    "explain-conflict": "冲突 C-{id}：我方 {ours}，对方 {theirs}；采用{winner}",
    "explain-nothing": "没有发生过变化。",
    "winner-ours": "我方",
    "winner-theirs": "对方",
    "parked-none": "没有搁置的记录。",
    "parked-released": "{n} 条将在下次同步时重试。",
    "parked-one-word": "请指明对象，并在 --release、--is、--again、--drop 中选一个。",
    "parked-not-unknown": "{key} 无需此操作：--is、--again、--drop 用于结果不明的创建；其他记录用 --release。",
    "parked-given-up": "已放弃 {n} 条。",
    "parked-message": "消息",
}

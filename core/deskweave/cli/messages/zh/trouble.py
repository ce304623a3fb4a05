"""Mistakes, and what stops a run, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "other-word": "没有命令 {word}。您需要的是：{ours}",
    "later-word": "{word} 已列入计划，本版本尚未提供。",
    "unknown-command": "没有命令 {word}。",
    "did-you-mean": "是否想输入 {word} ？",
    "no-such-option": "此处没有选项 {option}。",
    "missing-parameter": "缺少 {parameter}。",
    "option-needs-value": "{option} 需要一个值：{option} {value}",
    "option-value": "{option}：不能是 {value}。可用：{allowed}",
    "plugin-commands-failed": "插件 {plugin} 的命令不可用：{reason}",
    "needs-yes": "没有终端，无法询问。若要继续：\n  {command}",
    "no-bindings": "bindings/ 中没有文件，无法读取或写入。未发送任何请求。",
    "no-connections": "deskweave.yaml 中没有连接。未发送任何请求。",
    "no-such-inquiry": "本地和各平台都没有名为 {key} 的问询。",
    "no-such-field": "{field} 不是本实践的字段。",
    "no-such-metric": "{name} 不是本实践的指标。",
    "no-such-conflict": "没有未处理的冲突 {name}。",
    "no-such-delivery": "收件箱中没有名为 {key} 的推送。",
    "no-such-parked": "没有名为 {key} 的搁置记录。",
    "practice-unknown": "本实践中没有 {path}。",
    "emulate-unknown": "{name} 不是带有模拟器的连接器。",
    "nothing-sent": "未发送任何请求。",
    "nothing-changed": "未做任何改动。",
    "output-nowhere": "无法写入 {file}：没有该文件夹，或该名称本身是文件夹",
    "our-fault": "Deskweave 自身出错（{kind}）。这是程序缺陷，不是您的错误。",
    "crash-file": "详情见 {file}，其中已去除密钥。",
    "crash-next": "可再次执行同一命令；--debug 会在此显示详情。",
    "interrupted": "已中断。完成的部分已保留；再次执行同一命令即可继续。",
    "failed": "失败",
    "stopped": "已停止。{text}",
    "severity-error": "错误",
    "severity-warning": "注意",
    "severity-note": "提示",
    "allowed": "可用：{words}",
    "and-more": "另有 {count} 项",
    "why": "原因：{reason}（{rule}）",
    "notes-hidden": "略去 {n} 条提示；-v 可显示。",
    "vendor-said": "平台返回：{said}",
    "stands-at": "位置 {place}",
    "remedy-CredentialError": "检查 {connection} 的登录信息：名称、密钥、有效期。",
    "remedy-PermissionMissing": "请 {connection} 的管理员授予此权限。",
    "remedy-ConfigurationError": "更正 {connection} 的设置，然后：deskweave check {connection}",
    "retry-at": "平台要求 {moment} 后再来",
    "remedy-RateLimited": "请稍候；再次执行同一命令即可继续。",
    "remedy-TransientError": "检查 {connection} 的地址、网络和代理；再次执行同一命令即可继续。",
    "remedy-Rejected": "在平台上或实践中更正该值，然后重试。",
    "remedy-Stale": "再次执行同一命令即可继续。",
    "remedy-Missing": "请到平台上查看：已删除，或我们无权查看。",
    "remedy-other": "deskweave check {connection} -v",
    "stop-no-store": "{file} 处没有存储。",
    "stop-store-in-use": "存储 {store} 正由进程 {pid}（{purpose}）使用，始于 {since}。同一时间只能有一个进程写入。"
    "请等它完成或将其停止；期间仍可使用 status、show、explain 等只读命令。",
    "stop-served-already": "进程 {pid} 自 {since} 起已在为此文件夹运行 serve，一个即可。如需另启，请先停止它。",
    "stop-hook-secret": "{file} 中的内容不能用作地址中的密钥：至少 24 个字母、数字、- 或 _。请删除该文件，"
    "下次启动时会重新生成，各平台的地址须重新填写。",
    "stop-cannot-listen": "无法监听 {address}：{why}",
    "stop-file-there": "{file} 已存在。没有写入。",
    "stop-no-such-store": "{file} 不是 Deskweave 的存储，或已损坏。没有改动。",
    "stop-read-only": "{connection} 为只读，未写入任何内容。如需写入，请在 {where} 写明 access: write",
    "stop-wrong-instance": "{connection}：此目录对应 {pinned}，而应答的是 {live}。"
    "未读取也未写入任何内容。地址是否正确？原实例记录在 {file}。",
    "stop-other-install": "{connection}：{live} 带有另一个 Deskweave 存储的标记（{theirs}；本存储为 {ours}）。"
    "两个存储写入同一实例会使记录重复。未写入任何内容。若是存储丢失或被清空：deskweave store rebuild。"
    "若应以本存储为准、另一个已停用：",
    "stop-lease-lost": "本次运行停住期间，存储已被另一个运行接管：{holder}。本次运行没有再写入任何内容；已开始的事由对方接着做。",
    "stop-old-store": "{connection}：{live} 曾由本存储更新的状态写入（第 {theirs} 代；当前为第 {ours} 代）。"
    "当前存储可能是旧副本。未写入任何内容。请改用较新的存储，或把它放回来。若它已丢失：",
    "stop-practice-changed": "实践已修改：生效的是 {old}，文件中是 {new}。未读取也未写入任何内容。请先查看变化，再使其生效。",
    "stop-becomes-missing": "未关闭的问询仍使用新实践中没有的名称：{what}。原来的实践继续有效。",
    "stop-protected": "环境 {environment} 受保护：请先生成计划并审阅，再执行该计划。",
}

"""The workshop, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "plugins-none": "没有安装插件。",
    "emulate-running": "{name} 运行于 {address}",
    "emulate-entry": "deskweave.yaml 的条目（密钥请放入 .env）：",
    "emulate-faults": "可模拟的故障：{names}",
    "emulate-stop": "按 Ctrl-C 结束。",
    "emulate-stopped": "已结束。",
    "render-head": "实践 {version}",
    "render-written-text": "已写入 {file}，共 {chapters} 章，格式为 Markdown。",
    "render-written": "已写入 {file}，共 {chapters} 章。可离线打开、按 A4 打印，也可用 Word 或 LibreOffice 打开。",
    "render-no-git": "未纳入版本控制：文档使用实践自身的版本号，不含历史修订。",
    "render-changed": "文件与 {version} 不一致，封面已注明。签字前请先提交并打标签。",
    "render-unplanned": "以下连接尚未计划，文档无法说明其不能保存的内容：{names}",
    "written": "已写入 {file}",
}

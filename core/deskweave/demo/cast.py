"""Who works in the demo, and what they ask for. All of it is made up; names are common ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A person of the story: a user who asks, or an agent who helps."""

    name: str
    email: str
    city: str = ""
    department: str = ""


USERS: Final = (
    Player(name="张伟", email="zhang.wei@acme.example", city="上海", department="财务部"),
    Player(name="王芳", email="wang.fang@acme.example", city="苏州", department="人力资源部"),
    Player(name="李娜", email="li.na@acme.example", city="北京", department="市场部"),
    Player(name="刘洋", email="liu.yang@acme.example", city="深圳", department="研发中心"),
    Player(name="陈静", email="chen.jing@acme.example", city="上海", department="采购部"),
    Player(name="Anna Berg", email="anna.berg@acme.example", city="Berlin", department="Sales"),
    Player(name="Tom Fischer", email="tom.fischer@acme.example", city="Berlin", department="Logistics"),
    Player(name="赵磊", email="zhao.lei@acme.example", city="成都", department="客服中心"),
    Player(name="孙丽", email="sun.li@acme.example", city="杭州", department="法务部"),
    Player(name="Maria Silva", email="maria.silva@acme.example", city="Lisbon", department="Finance"),
    Player(name="周强", email="zhou.qiang@acme.example", city="广州", department="生产部"),
    Player(name="吴敏", email="wu.min@acme.example", city="武汉", department="质量部"),
)
AGENTS: Final = (
    Player(name="李伟", email="li.wei@desk.acme.example"),
    Player(name="何雪", email="he.xue@desk.acme.example"),
    Player(name="Chen Jing", email="chen.jing@desk.acme.example"),
    Player(name="Jonas Wolf", email="jonas.wolf@desk.acme.example"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something people ask for. `item` is the Chinese label of the catalog item; `category` one that fits its closure."""

    item: str
    titles: tuple[str, ...]
    symptom: str
    solution: str
    stream: str = "incident"


MATTERS: Final = (
    Matter(
        item="操作系统安装与离职系统重置",
        titles=("新同事电脑需要安装系统", "Reset laptop of a leaver", "离职电脑重置"),
        symptom="The machine is on the desk, the asset tag is on its lid.",
        solution="Installed the standard image and joined the domain.",
        stream="service_request",
    ),
    Matter(
        item="操作系统级别故障处理",
        titles=("电脑蓝屏，重启后又出现", "Blue screen after the update", "系统更新后无法登录"),
        symptom="每天早上开机后十分钟左右蓝屏，代码 0x0000007E。",
        solution="卸载冲突的驱动并安装补丁，观察一天未再出现。",
    ),
    Matter(
        item="应用软件安装与卸载",
        titles=("申请安装 Visio", "Install the CAD viewer", "卸载旧版财务客户端"),
        symptom="Licence is approved, see the attached order number 4711.",
        solution="Installed from the software centre and tried together.",
        stream="service_request",
    ),
    Matter(
        item="通用软件故障处理",
        titles=("Outlook 收不到邮件", "Excel closes when printing", "输入法无法切换"),
        symptom="从昨天下午开始，收件箱不再更新，网页版正常。",
        solution="Rebuilt the profile; mail arrives again.",
    ),
    Matter(
        item="终端硬件问题报修跟进",
        titles=("显示器有竖线", "Laptop battery does not charge", "打印机卡纸，三楼东侧"),
        symptom="A green line runs down the left third of the screen.",
        solution="更换屏线后恢复正常，旧件已回收。",
    ),
    Matter(
        item="会议软件保障",
        titles=("会议室 A301 投屏没有声音", "No camera in room Elbe", "视频会议黑屏"),
        symptom="The meeting starts at ten, nobody can be heard.",
        solution="Switched the audio output and updated the room panel.",
    ),
    Matter(
        item="会议效果测试、保障",
        titles=("董事会前会议效果测试", "Sound check before the town hall"),
        symptom="请提前半小时到场测试麦克风和投影。",
        solution="提前测试完毕，会议期间现场保障。",
        stream="service_request",
    ),
    Matter(
        item="各业务系统问题咨询",
        titles=("报销系统怎样修改银行账号", "How do I book travel for a guest", "ERP 月结在哪里看进度"),
        symptom="菜单里找不到入口。",
        solution="已发送操作步骤截图，用户自行完成。",
        stream="consultation",
    ),
    Matter(
        item="各业务系统故障、bug类上升",
        titles=("订单提交后报错 500", "Price list shows last year", "CRM 导出乱码"),
        symptom="点击提交后页面显示 500，订单号 20261116-88，重试三次结果相同。",
        solution="Developer fixed the rounding rule in release 5.2.1.",
    ),
    Matter(
        item="各业务系统申请处理",
        titles=("申请开通供应商门户", "New cost centre in ERP"),
        symptom="The form is signed by the head of department.",
        solution="已开通并通知申请人。",
        stream="service_request",
    ),
    Matter(
        item="各业务系统权限处理",
        titles=("申请查看华东区销售报表", "Access to the contract archive", "转岗后权限调整"),
        symptom="岗位已变更，需要新部门的查看权限。",
        solution="Granted the role after the manager confirmed.",
        stream="service_request",
    ),
)

PUBLIC_REPLIES: Final = (
    "已收到，正在查看。",
    "Could you tell me when it happened first?",
    "请重启后再试一次，并把结果告诉我。",
    "I am on it and will call you within the hour.",
    "已联系二线同事，今天下午给您答复。",
)
USER_ANSWERS: Final = (
    "今天早上第一次出现。",
    "It is the same after a restart.",
    "可以了，谢谢！",
    "Yes, please go ahead.",
)
INTERNAL_NOTES: Final = (
    "内部：同类问题本周第三次，建议登记为问题候选。",
    "Internal: the vendor has a ticket open, do not promise a date.",
    "内部：用户为高管助理，优先处理。",
)

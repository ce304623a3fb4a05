"""Rules about a folder: deskweave.yaml, bindings, secrets, plugins."""

from __future__ import annotations

from typing import Final

from deskweave.findings import Severity
from deskweave.findings.rules.rule import Rule, rule

FOLDER: Final[tuple[Rule, ...]] = (
    rule(
        "no-folder", "当前目录及上级目录中没有 deskweave.yaml",
        ("Every command but a few works on a folder.", "除少数命令外都需要工作目录。"),
        ("Change into the folder, or name it with -C.", "进入该目录，或用 -C 指定。"),
    ),
    rule(
        "no-practice", "没有实践：{found} 中没有 YAML 文件",
        ("There is nothing to bring to a platform.", "没有可应用到平台的内容。"),
        ("Write one file that extends deskweave:service-desk@1.", "编写一个继承 deskweave:service-desk@1 的文件。"),
    ),
    rule(
        "one-workspace", "deskweave.yaml 须恰好包含一份 Workspace 文档",
        ("A folder is one installation.", "一个目录就是一个安装。"),
        ("Move other documents into practice/ or bindings/.", "其他文档移到 practice/ 或 bindings/。"),
    ),
    rule(
        "published-figures", "已发布的指标文件无法读取：{found}",
        ("What was published is what later figures are compared with.", "后来的数字要与已发布的相比。"),
        ("Take the file back as it was committed; it is never written anew.", "恢复已提交的文件；已发布的内容不会重写。"),
    ),
    rule(
        "version-wanted", "此目录要求 Deskweave 版本 {found}",
        ("Another version may read the files differently.", "其他版本可能有不同理解。"),
        ("Install that version, or change `deskweave:` after reading the changes.", "安装该版本，或阅读变更后修改 `deskweave:`。"),
    ),
    rule(
        "environment-needed", "有多个环境，且此命令会写入：请指明环境",
        ("Writing to the wrong environment cannot be taken back.", "写错环境无法撤回。"),
        ("Add --env.", "加上 --env。"),
    ),
    rule(
        "facts-database", "没有写明 PostgreSQL 数据库：此处的存储是 SQLite 文件，PostgreSQL 中没有数据",
        ("`--engine postgres` computes figures where the facts stand as a table.",
         "`--engine postgres` 在存放衡量数据表的数据库中计算。"),
        ("Add `facts: postgresql://user:${FACTS_PASSWORD}@host/database`, or leave out `--engine`: DuckDB gives the same.",
         "添加 `facts: postgresql://用户:${FACTS_PASSWORD}@主机/数据库`，或去掉 `--engine`：DuckDB 算出的数字相同。"),
    ),
    rule(
        "secret-literal", "密钥直接写在了文件里",
        ("Whoever reads the repository has the secret, for ever.", "能读代码库的人都会得到密钥，且无法收回。"),
        ("Put it into .env or the keyring and refer to it; then change the secret.", "放入 .env 或密钥环并引用，然后更换密钥。"),
    ),
    rule(
        "store-is-no-file", "存储是 SQLite 文件；{found} 不是文件路径",
        ("The store is a file of SQLite; anything else would be taken for a file name.",
         "存储只能是 SQLite 文件；其他写法会被当成文件名。"),
        ("Name a file, as `sqlite:.deskweave/<environment>/state.db`; figures in PostgreSQL are `facts:`.",
         "写文件路径，如 `sqlite:.deskweave/<environment>/state.db`；要在 PostgreSQL 中统计，请用 `facts:`。"),
    ),
    rule(
        "secret-form", "引用须写作 ${{NAME}}、${{file:/路径}} 或 ${{keyring:名称}}",
        ("A reference that is not understood would be sent as the secret itself.", "无法识别的引用会被当作密钥发出。"),
        ("Use one of the three forms.", "使用三种形式之一。"),
    ),
    rule(
        "secret-missing", "{found} 没有对应的值",
        ("The connection cannot log in.", "连接无法登录。"),
        ("Set it in .env or the keyring.", "在 .env 或密钥环中设置。"),
    ),
    rule(
        "bound-twice", "此连接已有另一份对应文件",
        ("Two names for one field on one platform contradict each other.", "同一平台的两份对应会互相矛盾。"),
        ("Join the two files.", "合并两个文件。"),
    ),
    rule(
        "not-bound", "连接 {found} 没有对应文件：不会读取也不会写入",
        ("Nothing is read from it or written to it.", "不会读取也不会写入。"),
        ("Write its binding: deskweave init --connection.", "编写对应文件：deskweave init --connection。"),
        Severity.WARNING,
    ),
    rule(
        "holds-overlap", "记录集 {found} 与另一记录集可能存放同一问询",
        ("One inquiry would exist twice on the platform.", "同一问询会在平台上出现两次。"),
        ("Give them `holds` that exclude each other, or another `role`.", "让 `holds` 互斥，或使用不同 `role`。"),
        Severity.WARNING,
    ),
    rule(
        "choice-spelled-twice", "两个选项在平台上都写作 {found}，无法区分",
        ("What is read back is always the first of them.", "读回时总是第一个。"),
        ("Name them apart under `choices:` of the binding.", "在对应文件的 `choices:` 中区分。"),
        Severity.WARNING,
    ),
    rule(
        "status-claimed-twice", "两个状态使用了相同的原始值 {found}",
        ("A record with that value could be in either status.", "带此值的记录无法判断状态。"),
        ("Tell them apart by another native field.", "用另一个原生字段区分。"),
    ),
    rule(
        "status-folded", "两个状态在平台上写法相同（{found}），平台无法区分",
        ("The platform shows both alike; an inquiry that comes back to it is in the one it last held.",
         "平台上两者显示相同；问询回到该值时，恢复为最近一次的状态。"),
        ("Tell them apart by another native field, or leave it so where the platform has one word for both.",
         "用另一个原生字段区分；平台只有一个说法时可保持不变。"),
        Severity.WARNING,
    ),
    rule(
        "status-read-otherwise", "{found} 读作“{becomes}”，而不是“{status}”",
        ("A record in that state is taken for another status, or for none, whatever the line says.",
         "处于该状态的记录会被当成另一状态或无法识别，与此行所写不符。"),
        ("Name fields that some `is` of the collection names, and values that no other status claims.",
         "使用该记录集某个 `is` 写到的字段，以及没有被其他状态占用的值。"),
        Severity.WARNING, never="{found} 永远不会读作“{status}”",
    ),
    rule(
        "status-moves-itself", "状态 {found} 会自行变为“{becomes}”：{path_zh}",
        ("Inquiries would change their status with nobody's doing, and clocks and figures with it.",
         "问询会在无人操作时改变状态，时钟与指标随之出错。"),
        ("Let `is` and `sets` of the two statuses differ in what is read back.", "让两个状态的 `is` 与 `sets` 在读回时可以区分。"),
    ),
    rule(
        "status-flaps", "状态 {found} 在平台之间来回变化，永不停止：{path_zh}，如此反复",
        ("Every run would write, people would be told each time, and no status would be true for long.",
         "每次同步都会写入并通知，任何状态都不会持久。"),
        ("Let each `is` be read back as its own status, also beside what other statuses leave there.",
         "让每个 `is` 读回时都是自己的状态，其他状态遗留的字段值也不例外。"),
    ),
    rule(
        "status-not-shown", "问询为 {found} 时，{about} 停在“{becomes}”：{path_zh}",
        ("People on that platform see another status than everybody else, and nothing ever puts it right.",
         "该平台上的人看到的状态与别处不同，而且不会被纠正。"),
        ("Let writing the status change what is read there.", "让写入该状态后读回的值随之改变。"),
        unreadable="问询为 {found} 时，{about} 停在读不出状态的取值：{path_zh}",
    ),
    rule(
        "two-owners", "{found} 在 {second} 与 {first}（{where}）都写了 `policy: owner`，而路由 {route} 的问询两边都有",
        ("An owner's word wins every conflict; of two owners it is whichever is read last.",
         "冲突时以所有者为准；有两个所有者时，后读到的一方胜出。"),
        ("Leave the field to one of them; the other says `policy: shared`.", "只留一个所有者，另一方写 `policy: shared`。"),
        Severity.WARNING,
    ),
    rule(
        "match-unbound", "字段 {found} 在此未对应，无法据以查找记录",
        ("Every record would count as one that is not there yet, and be made twice.", "每条记录都会被当作尚不存在而重复创建。"),
        ("Bind the field here, or find by another one.", "在此对应该字段，或换一个字段。"),
    ),
    rule(
        "match-shortened", "字段 {found} 在此被截短：其后的差别无法区分",
        ("Two different inquiries could look like one.", "两个不同的问询可能看起来相同。"),
        ("Find by a field that is kept whole, or name a second one.", "改用完整保存的字段，或再加一个字段。"),
        Severity.WARNING,
    ),
    rule(
        "retention-without-delete", "{found} 只用于 policy: delete",
        ("Whoever reads it believes that something is deleted.", "读者会以为有内容将被删除。"),
        ("Take it away, or write policy: delete.", "去掉它，或写 policy: delete。"),
    ),
    rule(
        "deletes-without-note", "此处没有内部消息，无法留下备注（{found}）",
        ("Nobody there would learn why the record is what it is.", "对方无法得知原因。"),
        ("Bind the internal exchange under `messages:`.", "在 `messages:` 中对应内部消息。"),
        Severity.WARNING,
    ),
    rule(
        "overlay-shape", "插件添加的内容形式不对：{found}",
        ("What a plugin adds could not be joined with the practice.", "插件添加的内容无法与实践合并。"),
        ("Mend the plugin: the hook answers an Overlay.", "修改插件：该钩子应返回 Overlay。"),
    ),
    rule(
        "overlay-kind", "插件不能通过此钩子添加 {found}",
        ("A hook for fields that adds metrics would surprise whoever allowed it.", "字段钩子添加指标会出人意料。"),
        ("Use the hook for that kind.", "使用对应的钩子。"),
    ),
    rule(
        "plugin-raised", "插件出错",
        ("What the plugin should have said is missing.", "缺少该插件应给出的内容。"),
        ("Mend or remove the plugin.", "修复或移除该插件。"),
    ),
    rule(
        "check-did-not-run", "插件 {found} 的检查未能运行",
        ("What it would have found stays unknown.", "它能发现的问题仍然未知。"),
        ("Mend or remove the plugin, or block it for now.", "修复、移除或暂时屏蔽该插件。"),
    ),
    rule(
        "not-a-demo", "{found} 不是演示目录",
        ("The demo rewrites its folder, and must not rewrite another.", "演示会重写目录，不应覆盖其他目录。"),
        ("Choose another folder.", "选择其他目录。"),
    ),
    rule(
        "no-such-document", "文件中没有文档 {found}",
        ("There is nothing to change.", "没有可修改的内容。"),
        ("Name a document that is there.", "使用存在的文档。"),
    ),
    rule(
        "bad-path", "路径 {found} 中途不是映射",
        ("A value cannot be put inside a text or a list.", "不能在文本或列表内部设置值。"),
        ("Name a path of mappings.", "使用由映射组成的路径。"),
    ),
)  # fmt: skip

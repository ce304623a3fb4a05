"""Rules of reading a file."""

from __future__ import annotations

from typing import Final

from deskweave.findings.rules.rule import Rule, rule

READING: Final[tuple[Rule, ...]] = (
    rule(
        "file-unreadable", "无法读取文件 {found}",
        ("What cannot be read cannot be checked, and its terms seem to be missing everywhere else.",
         "读不到的内容无法检查，其中的条目在别处也会显得缺失。"),
        ("Check that the file is there, is a plain file, and may be read.", "确认文件存在、是普通文件且可读取。"),
    ),
    rule(
        "file-encoding", "文件不是 UTF-8 编码",
        ("A file in GBK or UTF-16 would put wrong characters into labels people read.", "GBK 或 UTF-16 文件会使名称出现乱码。"),
        ("Save the file as UTF-8.", "将文件另存为 UTF-8。"),
    ),
    rule(
        "file-too-large", "文件超过 5 MiB",
        ("Nobody reviews a file of that size, and reading it would take memory from everything else.",
         "这么大的文件无人能审阅，读取也占用过多内存。"),
        ("Split it by what it is about: fields, catalog, metrics.", "按内容拆分：字段、服务目录、指标。"),
    ),
    rule(
        "yaml-syntax", "不是有效的 YAML",
        ("From the first broken line on nothing in the file is certain.", "从出错的一行起，文件内容都不可信。"),
        ("Check brackets, quotes and indentation around the place.", "检查该处附近的括号、引号与缩进。"),
    ),
    rule(
        "yaml-tab", "缩进不能使用制表符",
        ("A tab looks like any number of spaces, so what belongs to what would be a guess.",
         "制表符的宽度因编辑器而异，层次无法确定。"),
        ("Indent with spaces.", "使用空格缩进。"),
    ),
    rule(
        "yaml-duplicate-key", "键 {found} 出现了两次",
        ("One of the two would silently win, and it is rarely the one that was meant.", "两者只有一个生效，往往不是想要的那个。"),
        ("Keep one of them, or join what they hold.", "保留一个，或合并内容。"),
    ),
    rule(
        "yaml-key", "键必须是一个词",
        ("Keys are the names other files refer to; a list or a mapping is no name.",
         "键是其他文件引用的名称，列表或映射不能作名称。"),
        ("Write a word before the colon.", "冒号前写一个词。"),
    ),
    rule(
        "yaml-merge", "不能使用合并键 {found}",
        ("Merge keys are no part of YAML 1.2; a reader that knows them not would see another practice.",
         "YAML 1.2 没有合并键，不支持它的读取程序会得到另一份实践。"),
        ("Write the keys out, or use an anchor for the whole value.", "逐个写出，或对整个值使用锚点。"),
    ),
    rule(
        "yaml-aliases", "别名过多（{found}）",
        ("A few lines of aliases can grow to gigabytes.", "少量别名就可能展开为巨量数据。"),
        ("Write the values out.", "直接写出各值。"),
    ),
    rule(
        "yaml-recursion", "{found} 包含它自身",
        ("A value that holds itself has no end.", "包含自身的值没有尽头。"),
        ("Write the inner value out.", "直接写出内层的值。"),
    ),
    rule(
        "yaml-depth", "嵌套过深",
        ("No practice is that deep; a file that is, is a mistake or an attack.", "实践不会嵌套这么深，多半是笔误或攻击。"),
        ("Check the brackets.", "检查括号。"),
    ),
    rule(
        "yaml-tag", "不支持标签 {found}",
        ("A tag can ask a reader to build anything; only plain values are read.",
         "标签可以要求读取程序构造任意对象；这里只读普通值。"),
        ("Remove the tag.", "去掉标签。"),
    ),
    rule(
        "yaml-number", "{found} 的数值写法有歧义",
        ("010, 1e999 and .nan are read differently by different programs.", "010、1e999、.nan 在不同程序中读法不同。"),
        ("Quote it if it is a word, else write a plain number.", "如果是词语请加引号，否则写普通数字。"),
    ),
    rule(
        "document-shape", "文档必须是包含 kind 和 id 的映射",
        ("Without a kind and an id nobody can tell what the values are about.", "没有 kind 和 id，就不知道这些值说的是什么。"),
        ("Begin the document with `kind:` and `id:`.", "文档以 `kind:` 和 `id:` 开头。"),
    ),
    rule(
        "document-id", "文档须写明 id",
        ("Layers find the document they change by its kind and id.", "各层通过 kind 和 id 找到要修改的文档。"),
        ("Add `id:`.", "添加 `id:`。"),
    ),
    rule(
        "api-version", "文件第一份文档须写明 apiVersion: deskweave/v1",
        ("The version says which rules the file was written for, so that a later format cannot be misread.",
         "版本说明文件按哪种格式编写，避免日后误读。"),
        ("Write `apiVersion: deskweave/v1` as the first line.", "首行写 `apiVersion: deskweave/v1`。"),
    ),
    rule(
        "api-version-twice", "apiVersion 只能在文件的第一份文档中出现一次",
        ("One file has one format; a second line could contradict the first.", "一个文件只有一种格式，第二行可能与第一行矛盾。"),
        ("Remove the line.", "删除此行。"),
    ),
    rule(
        "unknown-kind", "没有 {found} 这类文档",
        ("A document of an unknown kind is read by nobody: what it says would be lost without a word.",
         "无人读取未知类别的文档，其内容会悄无声息地丢失。"),
        ("Use one of the kinds that are listed.", "使用列出的类别。"),
    ),
)  # fmt: skip

"""The path of a practice: read what is there, plan, apply, and say what no platform can hold (practice M1, M2).

    configurator = Configurator(folder="acme", environment="test", practice=practice, digest=practice.digest, sides=sides,
                                journal=StoreJournal(store), now=now, register_file=register_path(root, "test"))
    plan = configurator.plan()                    # reads every connection; writes nothing, not even a lock file
    plan.counts(); plan.steps; plan.is_empty      # Step: mark, connection, key, differences, reason, remedy, hand
    write_plan(path, plan); read_plan(path)       # the plan file
    report = configurator.apply(plan)             # SafetyStop before anything is written; else ApplyReport
    configurator.discover()                       # for `check`: which bound names exist, which are missing
    loss_markdown(loss_report(plan), "zh")        # what is lost and what a person does instead

Three witnesses are compared, leaf by leaf: the file (practice and binding, as the connector says its platform can hold them), the
lock file (as last applied) and the platform. What the practice did not make is never changed or removed.
"""

from deskweave.configure.apply import Progress, StepResult, StepState
from deskweave.configure.by_hand import HandEntry, Register, read_register, register_path, write_register
from deskweave.configure.configurator import ApplyReport, Configurator
from deskweave.configure.discover import BindingReport
from deskweave.configure.elements import PracticeTerms, Wanted, option_texts, wanted_elements
from deskweave.configure.journal import Journal, Marked, Row, StoreJournal, Unanswered
from deskweave.configure.key import ElementKey
from deskweave.configure.lock import Lock, LockEntry, lock_path, read_lock, write_lock
from deskweave.configure.loss import ConnectionLosses, LossReport, loss_markdown, loss_report
from deskweave.configure.plan import ConnectionPlan, Difference, HandStep, Mark, Plan, Step, require_still_true
from deskweave.configure.plan_file import plan_json, read_plan, step_json, write_plan
from deskweave.configure.removal import removed_paths
from deskweave.configure.side import Side

__all__ = [
    "ApplyReport",
    "BindingReport",
    "Configurator",
    "ConnectionLosses",
    "ConnectionPlan",
    "Difference",
    "ElementKey",
    "HandEntry",
    "HandStep",
    "Journal",
    "Lock",
    "LockEntry",
    "LossReport",
    "Mark",
    "Marked",
    "Plan",
    "PracticeTerms",
    "Progress",
    "Register",
    "Row",
    "Side",
    "Step",
    "StepResult",
    "StepState",
    "StoreJournal",
    "Unanswered",
    "Wanted",
    "lock_path",
    "loss_markdown",
    "loss_report",
    "option_texts",
    "plan_json",
    "read_lock",
    "read_plan",
    "read_register",
    "register_path",
    "removed_paths",
    "require_still_true",
    "step_json",
    "wanted_elements",
    "write_lock",
    "write_plan",
    "write_register",
]

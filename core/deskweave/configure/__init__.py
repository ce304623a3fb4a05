"""The path of a practice: read what is there, plan, apply, and say what no platform can hold.

    configurator = Configurator(folder="acme", environment="test", practice=practice, digest=practice.digest, sides=sides,
                                journal=StoreJournal(store), now=now, register_file=register_path(root, "test"))
    plan = configurator.plan()                    # reads every connection; writes nothing, not even a lock file
    plan.counts(); plan.steps; plan.is_empty      # Step: mark, connection, key, differences, reason, remedy, hand
    write_plan(path, plan); read_plan(path)       # the plan file
    report = configurator.apply(plan)             # SafetyStop before anything is written; else ApplyReport
    configurator.discover()                       # for `check`: which bound names exist, which are missing
    loss_report(plan); loss_markdown(plan, "zh")  # what is lost and what a person does instead

Three witnesses are compared, leaf by leaf: the file (practice and binding, as the connector says its platform can hold them), the
lock file (as last applied) and the platform. What the practice did not make is never changed or removed.
"""

"""What plugin authors and our own tests share: the conformance suite, the platform in memory, stateful machines.

Nothing at run time imports it.
"""

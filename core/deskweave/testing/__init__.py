"""What plugin authors and our own tests share: the in-memory platform and stateful machines. Nothing at run time imports it."""

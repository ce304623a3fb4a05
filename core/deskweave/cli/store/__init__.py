"""`deskweave store`: copies of the store, and what to do when it is lost."""

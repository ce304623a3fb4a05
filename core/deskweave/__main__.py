"""`python -m deskweave` is `deskweave`."""

from deskweave.cli import main

main()

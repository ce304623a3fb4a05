"""`deskweave practice`: what the files say, what is wrong with it, what it would change; one file per subcommand."""

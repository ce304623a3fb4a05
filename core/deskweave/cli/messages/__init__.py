"""Every sentence the command line says: one folder per language, one file per group of commands, the same ids and placeholders."""

"""Every sentence the command line says, one file per language with the same ids and placeholders."""

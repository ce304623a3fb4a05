"""The connector to the platform in memory with one thing wrong in it, each in its own way."""

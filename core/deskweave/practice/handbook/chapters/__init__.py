"""One chapter a file, as a reader needs them. Each answers None where the practice has nothing to show."""

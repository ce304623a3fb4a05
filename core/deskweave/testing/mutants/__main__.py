"""`python -m deskweave.testing.mutants`: the table."""

import sys

from deskweave.testing.mutants.hunt import main

if __name__ == "__main__":
    sys.exit(main())

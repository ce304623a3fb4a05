"""A connector earns its trust here: write a class of a few lines, run pytest, and read the table of guarantees.

    from deskweave.testing.suite import ConnectorSuite

    class TestMine(ConnectorSuite):
        connector = "mine"          # the word after `plugin:`, or the connector itself

What the connection declares is demanded of it; what it does not declare is skipped, with the reason in words.
"""

from deskweave.testing.suite.faults import Faults
from deskweave.testing.suite.ground import Ground
from deskweave.testing.suite.guarantee import CHAPTERS, GUARANTEES, NEEDS, Guarantee, Need
from deskweave.testing.suite.reading import Reading
from deskweave.testing.suite.suite import ConnectorSuite
from deskweave.testing.suite.writing import Writing

__all__ = ["CHAPTERS", "GUARANTEES", "NEEDS", "ConnectorSuite", "Faults", "Ground", "Guarantee", "Need", "Reading", "Writing"]

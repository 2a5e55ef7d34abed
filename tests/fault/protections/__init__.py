"""What keeps each promise, and the test that fails without it: ``make protections`` switches each off and looks.

A protection is a few words of the source; switched off, they are replaced in a copy of the project, and the test that
guards them has to fail there. tests/fault/test_protections.py keeps the list true: the words are in the source, once.
"""

from __future__ import annotations

from typing import Final

from tests.fault.protections.access import ACCESS
from tests.fault.protections.attempts import ATTEMPTS
from tests.fault.protections.clocks import CLOCKS
from tests.fault.protections.network import NETWORK
from tests.fault.protections.protection import Protection
from tests.fault.protections.queues import QUEUES
from tests.fault.protections.reading import READING
from tests.fault.protections.starting import STARTING
from tests.fault.protections.storing import STORING

__all__ = ["PROTECTIONS", "Protection"]

PROTECTIONS: Final = (*ATTEMPTS, *CLOCKS, *QUEUES, *READING, *NETWORK, *ACCESS, *STORING, *STARTING)

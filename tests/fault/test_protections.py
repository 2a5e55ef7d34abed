"""The list of protections is true: what it switches off is in the source, and the tests it names exist.

``make soak`` switches each off and sees its test fail, as ``make protections`` does.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fault.protections import PROTECTIONS, Protection
from tests.fault.protections.switching import ROOT, look_without


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda protection: protection.fault)
def test_what_is_switched_off_is_there_once_and_so_is_its_test(protection: Protection) -> None:
    assert (ROOT / protection.file).read_text(encoding="utf-8").count(protection.words) == 1
    file, _, name = protection.test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.soak
@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda protection: protection.fault)
def test_a_test_fails_when_its_protection_is_removed(protection: Protection, tmp_path: Path) -> None:
    assert look_without(protection, tmp_path).is_noticed

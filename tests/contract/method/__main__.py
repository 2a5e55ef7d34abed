from __future__ import annotations

from forecast.answer import METHOD_VERSION
from tests.contract.method import write

write(METHOD_VERSION)

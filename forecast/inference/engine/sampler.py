"""nutpie, imported without what it does not use.

It takes two functions from arviz, `from_dict` and `dict_to_dataset`, which arviz has from arviz_base. The rest of arviz is
every plot and matplotlib: .9 of the 2.8 CPU seconds and 43 of the 308 MB with which a process begins that samples. So arviz_base
stands in for arviz while nutpie is imported; afterwards `import arviz` gives arviz.
"""

from __future__ import annotations

import sys

import arviz_base

_STANDS_IN = sys.modules.setdefault("arviz", arviz_base) is arviz_base
try:
    import nutpie
    from nutpie import _lib
    from nutpie.compiled_pyfunc import PyFuncModel, from_pyfunc
    from nutpie.sample import CompiledModel
finally:
    if _STANDS_IN:
        del sys.modules["arviz"]

__all__ = ["CompiledModel", "PyFuncModel", "_lib", "from_pyfunc", "nutpie"]

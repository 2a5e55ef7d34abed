"""Posterior draws from the compiled program, and the checks that say whether they may be used.

`forecast.model` is imported first on purpose: it points the compilers at their cache before PyTensor is imported.
"""

import forecast.model  # noqa: F401

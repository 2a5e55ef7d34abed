"""One study sampled by `pm.sample()` with its defaults: the program of a new process, which prints what it took as
JSON.

python -m tests.benchmarks.plain_pymc small
"""

from __future__ import annotations

import json
import resource
import sys

SIZES = ("small", "middle")


def main() -> None:
    """Sample with PyMC's defaults; CPU seconds of this process and its children, and the least ESS of a probability."""
    import arviz as az
    import numpy as np
    import pymc as pm

    from forecast.inference.engine.definition import frozen_model
    from forecast.model.encoding.encode import encode_study
    from tests.benchmarks import sizes

    study = sizes.sized_study(getattr(sizes, sys.argv[1].upper()))
    with frozen_model(encode_study(study).arrays):
        trace = pm.sample(random_seed=1, progressbar=False)
    chances = 1.0 - np.exp(-np.exp(trace["posterior"]["theta"].values))
    least = min(float(az.ess(chances[:, :, place])) for place in range(chances.shape[2]))
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"cpu": sum(use.ru_utime + use.ru_stime for use in spent), "ess": least}))


if __name__ == "__main__":
    main()

"""Posterior draws rolled forward into simulated futures; horizon curves and scenarios are counts over them."""

"""The page of a forecast and what unfolds on it, its diagnostics and its report."""

"""What every process needs and is told: settings, limits, logs, clocks, compilers, private files."""

"""What every process needs: settings, limits, logs, clocks, compilers, private files."""

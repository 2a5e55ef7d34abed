"""The web process: JSON under /v1 and pages. It accepts, shows and hands out; it computes nothing."""

"""A study over time: evidence known by a date, schedules, updates, history, ledger and scores."""

"""Figures that check a stored forecast, and its images: made after the forecast, from its draws, beside the jobs.

Nothing here changes a number of the forecast. ArviZ draws what it has a plot for; the rest is ours. Every figure carries
its caption and its numbers as a table.
"""

"""The page of a job, running or failed."""

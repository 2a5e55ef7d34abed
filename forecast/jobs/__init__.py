"""Jobs: accepted, claimed, renewed, completed, recovered, and published to the queue.

The database is the only truth about a job. A message in the queue is a hint to look at a row. Messages may be lost,
late or delivered twice; no job is lost or done twice. Modules are imported one by one, since the web process and the
command line each need few of them.
"""

"""Jobs: accepted, claimed, renewed, completed, recovered; and how the queue is told about them.

The database is the only truth about a job. A message in the queue is a hint to look at a row: it may be lost, late or
doubled, and nothing is lost or done twice. Modules are imported one by one, since the web process and the command
line each need few of them.
"""

"""The pages: typed contexts built from stored answers and jobs, rendered by Jinja.

Every page is a frozen context object with its template; a template shows and never computes. The same data stand as
JSON under `/v1`.
"""

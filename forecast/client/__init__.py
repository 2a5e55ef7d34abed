"""A client of the service over HTTP."""

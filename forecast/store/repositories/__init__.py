"""Queries, by subject; each repository sees one transaction."""

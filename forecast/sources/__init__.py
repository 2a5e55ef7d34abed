"""Counts and tables that are fetched from elsewhere on a schedule."""

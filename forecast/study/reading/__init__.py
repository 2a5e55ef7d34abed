"""From YAML, JSON, CSV and zip archives to plain data."""

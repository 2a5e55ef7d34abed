"""The page that describes the interface for programs."""

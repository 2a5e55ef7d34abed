"""Sign-in, and the keys of a workspace."""

"""What comes later: evidence rows that a stored study gets."""

"""What a process looks at before it starts, and how it says what is missing."""

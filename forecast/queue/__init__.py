"""What is told to the queue, and by which names."""

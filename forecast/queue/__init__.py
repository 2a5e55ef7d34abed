"""What is published to the queue, and under which names."""

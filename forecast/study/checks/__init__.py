"""What is wrong with a document beyond its single fields."""

"""From a study to the arrays that the model reads, one module for each part of the model."""

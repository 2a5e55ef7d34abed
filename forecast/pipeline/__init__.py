"""From a study to an answer: compute, update, preview, explain."""

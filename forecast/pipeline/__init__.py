"""The one way from a study to an answer: compute, update, preview, explain."""

"""The model as PyMC defines it, one module for each part."""

"""The JSON routes, one module for each noun."""

"""Figures of forecasts and posteriors as Plotly JSON, made where the draws are, so that the web process never computes."""

"""Blocks of the model as small studies with a generative law of their own: data from parameters, without the graph."""

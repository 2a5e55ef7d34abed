"""The model's log density, its gradient and the quantities of a draw by hand: forward and backward passes over `ModelArrays`.

One module a block of the model, its formula and reference on top. `forecast.model.graph.joint.build_model` is the definition.
"""

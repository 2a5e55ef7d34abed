"""From rows of tables to cases, observations and judgments."""

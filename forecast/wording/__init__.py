"""How numbers, stages, evidence, causes and verdicts are said: the same words in the terminal, on pages and in reports."""

"""The page of a study, its history and ledger, the editor, two forecasts side by side."""

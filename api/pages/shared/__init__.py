"""What several pages are made of: the frame, words, bars, verdicts, fields for questions."""

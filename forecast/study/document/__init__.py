"""What a study is: the fields of its document, and its calendar."""

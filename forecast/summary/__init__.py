"""From posterior draws and futures to the numbers of an answer."""

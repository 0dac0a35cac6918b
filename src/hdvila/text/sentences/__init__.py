"""From timed words to sentences: marks where there are none, words aligned with their times, ends."""

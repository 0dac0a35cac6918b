"""From timed words to sentences: restore punctuation, align the restored words with times, find the ends."""

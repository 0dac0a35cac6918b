"""Which videos are taken: what can be used, what must stay out, how much of each category."""

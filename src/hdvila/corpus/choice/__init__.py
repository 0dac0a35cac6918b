"""Which videos are taken: filter, exclusion of test sets, balance of categories."""

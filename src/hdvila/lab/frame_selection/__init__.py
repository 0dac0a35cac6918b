"""The paper's frame-selection table (Xue et al. 2022, table 9) in the miniature world."""

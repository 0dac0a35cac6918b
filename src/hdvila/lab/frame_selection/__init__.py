"""The paper's frame-selection study (Xue et al. 2022, Table 9) in the miniature world."""

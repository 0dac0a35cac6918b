"""The paper's studies in small: pre-training, its data and frames, segments, stages, and what answers depend on."""

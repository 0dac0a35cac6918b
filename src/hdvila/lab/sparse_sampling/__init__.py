"""ClipBERT's experiments in the miniature world: what sparse sampling, fusion and end-to-end training are worth."""

"""ClipBERT's runs, those of the miniature world first."""

from hdvila.recipes.clipbert import miniature, pretraining, question_answering, retrieval

MODULES = (miniature, pretraining, retrieval, question_answering)

"""HD-VILA's runs, those of the miniature world first."""

from hdvila.recipes.hdvila import miniature, miniature_downstream, pretraining, question_answering, retrieval, small

MODULES = (miniature, miniature_downstream, small, pretraining, retrieval, question_answering)

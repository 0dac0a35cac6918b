"""Numbers of a model, each with the protocol, the gallery and the chance level that give it a meaning."""

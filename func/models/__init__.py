"""The models that answer: the default one, and those that are asked for by name."""

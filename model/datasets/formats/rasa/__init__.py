"""Read the training data of Rasa 1 to 3."""

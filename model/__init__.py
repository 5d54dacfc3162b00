"""The classifier: training, evaluation, and the model that answers."""

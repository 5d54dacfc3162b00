"""One module a format of training data."""

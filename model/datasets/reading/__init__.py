"""Which files are training data, and in which formats."""

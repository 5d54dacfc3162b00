"""One module for each dialect that callers speak."""

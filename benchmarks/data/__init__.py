"""The data that benchmarks train and ask with."""

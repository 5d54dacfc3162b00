"""Load generators, and clients that behave badly."""

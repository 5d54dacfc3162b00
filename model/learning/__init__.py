"""Fit the pipeline: features, ensemble, calibration, out-of-scope threshold."""

"""Train, evaluate and save a model; reproduce an earlier training."""

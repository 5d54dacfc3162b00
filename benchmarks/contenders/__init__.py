"""The servers that are compared: how each is installed, given a model, and started."""

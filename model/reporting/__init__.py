"""Reports of a training, for the browser and the terminal."""

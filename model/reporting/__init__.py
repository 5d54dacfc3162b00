"""Reports on training, for the browser and the terminal."""

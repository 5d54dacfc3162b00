"""Side-by-side measurements: each module that README.md names is a command."""

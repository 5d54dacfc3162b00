"""Documents of the project: what they say, and how their commands run."""

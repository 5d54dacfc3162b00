"""Read training data in the formats that people have."""

"""Files of data as documents: their text, their values, and the place of each in the file."""

"""The desk: correct training data in the browser, train again, and compare."""

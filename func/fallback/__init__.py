"""The fallback: another classifier, asked about texts of which the model is not sure enough."""

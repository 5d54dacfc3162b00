"""The fallback: another classifier, asked for what the model is not to be acted on."""

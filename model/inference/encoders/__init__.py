"""Sentence encoders that need numpy alone: a text in, its vector out."""

ENCODER_NAME = "sentence_encoder.safetensors"

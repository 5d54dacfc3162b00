"""The version of the contract: of the paths, the fields and what they mean."""

VERSION = "1.0.0"

"""The version of the contract: of paths, fields and their meaning."""

VERSION = "1.0.0"

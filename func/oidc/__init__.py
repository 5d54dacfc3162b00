"""Tokens of an OpenID Connect issuer, as the Triggers of Knative send them."""

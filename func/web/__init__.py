"""The rare routes, served by Flask: page, documentation, model card."""

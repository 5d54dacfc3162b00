"""Move traffic from one revision to another, in steps and back."""

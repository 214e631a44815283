"""Rules: who is due, within which budget; each look makes at most one run for each rule."""

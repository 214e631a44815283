"""System checks of mappings: what is wrong with one is said before the first credit is spent."""

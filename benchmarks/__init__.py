"""How fast it is, measured against what people write by hand. Nothing here is installed with the package."""

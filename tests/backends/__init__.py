"""Databases that only say that they are another product: SQLite, so that Django itself has nothing against them."""

"""Credits: how much may be spent, where they went, and whether the account agrees."""

"""A host with drf-spectacular and an API of its own, whose names are like ours."""

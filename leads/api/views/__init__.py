"""The views of the API, one module for each thing that is asked about."""

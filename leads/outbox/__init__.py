"""The way out: who may be searched, what is bought, and the POST to Enrow."""

"""The way back: results are fetched, matched, applied to the searches, and written back to the leads."""

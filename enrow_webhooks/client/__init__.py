"""Enrow's API in plain Python: requests, answers, webhook bodies, typed values, errors. No Django, DRF or Celery."""

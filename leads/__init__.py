"""The leads app: leads, search jobs and lead searches. Start at ``leads.enrichment``."""

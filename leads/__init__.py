"""The CRM floor: leads, search jobs and lead searches. Start at ``leads.enrichment``."""

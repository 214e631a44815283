"""Leads in CSV files, in and out."""

"""Asking a language model: settings, client, limits, and the ledger of answers."""

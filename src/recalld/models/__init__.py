"""Embedders, token counts, prices and the ledger. Nothing heavy is imported before its first use."""

"""Layer 4: embeddings of summaries and points, keyed by episode id."""

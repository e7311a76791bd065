"""Makes the files of the local embedder."""

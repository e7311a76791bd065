"""Layer 1: working memory, the live messages and state of open sessions, and their durable journal."""

"""The four layers of memory: working memory, facts, episodes, vectors."""

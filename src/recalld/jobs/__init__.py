"""The queue: ended sessions wait here for a worker. Jobs carry ids and an epoch, never content."""

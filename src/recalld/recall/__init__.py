"""Reading memory: from a query to a time range, to episodes, to one block of context."""

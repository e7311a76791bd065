"""How the weights that recalld ships were made."""

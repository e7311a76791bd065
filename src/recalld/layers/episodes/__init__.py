"""Layer 3: the episodic log."""

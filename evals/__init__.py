"""Quality, measured through the public functions only."""

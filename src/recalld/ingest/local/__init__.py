"""The summariser that needs no key and no network."""

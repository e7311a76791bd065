"""The rights of the person: erasure, export, purposes."""

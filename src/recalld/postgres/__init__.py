"""PostgreSQL: the embedded server, scoped transactions, migrations and the catalog lint."""

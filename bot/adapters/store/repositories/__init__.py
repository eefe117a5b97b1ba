"""What the ports promise of the store, kept with SQL: one class a port, each on the session of one unit of work."""

"""Use cases. Each owns its transactions; none keeps one open while it waits for the network."""

"""Pages of customers, by story."""

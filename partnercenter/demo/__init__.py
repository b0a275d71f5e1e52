"""A year of business between invented companies, for whoever looks at the portal for the first time."""

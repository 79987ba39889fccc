"""Everything in Redis: sending tasks by name, locks."""

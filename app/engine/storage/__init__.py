"""Where media comes from and goes to; one file a scheme."""

"""HTTP to addresses that users named: the guard against SSRF, and the client behind it."""

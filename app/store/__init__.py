"""PostgreSQL: models, sessions, queries and state moves; never commits by itself."""

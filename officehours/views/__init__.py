"""Pages of office hours."""

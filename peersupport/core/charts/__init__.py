"""Drawings made on the server: numbers in, places on a page out."""

"""Sessions whose table signs nobody in and names nobody."""

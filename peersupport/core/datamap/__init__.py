"""The data map: what every field holds, about whom, keyed to what, and how long it lives."""

"""The peer support program of one medical school. This package is the wiring and the core."""

"""What stands below every app: clock, ids, keys, words, and the shared stores."""

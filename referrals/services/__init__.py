"""Writes of referrals, one module for each thing."""

"""Pages of referrals: the web side's and the care side's, one module for each thing."""

"""The program's settings with a bare page beside it and a count of queries on every answer."""

from peersupport.settings import *  # noqa: F403, TID251
from peersupport.settings import MIDDLEWARE  # noqa: TID251

ROOT_URLCONF = "bench.urls"
MIDDLEWARE = ["bench.counting.CountQueries", *MIDDLEWARE]

"""Every address of the program, filled in so that it can be asked for."""

import re

from peersupport.core import ids
from tests.guards.test_access import TABLE


def every_address() -> list[str]:
    """Return one address for each row of the access table; ids in it name nothing."""
    return [
        "/" + re.sub("<slug:[a-z_]+>", "start", re.sub("<uuid:[a-z_]+>", str(ids.new_id()), route))
        for route in TABLE
    ]

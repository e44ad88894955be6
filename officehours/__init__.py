"""Office hours: hours, visits, the line. The main job."""

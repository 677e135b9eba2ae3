"""Everything that is to be known about this machine, in one call: checked, measured, reported, and kept in results/."""

"""The lab: entries are executed on real servers, in cells that reach nothing else."""

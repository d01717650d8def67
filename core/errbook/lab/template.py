"""Run in a cell: initialise a server's data folder, and write it to stdout as a tar file, its version to stderr."""

import subprocess
import sys

from errbook.lab.instance import Instance
from errbook.lab.server import LabError, select


def main() -> int:
    """Do it; return the exit code."""
    instance = Instance(select([sys.argv[1]])[0])
    try:
        instance.initialise()
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    pack = ["tar", "--create", "--sparse", "--directory", str(instance.data.parent), instance.data.name]
    code = subprocess.run(pack, check=False).returncode  # noqa: S603 - our own words
    print(instance.version, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""What HR types. `python starter.py --help` lists the commands."""

from console.app import main
from runtime.exit import leave_with

if __name__ == "__main__":
    leave_with(main)

"""`python -m kommunanalys`: the command line where no script folder is on the path (Windows without rights)."""

from kommunanalys.cli import main

if __name__ == "__main__":
    main()

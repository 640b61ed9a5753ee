"""Run the command `cellgraph` as `python -m cellgraph`."""

from cellgraph.cli import main

if __name__ == "__main__":
    main()

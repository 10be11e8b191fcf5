"""`python -m linkback_cli` is the `linkback` command."""

from linkback_cli.command import main

if __name__ == "__main__":
    main()

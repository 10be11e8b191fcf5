"""The `linkback` command, for owners and developers. Each command is one module; none of it reaches Lambda."""

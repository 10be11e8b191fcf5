"""What stops a command, in one sentence that says what to do about it."""

import click


class Trouble(click.ClickException):
    """Printed as `Error: …` on stderr; the command ends with exit code 1."""

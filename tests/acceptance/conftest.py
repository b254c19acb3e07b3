"""The same private installation as the tests of the command line."""

from tests.cli.conftest import elsewhere, home

__all__ = ["elsewhere", "home"]

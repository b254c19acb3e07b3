"""The command line: parse, call a service, print. Errors are one line and an exit code.

Exit codes: 0 done, 1 a check failed or an outside service refused, 2 wrong input, 3 the installation cannot run as it is
set up, 130 interrupted.
"""

import importlib
import sys

import typer
from typer.exceptions import TyperException

from belvedere.cli.backups import add_commands as add_backups
from belvedere.cli.data import add_commands as add_data
from belvedere.cli.deliveries import add_commands as add_deliveries
from belvedere.cli.demo_command import add_commands as add_demo
from belvedere.cli.digests import add_commands as add_digests
from belvedere.cli.migrating import add_commands as add_migrating
from belvedere.cli.operate import add_commands as add_operate
from belvedere.cli.partitions import add_commands as add_partitions
from belvedere.cli.parts import Parts, give
from belvedere.cli.people import add_commands as add_people
from belvedere.cli.readings import add_commands as add_readings
from belvedere.cli.schema import add_commands as add_schema
from belvedere.cli.seed import add_commands as add_seed
from belvedere.cli.serve import add_commands as add_serve
from belvedere.core.errors import BelvedereError, SetupError

app = typer.Typer(
    name="belvedere",
    help="Collect what marketing platforms say, watch it with rules, and tell people. `belvedere demo` shows it all.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for add in (
    add_serve, add_demo, add_seed, add_data, add_people, add_operate, add_backups, add_schema, add_partitions,
    add_migrating, add_digests, add_deliveries, add_readings,
):  # fmt: skip
    add(app)


def exit_code(error: BelvedereError) -> int:
    if error.status in (400, 404, 409, 422):
        return 2
    return 3 if error.status == 503 else 1


def describe(error: BelvedereError) -> list[str]:
    """One line, and one more for each wrong field; a single field stands in the first line, not in a second."""
    detail = " ".join(error.detail.split())
    fields = [(item.pointer.lstrip("/"), item.detail) for item in error.errors]
    if len(fields) == 1 and fields[0][1] == error.detail:
        return [f"belvedere: {fields[0][0]}: {detail}"]
    return [f"belvedere: {detail}", *(f"  {name}: {words}" for name, words in fields)]


def check_faults() -> None:
    """Refuse a BELVEDERE_FAULTS that names nothing before any command runs: a test would else pass without its fault."""
    try:
        importlib.import_module("belvedere.core.faults")
    except ValueError as error:
        raise SetupError(f"{error} Unset BELVEDERE_FAULTS outside tests.", code="faults_wrong") from error


def run(parts: Parts) -> None:
    """Run the command line; never shows a traceback for what a person can mend."""
    give(parts)
    try:
        check_faults()
        code = app(standalone_mode=False)
    except BelvedereError as error:
        say(*describe(error))
        sys.exit(exit_code(error))
    except TyperException as error:
        say(describe_misuse(error))
        sys.exit(error.exit_code)
    except typer.Abort:
        say("belvedere: Stopped; nothing was done.")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def describe_misuse(error: TyperException) -> str:
    """A wrong option or a missing one in one line; a command without its subcommand answers its help."""
    words = error.format_message()
    if "\n" in words:
        return words
    context = getattr(error, "ctx", None)
    return f"belvedere: {words}" + (f" See `{context.command_path} --help`." if context else "")


def say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - the command line's own voice

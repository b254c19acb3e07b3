"""The program: hands the web application and the sandbox to the command line, which must not know them."""

from typing import Any

from belvedere.cli.parts import Parts


def make_app(runtime: Any) -> Any:
    """The web application; imported late, so that `belvedere --help` is quick."""
    from belvedere.asgi import create_app

    return create_app(runtime)


async def start_sandbox(**options: Any) -> Any:
    """The fake platforms, for `belvedere sandbox` and the demo."""
    from belvedere.sandbox.service import SandboxOptions, run_sandbox

    return await run_sandbox(SandboxOptions(**options))


def announce_sandbox(running: Any) -> list[str]:
    """What to open and which settings lead to the fake platforms, line by line."""
    from belvedere.sandbox.service import announcement

    return announcement(running)


def describe_sandbox() -> dict[str, Any]:
    """The shops the sandbox plays and the keys it accepts."""
    from belvedere.sandbox import clients

    return {
        "clients": clients.SANDBOX_CLIENTS,
        "discord_bot_token": clients.DISCORD_BOT_TOKEN,
        "team_user_ids": clients.TEAM_USER_IDS,
        "smtp_username": clients.SMTP_USERNAME,
        "smtp_password": clients.SMTP_PASSWORD,
    }


def main() -> None:
    """Entry point of the command `belvedere`."""
    from belvedere.cli.main import run

    run(
        Parts(
            make_app=make_app,
            start_sandbox=start_sandbox,
            announce_sandbox=announce_sandbox,
            describe_sandbox=describe_sandbox,
        )
    )

"""What `belvedere demo` does: the whole main job on one machine, against the sandbox's platforms."""

import asyncio
import contextlib
import socket
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from belvedere.cli import demo_content as content
from belvedere.cli import demo_progress
from belvedere.cli.backups import recreate_database
from belvedere.cli.output import err, out, print_json
from belvedere.cli.parts import parts
from belvedere.cli.processes import Child, supervise
from belvedere.cli.serve import page_opener
from belvedere.core.errors import BelvedereError, Conflict
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.wiring.installation import Installation, read_revision
from belvedere.wiring.past import write_past
from belvedere.wiring.seed import complete_clients

SANDBOX_PORT, SANDBOX_MAIL_PORT = 8430, 8431
LOOPBACK = "127.0.0.1"
DEMO_DAYS, PAST_DAYS, DEMO_SEED = 60, 30, 1
# The demo sends and reads more in a minute than a real account may.
GENEROUS = {"discord_limit": 50, "analytics_per_minute": 1000, "analytics_per_day": 100_000}


def reset_demo(installation: Installation) -> None:
    """Empty the database, if nothing but the demo lives in it."""
    import psycopg

    if read_revision(installation.login_url("api")) is not None:
        with psycopg.connect(installation.login_url("psql")) as connection:
            others = connection.execute(
                "SELECT count(*) FROM core.users WHERE email <> %s", [content.OWNER_EMAIL]
            ).fetchone()
        if others and others[0]:
            raise Conflict(
                "This installation has people of its own; --reset would throw their work away. Use another"
                " BELVEDERE_DATA_DIR for the demo."
            )
    recreate_database(installation)


async def run_demo(installation: Installation, *, once: bool, as_json: bool, open_page: bool) -> None:
    from belvedere.core.logs import configure_logs
    from belvedere.wiring.runtime import open_runtime

    described = parts().describe_sandbox()
    say = err.print if as_json else out.print
    sandbox = await parts().start_sandbox(
        host=LOOPBACK, http_port=free_or(SANDBOX_PORT), smtp_port=free_or(SANDBOX_MAIL_PORT), **GENEROUS
    )
    try:
        settings = demo_settings(installation.settings, sandbox, described)
        configure_logs(settings.model_copy(update={"log_level": "WARN"}))
        here = replace(installation, settings=settings)
        say(f"Sandbox platforms: {sandbox.base_url}")
        async with open_runtime(here, keep_logs=False) as runtime:
            if once:
                await show_once(runtime, described, sandbox, as_json=as_json)
            else:
                await show_and_stay(runtime, here, described, sandbox, as_json=as_json, open_page=open_page)
    finally:
        await sandbox.close()


def demo_settings(settings: Settings, sandbox: Any, described: dict[str, Any]) -> Settings:
    """The installation's settings with every platform at the sandbox."""
    return settings.model_copy(
        update={
            "omnisend_base_url": sandbox.urls["omnisend_base_url"],
            "shopify_base_url": sandbox.urls["shopify_base_url"],
            "discord_base_url": sandbox.urls["discord_base_url"],
            "discord_bot_token": SecretStr(described["discord_bot_token"]),
            "smtp_host": sandbox.smtp_host,
            "smtp_port": sandbox.smtp_port,
            "smtp_username": described["smtp_username"],
            "smtp_password": SecretStr(described["smtp_password"]),
            "smtp_security": "none",
            "smtp_from": "Belvedere <alerts@demo.example>",
            "allow_private_networks": Settings(allow_private_networks="127.0.0.0/8").allow_private_networks,
            "port": free_or(settings.port),
        }
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """The same settings for web and worker, which are processes of their own."""
    return {
        "BELVEDERE_OMNISEND_BASE_URL": settings.omnisend_base_url,
        "BELVEDERE_SHOPIFY_BASE_URL": settings.shopify_base_url,
        "BELVEDERE_DISCORD_BASE_URL": settings.discord_base_url,
        "BELVEDERE_DISCORD_BOT_TOKEN": settings.discord_bot_token.get_secret_value(),
        "BELVEDERE_SMTP_HOST": settings.smtp_host,
        "BELVEDERE_SMTP_PORT": str(settings.smtp_port),
        "BELVEDERE_SMTP_USERNAME": settings.smtp_username,
        "BELVEDERE_SMTP_PASSWORD": settings.smtp_password.get_secret_value(),
        "BELVEDERE_SMTP_SECURITY": settings.smtp_security,
        "BELVEDERE_SMTP_FROM": settings.smtp_from,
        "BELVEDERE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        "BELVEDERE_PORT": str(settings.port),
        "BELVEDERE_HOST": settings.host,
        "BELVEDERE_LOG_LEVEL": "WARN",
    }


async def prepare(runtime: Runtime, described: dict[str, Any], sandbox: Any) -> list[Any]:
    """Owner, clients, accounts, rules, the real sample; returns the accounts to read."""
    owner = await content.make_owner(runtime)
    clients = await content.make_clients(runtime, owner, described["clients"])
    await content.make_rules_sources(runtime, owner)
    await content.make_rules(runtime, owner)
    accounts = await content.make_accounts(
        runtime, owner, described["clients"], clients, sandbox, described["team_user_ids"]
    )
    await content.load_sample(runtime, clients["tidewater"])
    return accounts


async def show_once(runtime: Runtime, described: dict[str, Any], sandbox: Any, *, as_json: bool) -> None:
    """Everything in this one process, then the figures."""
    from belvedere.core.worker import run_worker

    working = asyncio.create_task(run_worker(runtime))
    try:
        figures = await prepare_and_sync(runtime, described, sandbox, as_json=as_json)
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
    if as_json:
        print_json(figures)
    else:
        demo_progress.show_figures(figures)


async def prepare_and_sync(
    runtime: Runtime, described: dict[str, Any], sandbox: Any, *, as_json: bool,
    first_seen: asyncio.Event | None = None,
) -> dict[str, Any]:  # fmt: skip
    accounts = await prepare(runtime, described, sandbox)
    await demo_progress.request_runs(runtime, accounts, content.OWNER_EMAIL)
    figures = await demo_progress.watch_until_settled(runtime, quiet=as_json, first_seen=first_seen)
    await write_past(runtime, accounts, PAST_DAYS, DEMO_SEED)
    await complete_clients(runtime, [shop.slug for shop in described["clients"]], DEMO_DAYS, DEMO_SEED)
    return figures


async def show_and_stay(
    runtime: Runtime, installation: Installation, described: dict[str, Any], sandbox: Any, *, as_json: bool,
    open_page: bool,
) -> None:  # fmt: skip
    """Web and worker as processes, the first sync, then stay until Ctrl-C."""
    environment = environment_of(runtime.settings)
    # The page comes up with the first alert: starting both at once would only make each slower.
    first_seen = asyncio.Event()
    children = [
        Child("worker", ["worker"], environment),
        Child("web", ["serve"], environment, after=first_seen),
    ]
    installation = replace(installation, settings=runtime.settings)
    show = page_opener(runtime.settings.address) if open_page else None
    staying = asyncio.create_task(supervise(children, installation, on_ready=show))
    show_addresses(runtime.settings, sandbox)
    try:
        showing = asyncio.create_task(
            prepare_and_sync(runtime, described, sandbox, as_json=as_json, first_seen=first_seen)
        )
        await asyncio.wait((staying, showing), return_when=asyncio.FIRST_COMPLETED)
        if not showing.done():  # asked to stop before it was through
            showing.cancel()
            return
        figures = showing.result()
        first_seen.set()
        if as_json:
            print_json(figures)
        demo_progress.show_figures(figures, to_stderr=as_json)
        await staying
    except BelvedereError:
        staying.cancel()
        raise
    finally:
        await asyncio.gather(*(child.stop() for child in children))


def show_addresses(settings: Settings, sandbox: Any) -> None:
    err.print(f"\nBelvedere   {settings.address}")
    err.print(f"Sign in     {content.OWNER_EMAIL}  {content.OWNER_PASSWORD}")
    err.print(f"Discord     {sandbox.urls['discord']}")
    err.print(f"Mailbox     {sandbox.urls['mail']}")
    err.print(f"Controls    {sandbox.urls['control']}  (let time pass, break a platform)")
    err.print(
        "The page opens with the first alert. Ctrl-C stops it; the data stays. Start over: belvedere demo --reset\n"
    )


def free_or(port: int) -> int:
    """The port, or any free one when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])

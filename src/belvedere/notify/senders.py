"""The real channels, on the connectors: Discord as a bot, Discord by webhook, mail, signed webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass

from belvedere.connectors.contracts import Budget, SendError
from belvedere.connectors.discord.client import EVERYTHING, DiscordClient, sending_budget
from belvedere.connectors.smtp.client import SmtpServer, send_mail
from belvedere.connectors.smtp.message import build_message
from belvedere.connectors.webhook.client import WebhookClient
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.notify.contracts import ChannelKind
from belvedere.notify.decide import NOT_CONFIGURED
from belvedere.notify.keys import message_id
from belvedere.notify.outbox import Claim
from belvedere.notify.ports import Outgoing, Receipt, Senders
from belvedere.notify.render import discord_message
from belvedere.notify.render_mail import CHART_ID, mail
from belvedere.notify.render_webhook import webhook_body


@dataclass(frozen=True, slots=True)
class DiscordBot:
    """Knows our keys: the nonce is the key, and Discord drops a second message that carries it."""

    client: DiscordClient
    settings: Settings

    async def send(self, outgoing: Outgoing) -> Receipt:
        token = outgoing.secret.get("token") or self.settings.discord_bot_token.get_secret_value()
        if not token.strip():
            raise not_configured(
                "discord",
                "There is no Discord bot token. Set BELVEDERE_DISCORD_BOT_TOKEN, or one for the channel.",
            )
        message = discord_message(outgoing.telling)
        sent = await self.client.send_to_channel(token, outgoing.address, message, nonce=outgoing.key)
        return Receipt(sent.message_id, 200)


@dataclass(frozen=True, slots=True)
class DiscordWebhook:
    """Knows no keys; its receipt is waited for."""

    client: DiscordClient

    async def send(self, outgoing: Outgoing) -> Receipt:
        url = outgoing.secret.get("url")
        if not url:
            raise not_configured(
                "discord", "The webhook has no address any more. Enter it again under Channels."
            )
        sent = await self.client.send_to_webhook(url, discord_message(outgoing.telling))
        return Receipt(sent.message_id, 200)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Knows no keys; a second copy carries the same Message-ID, by which a mailbox may tell it."""

    settings: Settings

    async def send(self, outgoing: Outgoing) -> Receipt:
        settings = self.settings
        if not settings.smtp_host.strip():
            raise not_configured(
                "smtp", "There is no mail server. Set SMTP_HOST, and SMTP_PORT if it is not 587."
            )
        made = mail(outgoing.telling)
        own_id = message_id(outgoing.key, settings.smtp_from)
        headers = {}
        if outgoing.thread_key:
            first = message_id(outgoing.thread_key, settings.smtp_from)
            headers = {"In-Reply-To": first, "References": first}
        message = build_message(
            sender=settings.smtp_from,
            recipient=outgoing.address,
            subject=made.subject,
            text=made.text,
            html=made.html,
            message_id=own_id,
            sent_at=outgoing.sent_at,
            headers=headers,
            images={CHART_ID: made.image} if made.image else None,
        )
        server = SmtpServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_username,
            settings.smtp_password.get_secret_value(),
            settings.smtp_security,
            settings.http_timeout_seconds,
        )
        receipt = await send_mail(server, message, allowed=settings.allow_private_networks)
        return Receipt(own_id, receipt.code)


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """The id of a push is the key: a receiver that keeps ids takes it once."""

    client: WebhookClient

    async def send(self, outgoing: Outgoing) -> Receipt:
        secrets = [outgoing.secret[name] for name in ("secret", "previous") if outgoing.secret.get(name)]
        if not outgoing.url or not secrets:
            raise not_configured("webhook", "The webhook has no address or secret. Enter it under Channels.")
        body = webhook_body(outgoing.telling, outgoing.client_id, outgoing.asked_at or outgoing.sent_at)
        status = await self.client.push(outgoing.url, secrets, outgoing.key, body, outgoing.sent_at)
        return Receipt(outgoing.key, status)


def real_senders(runtime: Runtime) -> Senders:
    """Every channel as it is set up."""
    client = DiscordClient(runtime.http, runtime.settings.discord_base_url, is_paid=True)
    return {
        ChannelKind.DISCORD_BOT: DiscordBot(client, runtime.settings),
        ChannelKind.DISCORD_WEBHOOK: DiscordWebhook(client),
        ChannelKind.EMAIL: Mailbox(runtime.settings),
        ChannelKind.WEBHOOK: SignedWebhook(WebhookClient(runtime.http)),
    }


def budgets_of(claims: Sequence[Claim]) -> list[Budget]:
    """What sending these takes of the budgets: it is taken with the claim, so that no lease passes in waiting."""
    found = []
    for claim in claims:
        webhook = (claim.channel_settings or {}).get("webhook_id")
        if claim.channel is ChannelKind.DISCORD_BOT:
            found.append(sending_budget("bot", claim.destination))
        elif claim.channel is ChannelKind.DISCORD_WEBHOOK and webhook:
            found.append(sending_budget("webhook", str(webhook)))
    return [*found, *(EVERYTHING for _ in found)]


def not_configured(provider: str, detail: str) -> SendError:
    """A missing setting: waiting would not bring it."""
    return SendError(detail, provider=provider, permanent=True, code=NOT_CONFIGURED)

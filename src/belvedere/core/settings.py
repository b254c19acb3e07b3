"""Every setting, from the environment alone; `docs/reference/settings.md` is generated from this class."""

import os
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network


def default_data_dir() -> Path:
    """`~/.belvedere`; for root a folder that the database's own user can reach."""
    return Path("/var/lib/belvedere") if os.geteuid() == 0 else Path.home() / ".belvedere"


class Settings(BaseSettings):
    """Read from variables named BELVEDERE_<NAME>; DATABASE_URL and SMTP_* are also read without the prefix."""

    model_config = SettingsConfigDict(env_prefix="BELVEDERE_", extra="ignore", populate_by_name=True)

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Where all state lives: embedded database, keys, logs, exports.",
    )
    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("BELVEDERE_DATABASE_URL", "DATABASE_URL", "database_url"),
        description="PostgreSQL 15 or newer to use; empty starts the embedded one in the data directory.",
    )
    database_replica_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices(
            "BELVEDERE_DATABASE_REPLICA_URL", "DATABASE_REPLICA_URL", "database_replica_url"
        ),
        description="A read replica for heavy reading; empty reads from the primary.",
    )
    database_user: str = Field(
        default="nobody",
        description="System user that runs the embedded PostgreSQL when Belvedere runs as root.",
    )
    database_port: int = Field(
        default=0, description="Port of the embedded PostgreSQL; 0 picks a free one once."
    )
    database_pool: int = Field(default=8, ge=1, le=200, description="Connections each process keeps at most.")
    master_key: SecretStr | None = Field(
        default=None,
        description="Key that seals credentials (base64, 32 bytes); empty keeps one in the data directory.",
    )
    host: str = Field(default="127.0.0.1", description="Address the web server listens on.")
    port: int = Field(
        default=8420, ge=0, le=65535, description="Port the web server listens on; 0 picks a free one."
    )
    public_url: str | None = Field(
        default=None, description="Address people open; used in messages. Empty: http://host:port."
    )
    environment: Literal["development", "production"] = Field(
        default="development", description="`production` requires HTTPS cookies and hides /api/openapi.json."
    )
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"] = Field(
        default="INFO", description="Least level of log lines that are kept."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="Log lines on stdout: JSON, text, or text only on a terminal."
    )
    worker_concurrency: int = Field(
        default=8, ge=1, le=200, description="Jobs one worker runs at the same time."
    )
    requests_per_second: int = Field(
        default=50,
        ge=1,
        le=100_000,
        description="Requests a second that one person or token may make for long.",
    )
    allow_private_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Private address ranges (CIDR, comma separated) that outbound requests may reach.",
    )
    http_timeout_seconds: float = Field(default=20.0, gt=0, description="Longest wait for an outside answer.")
    http_max_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Largest answer that is read from an outside service."
    )
    max_upload_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Largest body the API and webhook push accept."
    )
    omnisend_base_url: str = Field(default="https://api.omnisend.com", description="Root of Omnisend's API.")
    shopify_base_url: str = Field(
        default="https://{shop}.myshopify.com", description="Root of a shop's Admin API; {shop} is replaced."
    )
    discord_base_url: str = Field(
        default="https://discord.com/api/v10", description="Root of Discord's REST API."
    )
    smtp_host: str = Field(
        default="",
        validation_alias=AliasChoices("BELVEDERE_SMTP_HOST", "SMTP_HOST", "smtp_host"),
        description="Mail server for alerts; empty sends no mail and says so.",
    )
    smtp_port: int = Field(
        default=587,
        validation_alias=AliasChoices("BELVEDERE_SMTP_PORT", "SMTP_PORT", "smtp_port"),
        description="Port of the mail server.",
    )
    smtp_username: str = Field(
        default="",
        validation_alias=AliasChoices("BELVEDERE_SMTP_USERNAME", "SMTP_USERNAME", "smtp_username"),
        description="Login at the mail server; empty sends without a login.",
    )
    smtp_password: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("BELVEDERE_SMTP_PASSWORD", "SMTP_PASSWORD", "smtp_password"),
        description="Password at the mail server.",
    )
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        default="starttls", description="How the connection to the mail server is protected."
    )
    smtp_from: str = Field(default="Belvedere <alerts@localhost>", description="Sender of alert mails.")
    discord_bot_token: SecretStr = Field(
        default=SecretStr(""), description="Bot token for Discord channels without a channel of their own."
    )
    snapshot_grace_percent: int = Field(
        default=50, ge=0, le=1000, description="How far past its interval a source may be before it is late."
    )
    snapshot_lease_seconds: int = Field(
        default=60, ge=2, le=3600, description="After this silence another worker takes a reading over."
    )
    readings_keep_days: int = Field(
        default=30, ge=1, le=36_500, description="Days for which every reading is kept."
    )
    readings_daily_days: int = Field(
        default=400,
        ge=1,
        le=36_500,
        description="Days for which one reading a day is kept; then one a month.",
    )
    delivery_lease_seconds: int = Field(default=60, ge=2, le=3600, description="How long one send may take.")
    delivery_give_up_hours: int = Field(
        default=24, ge=1, le=720, description="After this a delivery is dead."
    )
    storm_wait_seconds: float = Field(
        default=5.0,
        ge=0,
        le=600,
        description="How long first messages of a rule for every client wait, so that a storm becomes one message.",
    )
    evaluation_keep_days: int = Field(
        default=90, ge=1, le=3650, description="How long the record of judged readings is kept."
    )
    job_heartbeat_seconds: int = Field(
        default=5, ge=1, le=600, description="How often a worker says it lives."
    )
    job_stalled_seconds: int = Field(
        default=20, ge=2, le=3600, description="After this silence the jobs of a worker run again elsewhere."
    )
    session_idle_minutes: int = Field(default=720, ge=5, description="A login without use ends after this.")
    session_absolute_hours: int = Field(default=336, ge=1, description="A login ends after this in any case.")
    faults: str = Field(
        default="", description="Fault points armed for tests; see docs/howto/fault-points.md."
    )

    @field_validator("allow_private_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @property
    def address(self) -> str:
        """The address that people open."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Settings of this process, read once."""
    return Settings()

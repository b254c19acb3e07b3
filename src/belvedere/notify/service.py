"""The door for other domains, pages and commands: every use case of delivery. None of them commits."""

# A request wakes this job, so it must be known wherever one can be made.
from belvedere.notify import jobs as _jobs  # noqa: F401
from belvedere.notify.channel_rows import Channel, get_channel
from belvedere.notify.channels import (
    ChannelDraft,
    change_channel,
    client_webhook,
    create_channel,
    remove_channel,
    rotate_secret,
    send_test,
    store_webhook_channel,
)
from belvedere.notify.dead_letters import mark_arrived, resend_many
from belvedere.notify.grouping import lines_of
from belvedere.notify.hold import Hold, hold_outbound, outbound_hold, release_outbound
from belvedere.notify.message_preview import MessagePreview, preview_message, show_message
from belvedere.notify.repository import (
    DeliveryFilter,
    JsonPage,
    counts_by_state,
    deliveries_of,
    export_deliveries,
    get_delivery,
    list_channels,
    list_deliveries,
)
from belvedere.notify.requests import hasten, request_deliveries, resend, withdraw_unsent
from belvedere.notify.template_facts import VARIABLES, alert_facts
from belvedere.notify.templating import Rendered, TemplateRefused, check_template, render, render_or_words

__all__ = [
    "VARIABLES",
    "Channel",
    "ChannelDraft",
    "DeliveryFilter",
    "Hold",
    "JsonPage",
    "MessagePreview",
    "Rendered",
    "TemplateRefused",
    "alert_facts",
    "change_channel",
    "check_template",
    "client_webhook",
    "counts_by_state",
    "create_channel",
    "deliveries_of",
    "export_deliveries",
    "get_channel",
    "get_delivery",
    "hasten",
    "hold_outbound",
    "lines_of",
    "list_channels",
    "list_deliveries",
    "mark_arrived",
    "outbound_hold",
    "preview_message",
    "release_outbound",
    "remove_channel",
    "render",
    "render_or_words",
    "request_deliveries",
    "resend",
    "resend_many",
    "rotate_secret",
    "send_test",
    "show_message",
    "store_webhook_channel",
    "withdraw_unsent",
]

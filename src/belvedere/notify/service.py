"""The door for other domains, pages and commands: every use case of delivery. None of them commits."""

# A request wakes this job, so it must be known wherever one can be made.
from belvedere.notify import jobs as _jobs  # noqa: F401
from belvedere.notify.channels import (
    Channel,
    ChannelDraft,
    change_channel,
    create_channel,
    get_channel,
    remove_channel,
    send_test,
    store_webhook_channel,
)
from belvedere.notify.hold import Hold, hold_outbound, outbound_hold, release_outbound
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
from belvedere.notify.requests import request_deliveries, resend, withdraw_unsent

__all__ = [
    "Channel",
    "ChannelDraft",
    "DeliveryFilter",
    "Hold",
    "JsonPage",
    "change_channel",
    "counts_by_state",
    "create_channel",
    "deliveries_of",
    "export_deliveries",
    "get_channel",
    "get_delivery",
    "hold_outbound",
    "list_channels",
    "list_deliveries",
    "outbound_hold",
    "release_outbound",
    "remove_channel",
    "request_deliveries",
    "resend",
    "send_test",
    "store_webhook_channel",
    "withdraw_unsent",
]

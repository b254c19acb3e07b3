"""What the lists of the settings share."""

from tests.web.samples.common import (
    CLIENTS,
    PAGE,
    TEXT_FILTER,
)

CLIENT_OPTIONS = [("", "Every client"), *((client["id"], client["name"]) for client in CLIENTS)]
LISTED = {"filters": [TEXT_FILTER], "page": PAGE, "empty": None}

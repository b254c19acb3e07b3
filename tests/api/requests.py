"""Bodies that each route would take, so that what refuses a request is not the body."""

from typing import Any

UNKNOWN = "00000000-0000-4000-8000-000000000000"
PASSWORD = "a calm harbour at noon"
SECRET = {"secret": {"api_key": "another-key"}}


def good_bodies(ids: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Operation id -> a JSON body that it would take, with the things that `ids` names."""
    note = {"note": "seen"}
    return {
        "update_me": {"display_name": "New name"},
        "update_my_password": {"current": PASSWORD, "new": PASSWORD + " two"},
        "confirm_my_password": {"password": PASSWORD},
        "install_pack": {"client": ids["client_id"]},
        "plan_files": {"files": {"rules.yaml": "rules:\n  theme-changed:\n    field_name: status\n    condition: changed\n"}},
        "apply_files": {"files": {"rules.yaml": "rules:\n  theme-changed:\n    field_name: status\n    condition: changed\n"}},
        "create_client": {"name": "Another client"},
        "update_client": {"name": "New name"},
        "create_user": {"email": "new@agency.example", "display_name": "New"},
        "update_user": {"display_name": "New name"},
        "set_user_password": {"password": PASSWORD},
        "set_membership": {"role": "viewer"},
        "create_token": {"name": "mine", "scopes": ["me.read"]},
        "create_credential": {"provider": "omnisend", "name": "second", **SECRET},
        "replace_credential": SECRET,
        "create_definition": {"metric_name": "yield", "display_name": "Yield"},
        "replay": {"snapshot_id": ids["snapshot_id"]},
        "create_source": {"provider": "shop", "endpoint": "orders", "display_name": "Orders"},
        "update_source": {"display_name": "New name"},
        "run_source": {"account_id": ids["account_id"]},
        "create_account": {"client_id": int(ids["client_id"]), "account_key": "second"},
        "update_account": {"display_name": "New name"},
        "create_endpoint": {"account_id": ids["account_id"], "name": "second"},
        "update_endpoint": {"name": "New name"},
        "create_rule": {
            "name": "Another rule", "field_name": "open_rate", "condition": "less_than", "threshold_value": "5",
            "client_id": int(ids["client_id"]),
        },
        "update_rule": {"name": "New name"},
        "preview": {"rule_id": ids["rule_id"]},
        "backtest_rule": {"rule_id": ids["rule_id"], "days": 2},
        "preview_messages": {"rule_id": ids["rule_id"]},
        "preview_alert_message": {"title_template": "{{ rule.name }}"},
        "preview_rule_message": {"title_template": "{{ rule.name }}"},
        "resend_deliveries": {"delivery_ids": [ids["delivery_id"]]},
        "acknowledge_many": {"ids": [ids["alert_id"]], **note},
        "resolve_many": {"ids": [ids["alert_id"]], **note},
        "snooze_many": {"ids": [ids["alert_id"]], "until": "2099-01-01T00:00:00Z"},
        "unsnooze_many": {"ids": [ids["alert_id"]]},
        "snooze": {"until": "2099-01-01T00:00:00Z"},
        "create_silence": {"client_id": int(ids["client_id"]), "minutes": 5},
        "change_silence": {"reason": "Longer"},
        "acknowledge": note,
        "resolve": note,
        "acknowledge_inbox_alert": note,
        "resolve_inbox_alert": note,
        "add_note": note,
        "create_channel": {
            "kind": "email", "name": "second", "client_id": int(ids["client_id"]), "address": "b@example.com",
        },
        "update_channel": {"name": "New name"},
        "preview_digests": {"client_id": int(ids["client_id"])},
    }  # fmt: skip

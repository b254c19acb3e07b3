"""`belvedere digests` as a person types it."""

import pytest
from tests.cli.conftest import Home


@pytest.fixture
def summed(filled: Home):
    """The rule of the house with a daily digest to a mailbox; as it was afterwards."""
    filled.query(
        "UPDATE watchtower_rules SET notify_schedule = 'daily', notify_email = true, email_recipients = '{team@brandt.example}'"
    )
    yield filled
    filled.query(
        "UPDATE watchtower_rules SET notify_schedule = NULL, notify_email = false, email_recipients = NULL"
    )
    filled.query("DELETE FROM digests")


def test_those_to_come_a_preview_and_what_was_made(summed: Home):
    shell = summed.shell
    (coming,) = shell.run("digests", "list", "--upcoming", "--json").json
    assert (coming["destination"], coming["schedule"]) == ("team@brandt.example", "daily")
    assert "team@brandt.example" in shell.run("digests", "list", "--upcoming").out
    preview = shell.run("digests", "preview", "--destination", "team@brandt.example")
    assert "Daily digest: 1" in preview.out
    assert "Advent [10% off]" in preview.out
    assert shell.run("digests", "list").out.strip() == "No digest was made yet."

    # A boundary that passed while nobody looked, made by hand and once.
    summed.query("ALTER TABLE watchtower_rules DISABLE TRIGGER USER")
    summed.query(
        "UPDATE watchtower_rules SET created_at = now() - interval '3 days', updated_at = now() - interval '3 days'"
    )
    summed.query("ALTER TABLE watchtower_rules ENABLE TRIGGER USER")
    (made,) = shell.run("digests", "run", "--json").json
    assert shell.run("digests", "run").out.strip() == "No digest is due."
    (listed,) = shell.run("digests", "list", "--json").json
    assert listed["id"] == made["id"]
    shown = shell.run("digests", "show", made["id"])
    assert made["title"] in shown.out


def test_what_cannot_be_previewed_says_so(filled: Home):
    nothing = filled.shell.run("digests", "preview")
    assert (nothing.code, "--rule, --client or --destination" in nothing.err) == (2, True)
    unknown = filled.shell.run("digests", "preview", "--destination", "no@where.example")
    assert (unknown.code, "No active rule sends a digest there" in unknown.err) == (2, True)
    assert filled.shell.run("digests", "show", "nonsense").code == 2

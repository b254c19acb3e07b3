import email
import email.policy
from datetime import UTC, datetime
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belvedere.connectors.discord.message import payload
from belvedere.connectors.smtp.message import build_message
from belvedere.notify.contracts import (
    ChannelKind,
    DeliveryRequest,
    Destination,
    Message,
    MessageKind,
    RepeatPolicy,
)
from belvedere.notify.documents import channel_of, from_document, policy_of, to_document
from belvedere.notify.keys import KEY_LENGTH, idem_key, message_id
from belvedere.notify.render import (
    Telling,
    absolute_link,
    clean,
    discord_message,
    is_web_address,
    plain,
    title,
)
from belvedere.notify.render_mail import LINK_NOTE, mail

NOW = datetime(2026, 11, 20, 14, 45, tzinfo=UTC)
ALERT = Message(
    title="Open rate 11.8% on Advent preview",
    text="Open rate is 11.8%, limit < 15%. Rule “Low open rate”, client Kaffeehaus Brandt.",
    severity="critical",
    client_name="Kaffeehaus Brandt",
    url="/alerts/17",
    fields=(("Value", "11.8%"), ("Limit", "< 15%"), ("Since", "14:45")),
)
ENDED = Message("Resolved: Open rate 11.8% on Advent preview", "Recovered.", "critical", "Kaffeehaus Brandt")


def telling(message=ALERT, kind=MessageKind.OPENED, **more) -> Telling:
    link = absolute_link(message.url, "https://belvedere.example")
    return Telling(kind, message, **{"link": link, **more})


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict]]:
    parser = Tags()
    parser.feed(html)
    return parser.seen


def test_a_card_says_severity_client_values_and_link():
    body = payload(discord_message(telling()))
    (card,) = body["embeds"]
    assert body["content"] == "Critical · Kaffeehaus Brandt"
    assert card["title"] == ALERT.title
    assert card["url"] == "https://belvedere.example/alerts/17"
    assert card["color"] == 0xC4281C
    assert [field["name"] for field in card["fields"]] == ["Client", "Value", "Limit", "Since"]
    assert body["allowed_mentions"] == {"parse": []}


def test_a_link_to_a_bare_host_stands_in_the_text_because_discord_refuses_it_on_a_card():
    body = payload(discord_message(telling(link="http://localhost:8420/alerts/17")))
    assert "url" not in body["embeds"][0]
    assert "http://localhost:8420/alerts/17" in body["embeds"][0]["description"]


def test_names_are_not_restyled_and_ring_nobody():
    nasty = Message("a_b *c* __d__ `e` <@123> @everyone", "> q\n# h\n[x](http://y)", "info", "x_y")
    card = payload(discord_message(telling(nasty)))["embeds"][0]
    assert card["title"] == r"a_b \*c\* \_\_d\_\_ \`e\` \<@123> @everyone"
    assert card["description"] == "\\> q\n\\# h\n\\[x\\](http://y)"


def test_an_end_says_resolved_once_and_in_the_colour_of_good():
    said = telling(ENDED, MessageKind.RESOLVED)
    body = payload(discord_message(said))
    assert title(said) == "Resolved: Open rate 11.8% on Advent preview"
    assert body["embeds"][0]["color"] == 0x2A8A57
    assert body["content"].startswith("Resolved · ")


def test_one_message_tells_opening_and_end_together():
    said = telling(ENDED, MessageKind.RESOLVED, opened=ALERT)
    text = mail(said).text
    assert title(said) == "Resolved: Open rate 11.8% on Advent preview"
    assert ALERT.text in text
    assert "Recovered." in text
    assert "Value: 11.8%" in text


def test_a_possible_repeat_says_so_in_every_shape():
    said = telling(possible_repeat=True)
    assert payload(discord_message(said))["content"].startswith("Possible repeat · ")
    made = mail(said)
    assert made.subject.startswith("Possible repeat: Open rate")
    assert "may have reached you before" in made.text
    assert "may have reached you before" in made.html


def test_a_mail_has_title_and_client_as_subject_and_the_same_facts_in_both_parts():
    made = mail(telling())
    assert made.subject == "Open rate 11.8% on Advent preview · Kaffeehaus Brandt"
    for fact in ("11.8%", "Kaffeehaus Brandt", "Critical", "https://belvedere.example/alerts/17", LINK_NOTE):
        assert fact in made.text
        assert fact in made.html
    assert 'width="600"' in made.html
    assert "prefers-color-scheme:dark" in made.html


def test_a_mail_loads_nothing_and_links_only_to_the_page():
    links = [attributes["href"] for tag, attributes in tags(mail(telling()).html) if tag == "a"]
    assert links == ["https://belvedere.example/alerts/17"]
    assert not {"img", "script", "link", "form"} & {tag for tag, _ in tags(mail(telling()).html)}


nasty_text = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="\r\n\x00 :<>&\"'`*_@#[]()\u2028😀é=", max_size=2000),
    st.sampled_from(["x\r\nBcc: a@b.example", "😀" * 5_000, "<script>alert(1)</script>", "a" * 20_000, ""]),
)
messages = st.builds(
    Message,
    title=nasty_text,
    text=nasty_text,
    severity=st.one_of(st.sampled_from(["info", "warning", "critical"]), nasty_text),
    client_name=nasty_text,
    url=st.one_of(st.none(), nasty_text, st.just("/alerts/1")),
    fields=st.lists(st.tuples(nasty_text, nasty_text), max_size=40).map(tuple),
)
tellings = st.builds(
    lambda message, kind, opened, repeat: Telling(
        kind, message, opened, repeat, absolute_link(message.url, "http://127.0.0.1:8420")
    ),
    messages,
    st.sampled_from(list(MessageKind)),
    st.one_of(st.none(), messages),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(tellings)
def test_a_card_of_any_text_is_within_the_limits_of_discord(said):
    body = payload(discord_message(said))
    (card,) = body["embeds"]
    assert 0 < len(body["content"]) <= 2000
    assert 0 < len(card["title"]) <= 256
    assert len(card.get("description", "")) <= 4096
    assert len(card.get("fields", [])) <= 25
    sizes = [len(card["title"]), len(card.get("description", "")), len(card["footer"]["text"])]
    sizes += [len(field["name"]) + len(field["value"]) for field in card.get("fields", [])]
    assert sum(sizes) <= 6000
    assert "\x00" not in str(body)


@settings(max_examples=60, deadline=None)
@given(tellings)
def test_a_mail_of_any_text_has_only_our_headers_and_stays_below_80_kb(said):
    made = mail(said)
    built = build_message(
        sender="Belvedere <alerts@agency.example>", recipient="a@b.example",
        subject=made.subject, text=made.text,
        html=made.html, message_id="<abc@agency.example>", sent_at=NOW,
    )  # fmt: skip
    raw = built.as_bytes()
    assert len(raw) < 80 * 1024
    read = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert [part.get_content_type() for part in read.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert set(read.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "MIME-Version",
    }  # fmt: skip
    assert "\n" not in made.subject
    assert "script" not in {tag for tag, _ in tags(made.html)}


def request(**more) -> DeliveryRequest:
    given_values = {
        "client_id": 1, "subject_type": "alert", "subject_id": uuid4(), "kind": MessageKind.OPENED,
        "destination": Destination.discord("123456789012345678"), "message": ALERT, **more,
    }  # fmt: skip
    return DeliveryRequest(**given_values)


@settings(max_examples=40, deadline=None)
@given(messages)
def test_a_message_survives_its_row_whatever_it_holds(message):
    document = to_document(request(message=message, policy=RepeatPolicy.AT_MOST_ONCE))
    kept = from_document(document)
    assert kept.title == clean(message.title)
    assert len(kept.fields) == len(message.fields)
    assert policy_of(document) is RepeatPolicy.AT_MOST_ONCE
    assert "\\u0000" not in str(document)


def test_a_key_is_the_same_for_the_same_request_and_fits_a_nonce():
    subject = uuid4()
    one, two = request(subject_id=subject), request(subject_id=subject, message=ENDED)
    assert idem_key(one) == idem_key(two)
    assert len(idem_key(one)) == KEY_LENGTH <= 25
    assert idem_key(one).isalnum()
    assert len({idem_key(one), idem_key(request()), idem_key(request(subject_id=subject, client_id=2))}) == 3


def test_a_message_id_carries_the_key_and_the_senders_host():
    assert message_id("abc", "Belvedere <alerts@agency.example>") == "<abc@agency.example>"
    assert message_id("abc", "nonsense") == "<abc@localhost>"


def test_an_address_with_a_stored_webhook_names_its_channel():
    channel_id = uuid4()
    found = Destination.discord(f"webhook:{channel_id}")
    assert (found.channel, found.channel_id) == (ChannelKind.DISCORD_WEBHOOK, channel_id)
    assert Destination.discord("webhook:nonsense").channel is ChannelKind.DISCORD_BOT
    assert channel_of(to_document(request(destination=found))) == channel_id


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://", "/\\evil", "http://a b", 'https://a/"x', "ftp://a.example"]
)
def test_what_is_no_web_address_becomes_no_link(url):
    assert absolute_link(url, "https://belvedere.example") is None
    assert not is_web_address(url)


def test_a_figure_at_the_start_is_no_list():
    assert plain("10.0% (<15%)") == "10.0% (\\<15%)"
    assert plain("1. one") == "\\1. one"

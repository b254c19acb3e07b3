import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.core.masking import MASK, MAX_TEXT, Masker, is_secret_name, redact_url

MASKER = Masker(b"k" * 32)

SHAPED = {
    "omnisend": "64f0c1a2b3c4d5e6f7a8b9c0-Xy12Ab34Cd56Ef78Gh90Ij12",
    "shopify": "shpat_0123456789abcdef0123456789abcdef",
    "github": "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "stripe": "sk_live_51H0example0000",
    "openai": "sk-proj-abcdefghijklmnop0123",
    "anthropic": "sk-ant-REDACTED",
    "slack": "xoxb-1234567890-abcdefghij",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "google": "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "meta": "EAAGm0PX4ZCpsBAKZCexample0123456789ZD",
    "webhook secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "discord bot": "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
    "argon2": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----",
    "private key cut off": "-----BEGIN PRIVATE KEY-----\nMIIEow\nabc",
    "any": "Zk9vQmFyQmF6UXV4MTIzNDU2Nzg5MGFiY2RlZg",
}


@pytest.mark.parametrize("secret", SHAPED.values(), ids=SHAPED)
def test_secrets_are_known_by_their_shape_anywhere_in_a_text(secret):
    shown = MASKER.text(f"the answer was {secret}, try later")
    assert shown == f"the answer was {MASK}, try later" or "cut off" not in shown
    assert all(piece not in shown for piece in (secret, secret[6:], secret[-12:]))


@pytest.mark.parametrize(
    ("text", "canary"),
    [
        ("Authorization: Bearer canary-token-1", "canary-token"),
        ("authorization=Basic Y2FuYXJ5OmNhbmFyeQ==", "Y2FuYXJ5"),
        ("headers {'Authorization': 'Bot canary.token.123'}", "canary"),
        ("password=canarypass host=db", "canarypass"),
        ('{"client_secret": "canary value"}', "canary"),
        ("postgresql://belvedere:canarypass@db:5432/x", "canarypass"),
        ("smtp://u%40x:canary@mail.example", "canary"),
        ("GET https://discord.com/api/webhooks/12345/canaryToken failed", "canaryToken"),
        ("https://hooks.slack.com/services/T000/B000/canary", "canary"),
        ("https://api.telegram.org/bot123456:canary/sendMessage", "canary"),
        ("https://outlook.example/webhookb2/canary@x/IncomingWebhook/y", "canary"),
        ("https://x.example/?api_key=canary&page=2", "canary"),
        ("https://x.example/#access_token=canary", "canary"),
        ("mail for Anna.Canary@example.com bounced", "Canary"),
        ("To: <canary+tag@mail.example.co.uk>", "canary"),
        ("550 canary@localhost unknown", "canary"),
        ("SMTP_PASSWORD: canarypass", "canarypass"),
    ],
)
def test_secrets_are_known_by_what_stands_around_them(text, canary):
    assert canary not in MASKER.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Snapshot completed with 1,284 records in 1.3 s",
        "018f2f3a-1c7d-7c3a-9d2b-0a1b2c3d4e5f",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "a token bucket of 5",
        "the password was wrong",
        "basic settings",
        "sources.collect_endpoint_of_every_due_source_now",
        "open_rate < 15 % for Kaffeehaus Brandt",
    ],
)
def test_ordinary_text_stays(text):
    assert MASKER.text(text) == text


def test_an_address_keeps_its_digest_whatever_its_case():
    digest = MASKER.email("anna@example.com")
    assert digest.startswith("email:")
    assert MASKER.text("to Anna@Example.com") == f"to {digest}"
    assert Masker(b"other").email("anna@example.com") != digest


def test_fields_are_masked_by_their_name():
    for name in (
        "password",
        "X-API-Key",
        "refresh_token",
        "Authorization",
        "Set-Cookie",
        "client_secret",
        "webhook_url",
    ):
        assert is_secret_name(name)
        assert MASKER.value("plain", name) == MASK
    for name in ("tokens", "prompt_tokens", "token_count", "name", "passage", "author"):
        assert not is_secret_name(name)
    assert MASKER.value(5, "tokens") == 5
    assert MASKER.value(123456, "otp") == MASK


def test_structures_are_masked_in_their_depth():
    value = {
        "a": [{"password": "x"}, ("me@example.com",)],
        "b": b"\x00secret",
        "c": object,
        "me@example.com": 1,
    }
    masked = MASKER.value(value)
    assert masked["a"][0] == {"password": MASK}
    assert masked["a"][1][0].startswith("email:")
    assert masked["b"] == "<7 bytes>"
    assert "me@example.com" not in str(masked)
    loop: list[object] = []
    loop.append(loop)
    assert "…" in str(MASKER.value(loop))


def test_a_remembered_secret_is_masked_whatever_it_looks_like():
    masker = Masker(b"k")
    masker.remember("correct horse battery")
    masker.remember("short")
    assert masker.text("said: correct horse battery!") == f"said: {MASK}!"
    assert masker.text("short") == "short"


def test_a_long_text_is_cut_after_it_was_masked():
    shown = MASKER.text("x " * 3995 + SHAPED["discord bot"] + " y" * 9000)
    assert len(shown) == MAX_TEXT + 1
    assert "MTk4" not in shown


def test_an_address_keeps_its_host_path_and_the_names_of_its_query():
    assert redact_url("https://u:p@api.x.io:8443/v3/campaigns?limit=5&key=s#f") == (
        f"https://{MASK}@api.x.io:8443/v3/campaigns?limit={MASK}&key={MASK}"
    )
    assert redact_url("http://[::1") == MASK


@given(st.text(max_size=300))
def test_any_text_can_be_masked(text):
    assert isinstance(MASKER.text(text), str)
    assert isinstance(redact_url(text), str)


@given(
    st.from_regex(r"[a-zA-Z0-9._%+-]{1,20}@[a-z0-9-]{1,20}\.[a-z]{2,5}", fullmatch=True), st.text(max_size=20)
)
def test_no_address_survives(address, around):
    assert address not in MASKER.text(f"{around} {address} {around}")

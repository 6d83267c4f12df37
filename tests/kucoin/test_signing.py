"""The vectors are KuCoin's own, and that of its official library."""

import pytest

from chatbot.kucoin.signing import Credentials, sign

SECRET = "f03a5284-5c39-4aaa-9b20-dea10bdcf8e3"


def test_a_post_is_signed_as_in_kucoins_own_example() -> None:
    headers = sign(
        Credentials(key="k", secret=SECRET, passphrase="p"),
        1547015186532,
        "POST",
        "/api/v1/deposit-addresses",
        b'{"currency":"BTC"}',
    )
    assert headers["KC-API-SIGN"] == "7QP/oM0ykidMdrfNEUmng8eZjg/ZvPafjIqmxiVfYu4="
    assert headers["KC-API-TIMESTAMP"] == "1547015186532"


def test_the_passphrase_travels_signed() -> None:
    credentials = Credentials(key="k", secret=SECRET, passphrase="QWIxMjM0NTY3OCkoKiZeJSQjQA==")
    assert sign(credentials, 1, "GET", "/api/v1/accounts")["KC-API-PASSPHRASE"] == (
        "HFkKIy8cKfQF3Ognmbamq9Bd8VfYy3eUQj7uC8NvMes="
    )
    official = Credentials(key="k", secret="test_api_secret", passphrase="test_plain")
    assert official.signed_passphrase == "jie/gxS38wLFFaBwl/cAzFbAzlI8MIny96jSXrB+iP4="


def test_method_path_query_and_body_all_change_the_signature() -> None:
    credentials = Credentials(key="k", secret="s", passphrase="p")
    signatures = {
        sign(credentials, *request)["KC-API-SIGN"]
        for request in (
            (1, "GET", "/api/v1/a", b""),
            (2, "GET", "/api/v1/a", b""),
            (1, "DELETE", "/api/v1/a", b""),
            (1, "GET", "/api/v1/a?b=c", b""),
            (1, "GET", "/api/v1/a", b"{}"),
        )
    }
    assert len(signatures) == 5


def test_the_version_of_the_key_is_sent() -> None:
    for version in (2, 3):
        headers = sign(Credentials(key="k", secret="s", passphrase="p", version=version), 1, "GET", "/api/v1/a")
        assert headers["KC-API-KEY-VERSION"] == str(version)


def test_a_key_of_version_one_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2 and 3"):
        Credentials(key="k", secret="s", passphrase="p", version=1)


def test_credentials_show_nothing() -> None:
    credentials = Credentials(key="CANARY", secret="CANARY", passphrase="CANARY")
    for text in (repr(credentials), str(credentials), f"{credentials}"):
        assert "CANARY" not in text
        assert credentials.signed_passphrase not in text

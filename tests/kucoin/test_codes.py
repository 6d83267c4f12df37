import pytest

from chatbot.core.errors import (
    BadCredentials,
    ClockSkew,
    InsufficientBalance,
    KucoinError,
    RateLimited,
    Rejected,
    UnknownOrder,
)
from chatbot.core.market import Venue
from chatbot.kucoin.codes import Refusal, definite, quoted, unlisted


def refusal(code: str, message: str = "", venue: Venue = Venue.SPOT) -> Refusal:
    return Refusal(venue=venue, code=code, message=message, permission="Futures")


@pytest.mark.parametrize(
    ("code", "venue", "kind"),
    [
        ("200004", Venue.SPOT, InsufficientBalance),
        ("102421", Venue.SPOT, InsufficientBalance),
        ("200005", Venue.FUTURES, InsufficientBalance),
        ("300003", Venue.FUTURES, InsufficientBalance),
        ("102436", Venue.SPOT, UnknownOrder),
        ("100004", Venue.FUTURES, UnknownOrder),
        ("400002", Venue.FUTURES, ClockSkew),
        ("400003", Venue.SPOT, BadCredentials),
        ("400005", Venue.FUTURES, BadCredentials),
        ("600101", Venue.SPOT, Rejected),
        ("300000", Venue.FUTURES, Rejected),
        ("330011", Venue.FUTURES, Rejected),
    ],
)
def test_a_listed_code_becomes_its_own_error(code: str, venue: Venue, kind: type[KucoinError]) -> None:
    error = definite(refusal(code, venue=venue))
    assert type(error) is kind
    assert error.code == code
    assert str(error).startswith("KuCoin says ")
    assert str(error).endswith(f"({code}).")
    assert "{" not in str(error)


@pytest.mark.parametrize(
    ("code", "venue"),
    [
        ("102426", Venue.SPOT),
        ("300018", Venue.FUTURES),
        ("126044", Venue.SPOT),
        ("300000", Venue.SPOT),
        ("500000", Venue.SPOT),
        ("408000", Venue.FUTURES),
        ("230005", Venue.SPOT),
        ("126038", Venue.SPOT),
        ("404000", Venue.SPOT),
        ("300003", Venue.SPOT),
        ("102421", Venue.FUTURES),
        ("999999", Venue.SPOT),
        ("", Venue.SPOT),
    ],
)
def test_what_is_not_listed_for_that_host_proves_nothing(code: str, venue: Venue) -> None:
    assert definite(refusal(code, "whatever", venue)) is None


def test_one_code_means_two_things_on_the_two_hosts() -> None:
    assert "too many open orders" in str(definite(refusal("200003")))
    assert "no such contract" in str(definite(refusal("200003", venue=Venue.FUTURES)))
    assert "suspended" in str(definite(refusal("200002", "Cancellation is suspended")))
    for error in (
        definite(refusal("200002", "Too many requests in a short time")),
        definite(refusal("200002", "", Venue.FUTURES)),
    ):
        assert isinstance(error, RateLimited)
        assert error.retry_after.total_seconds() == 10


def test_the_refused_address_and_the_missing_permission_are_named() -> None:
    assert "203.0.113.9" in str(definite(refusal("400006", "The requested ip address 203.0.113.9 is not listed")))
    assert "2001:db8:0:1::9" in str(definite(refusal("400006", "ip 2001:db8:0:1::9 is not listed")))
    assert str(definite(refusal("400006", "not listed"))).endswith("from this address (400006).")
    assert "permission Futures" in str(definite(refusal("400007", "Access Denied")))


@pytest.mark.parametrize(
    ("code", "message", "kind", "words"),
    [
        ("400100", "Order size increment invalid.", Rejected, "size is not a whole increment"),
        ("400100", "Price increment invalid.", Rejected, "price is not a whole increment"),
        ("400100", "The quantity is below the minimum requirement.", Rejected, "below the minimum"),
        ("400100", "account.available.amount", InsufficientBalance, "not enough"),
        ("400100", "order_not_exist_or_not_allow_to_cancel", UnknownOrder, "no such order"),
        ("400100", "Unsupported trading pair.", Rejected, "no such symbol"),
        ("400100", "a text nobody has seen", Rejected, "a text nobody has seen"),
        ("100001", "error.getOrder.orderNotExist", UnknownOrder, "no such order"),
        ("100001", "symbol: may not be empty", Rejected, "a parameter is wrong"),
        ("order_not_exist", "", UnknownOrder, "no such order"),
    ],
)
def test_codes_of_many_meanings_are_told_apart_by_their_text(
    code: str, message: str, kind: type[KucoinError], words: str
) -> None:
    error = definite(refusal(code, message, Venue.FUTURES if code == "100001" else Venue.SPOT))
    assert type(error) is kind
    assert words in str(error)


def test_a_client_oid_used_before_is_no_refusal_for_its_order_may_exist() -> None:
    assert definite(refusal("400100", "validation.createOrder.clientOidDuplicated")) is None


def test_a_text_cannot_change_the_meaning_of_a_code_that_has_one() -> None:
    error = definite(refusal("200004", "the order does not exist"))
    assert isinstance(error, InsufficientBalance)


def test_foreign_words_are_cut_and_cleaned() -> None:
    assert quoted("a\u202eb\u200b\n<x>" + "y" * 500) == "ab<x>" + "y" * 115
    assert str(unlisted(refusal("777", "\n"))) == "KuCoin says: no, without a reason (777)."


@pytest.mark.parametrize("message", ["{0}", "{permission.__class__}", "%s {address!r} 1.2.3.4"])
def test_a_message_is_never_used_as_a_template(message: str) -> None:
    assert "Futures" not in str(definite(refusal("400006", message)))
    assert message in str(definite(refusal("400100", message)))

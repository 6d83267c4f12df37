from dataclasses import replace
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.chat.parsing_settings import EXAMPLES, KINDS, change
from chatbot.core.errors import UsageError
from chatbot.core.preferences import DEFAULT_VOLUMES, Kind, Preferences, Quiet, Volume
from chatbot.services.zones import Zones

SET = Preferences(zone=ZoneInfo("Asia/Tokyo"), quiet=Quiet(since=time(1), until=time(2)), digest_at=time(3))
ZONES = Zones()


def changed(text: str, before: Preferences = SET) -> Preferences:
    return change(text, ZONES.find)(before)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zone Europe/Berlin", replace(SET, zone=ZoneInfo("Europe/Berlin"))),
        ("ZONE new york", replace(SET, zone=ZoneInfo("America/New_York"))),
        ("zone off", replace(SET, zone=None)),
        ("quiet 22:00-07:00", replace(SET, quiet=Quiet(since=time(22), until=time(7)))),
        ("quiet 22.30 \u2013 7", replace(SET, quiet=Quiet(since=time(22, 30), until=time(7)))),
        ("quiet 22 to 7:15", replace(SET, quiet=Quiet(since=time(22), until=time(7, 15)))),
        ("quiet off", replace(SET, quiet=None)),
        ("digest 8", replace(SET, digest_at=time(8))),
        ("digest 08:05", replace(SET, digest_at=time(8, 5))),
        ("digest none", replace(SET, digest_at=None)),
        ("digest rings", replace(SET, volumes={**DEFAULT_VOLUMES, Kind.DIGEST: Volume.RINGS})),
        ("amounts hide", replace(SET, hides_amounts=True)),
        ("currency eur", replace(SET, currency="EUR")),
        ("currency none", SET),
        ("payments 0.5", replace(SET, pays_above=Decimal("0.5"))),
        ("payments 2 usdt", replace(SET, pays_above=Decimal(2))),
        ("payments never", SET),
        ("prices Silent", replace(SET, volumes={**DEFAULT_VOLUMES, Kind.PRICE: Volume.SILENT})),
        ("system off", replace(SET, volumes={**DEFAULT_VOLUMES, Kind.SYSTEM: Volume.OFF})),
    ],
)
def test_a_line_changes_one_thing(text: str, expected: Preferences) -> None:
    assert changed(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "quiet", "quiet 22", "quiet 22:00-22:00", "quiet 24-7", "quiet 22:60-7", "quiet 22-7-8"),
        "quiet \u0661-\u0662",
        *("digest", "digest noon", "digest 8am", "digest -1", "zone", "zone Europe/Berln", "zone ../etc/passwd"),
        *("currency", "currency euro bills", "currency 12", "payments", "payments 1e5", "payments -1", "payments 1,5"),
        *("amounts", "amounts maybe", "prices", "prices loud", "colour blue", "zone \x00", "\u202e"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_gets_a_sentence_and_an_example_that_works(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        changed(text)
    assert str(refused.value).endswith(".")
    example = refused.value.example
    assert example.startswith("/settings ")
    changed(example.removeprefix("/settings "))


@given(st.text(max_size=40), st.sampled_from([*EXAMPLES, *KINDS]))
def test_whatever_is_typed_is_read_or_refused_and_nothing_else(text: str, name: str) -> None:
    try:
        found = changed(f"{name} {text}")
    except UsageError:
        return
    assert isinstance(found, Preferences)


def test_a_digest_that_was_off_is_heard_again_with_its_hour() -> None:
    off = replace(SET, volumes={**DEFAULT_VOLUMES, Kind.DIGEST: Volume.OFF})
    assert changed("digest 8", off).reads_digest

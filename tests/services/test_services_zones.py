import pytest

from chatbot.services.zones import UnknownZone, Zones


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("  New   York ", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_a_zone_is_found_by_its_name_or_its_city(typed: str, name: str) -> None:
    assert Zones().find(typed).key == name


@pytest.mark.parametrize(("typed", "nearest"), [("Berln", "Europe/Berlin"), ("Europe/Londn", "Europe/London")])
def test_a_name_that_is_none_gets_those_nearest_to_it(typed: str, nearest: str) -> None:
    with pytest.raises(UnknownZone) as refused:
        Zones().find(typed)
    assert nearest in refused.value.nearest


@pytest.mark.parametrize("typed", ["", "/", "../../etc/passwd", "\x00", "x" * 5000])
def test_no_name_reaches_a_file(typed: str) -> None:
    with pytest.raises(UnknownZone):
        Zones().find(typed)

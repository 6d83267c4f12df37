"""Draws deploy/faults.md anew."""

from tests.cards.registry import write_page

write_page()

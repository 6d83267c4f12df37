"""The fault cards: what each breaks, and the tests that show what becomes of it.

A test named `test_f07_…` belongs to card F07 by its name; the others are listed here. `python -m tests.cards` draws
deploy/faults.md from this, from the tests' names and from the figures of the last whole sweep.
"""

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent
PAGE = _TESTS.parent / "deploy" / "faults.md"
MEASURED = Path(__file__).with_name("measured.json")
_BY_NAME = re.compile(r"test_f(\d\d)_")


@dataclass(frozen=True, slots=True)
class Card:
    """`tests` are names of functions; `left_out` says why there are none, or what of the fault is not tried."""

    fault: str
    tests: tuple[str, ...] = ()
    left_out: str = ""


CARDS: dict[str, Card] = {
    "F01": Card("kill -9 at every system call of four flows"),
    "F02": Card("dies between the intent and the bytes"),
    "F03": Card("power loss there", ("test_everything_that_was_said_to_be_written_is_there_after_a_kill",)),
    "F04": Card("dies after the exchange accepted"),
    "F05": Card("timeout after the exchange accepted", ("test_an_answer_that_never_comes_ends_with_the_deadline",)),
    "F06": Card(
        "accepted, and visible only later",
        ("test_an_order_that_shows_after_it_was_given_up_reopens_when_looked_for",),
    ),
    "F07": Card(
        "refused by a 404 or 5xx, and executed",
        ("test_an_order_with_an_answer_that_proves_nothing_is_sent_once_and_in_doubt",),
    ),
    "F08": Card(
        "filled at once, and the answer lost",
        ("test_an_instant_fill_with_a_lost_answer_is_executed_again_by_whoever_sends_again",),
    ),
    "F09": Card(
        "2 to 50 taps at once",
        ("test_fifty_taps_at_once_place_one_order", "test_many_taps_at_the_same_time_send_one_order"),
    ),
    "F10": Card("somebody else taps", ("test_nobody_else_may_tap_a_ticket_wherever_it_stands",)),
    "F11": Card("confirm and decline at once", ("test_of_confirm_and_cancel_exactly_one_wins",)),
    "F12": Card("a tap after the card's time", ("test_a_ticket_lives_to_the_millisecond",)),
    "F13": Card("the price ran away", ("test_a_price_that_ran_away_either_way_spends_the_card",)),
    "F14": Card("a tap from before an outage", ("test_after_an_outage_a_kill_is_honoured_and_a_resume_is_not",)),
    "F15": Card(
        "a kill while an order is sent", ("test_a_kill_while_the_clock_is_read_for_signing_lets_nothing_leave",)
    ),
    "F16": Card("balance or limits changed", ("test_a_balance_gone_between_card_and_tap_is_noticed",)),
    "F17": Card("a fill during a cancel", ("test_a_part_kept_by_a_cancel_is_told_as_it_is",)),
    "F18": Card("fills doubled or out of order", ("test_the_same_fill_told_twice_is_written_once",)),
    "F19": Card(
        "a cancel answered with no such order", ("test_a_cancel_too_late_says_that_there_is_nothing_to_cancel",)
    ),
    "F20": Card("429 and 1015", ("test_a_block_of_our_address_keeps_later_questions_back",)),
    "F21": Card(
        "the exchange is closed, or takes cancels only",
        ("test_while_orders_can_only_be_cancelled_they_can_be_cancelled",),
        left_out="nobody is told when it opens again",
    ),
    "F22": Card("HTML, nothing or no JSON", ("test_answers_of_no_use_are_no_answers",)),
    "F23": Card("a body cut short", ("test_every_fault_becomes_its_one_error_in_time_and_an_order_is_sent_once",)),
    "F24": Card("an answer in drops", ("test_every_fault_becomes_its_one_error_in_time_and_an_order_is_sent_once",)),
    "F25": Card("a huge body, a bomb, a deep one", ("test_a_gzip_bomb_never_gets_into_memory",)),
    "F26": Card("wrong types and names", ("test_every_field_of_a_wrong_type_is_told_or_ignored_but_never_a_crash",)),
    "F27": Card(
        "a redirect",
        ("test_every_fault_becomes_its_one_error_in_time_and_an_order_is_sent_once",),
        left_out="bad certificates and host names",
    ),
    "F28": Card("the key is revoked while the bot runs"),
    "F29": Card(
        "no name, no listener, no network",
        (
            "test_where_nobody_listens_provably_nothing_happened",
            "test_blindness_is_told_ever_more_rarely_and_its_end_once",
        ),
    ),
    "F30": Card(
        "a kept connection that was closed", ("test_questions_share_one_kept_connection_and_every_order_has_its_own",)
    ),
    "F31": Card("a clock two minutes off"),
    "F32": Card("a clock set while a card is open"),
    "F33": Card(
        "leap seconds, summer time, another zone",
        ("test_times_are_worded_in_the_zone_of_the_settings",),
        left_out="leap seconds, for Python's clocks have none; jobs run by spans in UTC, so no zone moves them",
    ),
    "F34": Card("Telegram says slow down", ("test_a_pause_asked_for_one_chat_leaves_the_others_alone",)),
    "F35": Card("Telegram's answer is lost", ("test_a_lost_acknowledgement_repeats_the_message_once_and_marked",)),
    "F36": Card("a second poller", ("test_three_conflicts_mean_that_somebody_else_holds_the_token",)),
    "F37": Card(
        "the bot's token is revoked",
        ("test_a_token_revoked_while_the_bot_runs_ends_it",),
        left_out="a second way to reach the owners: there is none",
    ),
    "F38": Card("the chat is closed to the bot", ("test_the_owners_are_told_once_that_a_chat_is_closed",)),
    "F39": Card("a group becomes a supergroup", ("test_a_group_that_moved_gets_its_message_once_at_the_new_place",)),
    "F40": Card("Telegram refuses a message", ("test_markup_that_is_refused_is_shown_plain_and_keeps_its_buttons",)),
    "F41": Card(
        "updates doubled, out of order, numbered anew",
        (
            "test_an_update_that_comes_again_is_not_handled_again",
            "test_numbers_that_begin_anew_after_a_silent_week_are_heard",
            "test_whatever_happens_in_whatever_order_what_is_promised_holds",
        ),
    ),
    "F42": Card("a second process", ("test_a_database_that_is_in_use_ends_with_4_and_names_who",)),
    "F43": Card("the feed is cut off", ("test_a_lost_connection_is_replaced_and_the_gap_is_told_once",)),
    "F44": Card("half a connection", ("test_a_half_open_connection_is_found_out_within_half_a_minute",)),
    "F45": Card(
        "the feed is silent",
        ("test_a_feed_whose_prices_stand_still_while_the_market_moves_is_begun_anew_within_a_minute",),
    ),
    "F46": Card("a quiet market", ("test_a_quiet_market_is_no_reason_to_reconnect",)),
    "F47": Card("news that step back", ("test_a_step_back_is_counted_and_dropped_also_over_two_conversations",)),
    "F48": Card("rubbish on the feed", ("test_garbage_is_counted_and_survived",)),
    "F49": Card(
        "a crossing inside a gap, or just at the level",
        (
            "test_a_crossing_that_no_tick_showed_is_told_late_with_its_minute",
            "test_a_price_just_at_the_level_fires_in_either_direction",
        ),
    ),
    "F50": Card("the disk is full"),
    "F51": Card("the disk may not be written", ("test_a_folder_that_is_not_there_ends_with_1_and_a_sentence",)),
    "F52": Card("the database is locked"),
    "F53": Card("damaged pages", ("test_flipped_bytes_are_noticed_and_left_as_they_are",)),
    "F54": Card("the disk fails at a sync"),
    "F55": Card("the machine slept", ("test_a_card_from_before_the_standstill_buys_nothing_after_it",)),
    "F56": Card(
        "SIGTERM",
        ("test_a_clean_stop_answers_what_came_leaves_nothing_half_sent_and_frees_the_database",),
        left_out="at each step: just after the tap, and while an answer is owed",
    ),
    "F57": Card(
        "an upgrade that is cut off",
        (
            "test_a_migration_killed_at_any_statement_is_done_or_was_never_begun",
            "test_a_newer_database_is_refused_and_left_as_it_is",
        ),
    ),
    "F58": Card("a backup is put back"),
    "F59": Card("what only looks like a number", ("test_nothing_outside_the_grammar_is_a_number",)),
    "F60": Card("hostile text", ("test_cutting_a_message_loses_nothing", "test_no_value_becomes_markup")),
    "F61": Card(
        "10,000 alerts on one tick",
        ("test_ten_thousand_firings_on_one_tick_are_each_stored_once_and_in_small_parts",),
    ),
    "F62": Card("a symbol is gone", ("test_an_instrument_that_is_gone_at_the_tap_is_refused",)),
    "F63": Card(
        "memory, sockets, a loop that hangs",
        left_out="no watchdog is built in: systemd restarts what ends, and F01 holds for whatever ends",
    ),
    "F64": Card(
        "all of it, at random",
        (
            "test_whatever_happens_in_whatever_order_what_is_promised_holds",
            "test_ten_times_as_much_happens_and_what_is_promised_holds",
        ),
        left_out="faults of the disk and of Telegram are not in the mix",
    ),
}


def all_tests() -> dict[str, list[str]]:
    """Every test function by its name: the files it stands in, from the project's folder."""
    found: dict[str, list[str]] = {}
    for path in sorted(_TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.setdefault(node.name, []).append(path.relative_to(_TESTS.parent).as_posix())
    return found


def shown_by(name: str, known: Iterable[str]) -> list[str]:
    """The card's tests, those that bear its number first."""
    numbered = sorted(test for test in known if (match := _BY_NAME.match(test)) and f"F{match[1]}" == name)
    return [*numbered, *CARDS[name].tests]


def page() -> str:
    known = all_tests()
    lines = [
        "# Faults, and what becomes of the promises",
        "",
        "Drawn by `python -m tests.cards` from the tests themselves; do not edit by hand. What is promised is checked",
        "over the database, the exchange's ledger and what Telegram took, by `tests/ledger.py`.",
        "",
        "| card | fault | tests | shown by | not tried |",
        "| --- | --- | ---: | --- | --- |",
    ]
    for name, card in CARDS.items():
        tests = shown_by(name, known)
        shown = "<br>".join(f"`{known[test][0]}::{test}`" for test in tests)
        lines.append(f"| {name} | {card.fault} | {len(tests)} | {shown} | {card.left_out} |")
    return "\n".join([*lines, "", *_sweep(), ""])


def _sweep() -> list[str]:
    figures: dict[str, dict[str, int]] = json.loads(MEASURED.read_text(encoding="utf-8"))
    lines = [
        "## The kill sweep, as last measured",
        "",
        "`python -m tests.benchmarks.sweep --write`: the process dies at a system call of the flow, the next one takes",
        "over, and two minutes later every promise is checked. The last line is a bot that sends again blindly what",
        "was on its way: it has to be caught.",
        "",
        "| card | runs | killed | violations |",
        "| --- | ---: | ---: | ---: |",
    ]
    return [*lines, *(f"| {n} | {f['runs']} | {f['killed']} | {f['violations']} |" for n, f in figures.items())]


def write_page() -> None:
    PAGE.write_text(page(), encoding="utf-8")

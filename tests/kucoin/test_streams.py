from datetime import UTC, datetime, timedelta

from chatbot.core.feed import Channel, FeedGap, Stream
from chatbot.core.market import Venue
from chatbot.kucoin.frames import Conversation, Terms
from chatbot.kucoin.streams import Session, StreamWatch

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PRICES = Stream(venue=Venue.SPOT, channel=Channel.PUBLIC)
TOPICS = [f"/market/ticker:S{number}" for number in range(400)]


def watched(topics: int) -> tuple[StreamWatch, list[Session]]:
    """All its connections are up."""
    watch = StreamWatch(PRICES)
    watch.want(frozenset(TOPICS[:topics]), NOON)
    for session in watch.sessions.values():
        watch.rose(session, 0.0)
    return watch, list(watch.sessions.values())


def at(seconds: float) -> datetime:
    return NOON + seconds * SECOND


def test_a_stream_is_down_from_the_moment_something_is_wanted_of_it() -> None:
    watch = StreamWatch(PRICES)
    assert watch.state(at).down_since is None
    watch.want(frozenset(TOPICS[:1]), NOON)
    assert watch.state(at).down_since == NOON
    (session,) = watch.sessions.values()
    watch.fell(session, "KuCoin cannot be reached.", NOON + SECOND, None)
    watch.rose(session, 5.0)
    state = watch.state(at)
    assert (state.down_since, state.reconnects, state.reason) == (None, 0, "KuCoin cannot be reached.")
    assert watch.gap(NOON) is None


def test_a_gap_is_told_once_and_begins_where_the_first_was_lost() -> None:
    watch, (one, two) = watched(400)
    watch.fell(one, "first", NOON + 2 * SECOND, NOON + 2 * SECOND)
    watch.fell(two, "second", NOON + SECOND, NOON + SECOND)
    watch.rose(one, 9.0)
    assert watch.gap(NOON + 9 * SECOND) is None
    assert watch.state(at).down_since == NOON + SECOND
    watch.rose(two, 10.0)
    until = NOON + 10 * SECOND
    assert watch.gap(until) == FeedGap(stream=PRICES, since=NOON + SECOND, until=until, reason="first")
    assert watch.gap(until) is None


def test_what_is_lost_later_does_not_shorten_the_gap() -> None:
    watch, (one, two) = watched(400)
    for session, seconds in ((one, 1), (two, 5)):
        watch.fell(session, "lost", at(seconds), at(seconds))
    for session in (one, two):
        watch.rose(session, 9.0)
    gap = watch.gap(at(9))
    assert gap is not None
    assert gap.since == at(1)


def test_failing_again_does_not_shorten_the_gap() -> None:
    watch, (session,) = watched(3)
    watch.fell(session, "lost", NOON, NOON)
    watch.fell(session, "refused", NOON + 50 * SECOND, None)
    watch.rose(session, 60.0)
    gap = watch.gap(NOON + 60 * SECOND)
    assert gap is not None
    assert (gap.since, gap.reason) == (NOON, "lost")


def test_what_is_no_longer_wanted_holds_up_no_gap() -> None:
    watch, (one, two) = watched(400)
    watch.fell(one, "lost", NOON, NOON)
    watch.want(two.topics, NOON)
    assert list(watch.sessions.values()) == [two]
    gap = watch.gap(NOON + SECOND)
    assert gap is not None
    assert gap.reason == "lost"


def test_what_is_new_holds_up_no_gap() -> None:
    watch, (one,) = watched(280)
    watch.fell(one, "lost", NOON, NOON)
    watch.want(frozenset(TOPICS), NOON)
    watch.rose(one, 1.0)
    assert watch.gap(NOON + SECOND) is not None
    assert watch.state(at).down_since == NOON


def test_a_change_reaches_the_conversation_that_is_under_way() -> None:
    watch, (session,) = watched(3)
    terms = Terms(stream=PRICES, ping_interval=18, ping_timeout=10, began=0, began_millis=1_772_366_400_000)
    session.conversation = Conversation(terms, watch.lines)
    session.conversation.want(session.topics)
    watch.want(frozenset(TOPICS[:3]), NOON)
    assert not session.bell.is_set()
    watch.want(frozenset(TOPICS[2:5]), NOON)
    assert session.bell.is_set()
    session.conversation.receive('{"type":"welcome"}', 1)
    (text,) = session.conversation.outgoing(1)
    assert "S2,S3,S4" in text


def test_what_was_heard_and_could_not_be_read_is_remembered() -> None:
    watch, (session,) = watched(3)
    terms = Terms(stream=PRICES, ping_interval=18, ping_timeout=10, began=0, began_millis=1_772_366_400_000)
    session.conversation = Conversation(terms, watch.lines)
    assert watch.state(at).heard_at is None
    session.conversation.receive('{"type":"welcome"}', 3)
    session.conversation.receive("junk", 4)
    assert (watch.state(at).heard_at, watch.state(at).garbage) == (NOON + 4 * SECOND, 1)
    watch.fell(session, "lost", NOON, NOON + 4 * SECOND)
    assert (watch.state(at).heard_at, watch.state(at).garbage) == (NOON + 4 * SECOND, 1)
    watch.want(frozenset(), NOON)
    assert (watch.state(at).topics, watch.state(at).down_since, watch.state(at).garbage) == (0, None, 1)


def test_only_a_conversation_that_goes_on_can_be_ended() -> None:
    session = Session(topics=frozenset(TOPICS[:1]), down_since=NOON)
    session.end("mute")
    assert session.ending == ""
    assert not session.bell.is_set()

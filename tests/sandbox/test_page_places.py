"""The page's list of chats, a group with topics, and what one place tells of another, in a real browser."""

from playwright.async_api import Locator, expect
from telegram import ForceReply, ReplyParameters

from chatbot.sandbox.telegram_groups import found_group, open_topic
from chatbot.sandbox.telegram_phone import Phone
from tests.sandbox.scenes import PEOPLE, Play, Scene

ANNA, BEN, _ = PEOPLE
ROOM = -1005


def _founded(scene: Scene) -> int:
    """The topic for alerts of the group that Anna and Ben are in."""
    found_group(scene.telegram, ROOM, "Team room", [ANNA.user, BEN.user], forum=True)
    return open_topic(scene.telegram, ROOM, "Alerts", ANNA.user)


def _chat(scene: Scene, title: str) -> Locator:
    return scene.page.locator(".chat", has_text=title)


async def _open_list(scene: Scene) -> None:
    await scene.page.get_by_role("button", name="All chats").click()


async def _enter(scene: Scene, title: str) -> None:
    await _open_list(scene)
    await _chat(scene, title).click()


def test_what_waits_in_another_chat_is_counted_until_it_is_read(play: Play) -> None:
    async def story(scene: Scene) -> None:
        page = scene.page
        _founded(scene)
        await scene.bot.send_message(ROOM, "Morning")
        await scene.bot.send_message(ROOM, "BTC crossed above 68,000\n68,012.4")
        await expect(page.get_by_role("button", name="All chats, 2 unread")).to_be_visible()
        await expect(page).to_have_title("(2) Desk")

        await _open_list(scene)
        await expect(_chat(scene, "Desk: BTC crossed above 68,000")).to_contain_text("2")
        await _chat(scene, "Desk: BTC").click()

        await expect(scene.bubble("68,012.4")).to_be_visible()
        await expect(page.get_by_role("button", name="All chats", exact=True)).to_be_visible()
        await expect(page).to_have_title("Desk")
        await scene.say("seen")
        await _open_list(scene)
        await expect(_chat(scene, "You: seen")).to_be_visible()

    play(story, echo=False)


def test_what_rang_blinks_and_what_came_silently_wears_a_struck_bell(play: Play) -> None:
    async def story(scene: Scene) -> None:
        badge = scene.page.locator("#elsewhere .badge")
        _founded(scene)
        await scene.bot.send_message(ROOM, "digest", disable_notification=True)
        await expect(badge).to_have_class("badge silent")
        await expect(badge.locator("svg")).to_be_visible()

        await scene.bot.send_message(ROOM, "alert")
        await expect(badge).to_have_class("badge rang")
        await expect(badge).to_have_text("2")
        await scene.bot.send_message(ROOM, "quiet", disable_notification=True)
        await expect(badge).to_have_text("3")
        await expect(badge).to_have_class("badge")

    play(story, echo=False)


def test_each_topic_shows_its_own_talk_and_answers_stay_in_it(play: Play) -> None:
    async def story(scene: Scene) -> None:
        page = scene.page
        topic = _founded(scene)
        await scene.bot.send_message(ROOM, "general talk")
        await scene.bot.send_message(ROOM, "BTC crossed", message_thread_id=topic)
        await _enter(scene, "Team room")
        await expect(scene.bubble("general talk")).to_be_visible()
        await expect(scene.bubble("BTC crossed")).to_have_count(0)

        await expect(page.get_by_role("tab", name="Alerts 1")).to_be_visible()
        await page.get_by_role("tab", name="General").focus()
        await page.keyboard.press("ArrowRight")

        await expect(page.get_by_role("tab", name="Alerts", selected=True)).to_be_focused()
        await expect(page.get_by_text("Anna opened the topic Alerts")).to_be_visible()
        await expect(scene.bubble("BTC crossed")).to_be_visible()
        await expect(scene.bubble("general talk")).to_have_count(0)
        await scene.say("/alerts")
        await expect(scene.bubble("/alerts")).to_be_visible()
        await expect(scene.bubble("/alerts").locator(".quote")).to_have_count(0)
        assert scene.telegram.messages(ROOM)[-1].thread_id == topic
        await scene.bot.send_chat_action(ROOM, "typing")
        await scene.bot.send_chat_action(ROOM, "upload_photo", message_thread_id=topic)
        await expect(page.get_by_label("The bot is sending a picture")).to_be_visible()

    play(story, echo=False)


def test_two_people_act_in_one_group_and_each_hears_of_the_other(play: Play) -> None:
    async def story(scene: Scene) -> None:
        page = scene.page
        _founded(scene)
        await _enter(scene, "Team room")
        await scene.say("/buy btc 100")
        await expect(page.locator(".people label", has_text="Viewer").locator("i")).to_be_visible()

        await scene.switch_to("Viewer")

        await expect(page.get_by_role("heading", name="Team room")).to_be_visible()
        await expect(scene.bubble("/buy btc 100").locator(".author")).to_have_text("Anna")
        await expect(page.locator(".people label", has_text="Viewer").locator("i")).to_be_hidden()
        await scene.switch_to("Stranger")
        await expect(page.get_by_text("You are Mallory")).to_be_visible()
        await expect(page.get_by_role("tab")).to_have_count(0)

    play(story, echo=False)


def test_a_question_to_one_person_opens_no_other_persons_line(play: Play) -> None:
    async def story(scene: Scene) -> None:
        _founded(scene)
        asked = Phone(scene.telegram, BEN.user, ROOM).write("/alert")
        prompt = ForceReply(selective=True, input_field_placeholder="68000 or +1%")
        await scene.bot.send_message(
            ROOM, "Which level?", reply_markup=prompt, reply_parameters=ReplyParameters(asked.id)
        )
        await _enter(scene, "Team room")
        await expect(scene.bubble("Which level?")).to_be_visible()
        await expect(scene.page.get_by_placeholder("68000 or +1%")).to_have_count(0)

        await scene.switch_to("Viewer")

        await expect(scene.page.get_by_placeholder("68000 or +1%")).to_be_focused()

    play(story, echo=False)


def test_the_list_is_walked_by_keyboard(play: Play) -> None:
    async def story(scene: Scene) -> None:
        _founded(scene)
        await scene.page.get_by_role("button", name="All chats").focus()
        await scene.page.keyboard.press("Enter")
        await expect(scene.page.get_by_label("Message", exact=True)).to_be_hidden()
        await scene.page.keyboard.press("Tab")
        await _chat(scene, "Team room").focus()
        await scene.page.keyboard.press("Enter")
        await expect(scene.page.get_by_role("tab", name="General")).to_be_visible()
        await expect(scene.page.get_by_label("Message", exact=True)).to_be_visible()

    play(story, echo=False)

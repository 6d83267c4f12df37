"""What the chat page shows and does, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.async_api import expect
from telegram import BotCommand, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from chatbot.sandbox.faults import Fault
from tests.sandbox.scenes import Play, Scene


def test_a_person_writes_taps_and_sees_the_card_change_in_place(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.page.get_by_role("button", name="Start").click()
        await expect(scene.bubble("heard /start")).to_be_visible()
        await expect(scene.page.get_by_text("You are Anna")).to_have_count(0)
        card = await scene.bubble("heard /start").get_attribute("id")

        await scene.key("Confirm").click()

        await expect(scene.page.get_by_role("status").filter(has_text="Sending")).to_be_visible()
        edited = scene.page.locator(f"#{card}")
        await expect(edited.locator("b")).to_have_text("68,013.6")
        await expect(edited).to_contain_text("edited")
        await expect(scene.key("Confirm")).to_have_count(0)
        assert len(scene.telegram.calls("answerCallbackQuery")) == 1

    play(story)


def test_each_tap_counts_and_shows_that_it_waits(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("/buy btc 100")
        await scene.telegram.until(lambda: scene.telegram.messages(11))
        buttons = [InlineKeyboardButton("Confirm", callback_data="go", style="success")]
        await scene.bot.send_message(11, "Ticket T-418", reply_markup=InlineKeyboardMarkup([buttons]))
        await scene.key("Confirm").dblclick()
        await expect(scene.key("Confirm")).to_have_attribute("aria-busy", "true")

        updates = await scene.bot.get_updates(offset=2, timeout=5)

        queries = [update.callback_query for update in updates]
        assert [query.data for query in queries if query] == ["go", "go"]
        for query in queries:
            assert query is not None
            await query.answer()
        await expect(scene.key("Confirm")).to_have_attribute("aria-busy", "false")

    play(story, echo=False)


def test_a_refusal_pops_up_until_it_is_read(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("/buy btc 100")
        await scene.key("Cancel").click()
        popup = scene.page.get_by_role("dialog")
        await expect(popup).to_contain_text("Only Ben can cancel.")

        await scene.page.keyboard.press("Enter")

        await expect(popup).to_be_hidden()

    play(story)


def test_people_see_their_own_chats_and_a_stranger_hears_nothing(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("from Anna")
        await expect(scene.bubble("heard from Anna")).to_be_visible()

        await scene.switch_to("Viewer")
        await expect(scene.page.get_by_text("You are Ben")).to_be_visible()
        await expect(scene.bubble("from Anna")).to_have_count(0)
        await scene.say("from Ben")
        await expect(scene.bubble("heard from Ben")).to_be_visible()

        await scene.switch_to("Stranger")
        await scene.say("let me in")
        await scene.switch_to("Owner")
        await scene.say("still there?")
        await expect(scene.bubble("heard still there?")).to_be_visible()
        assert [message.text for message in scene.telegram.messages(13)] == ["let me in"]

    play(story)


def test_a_fault_is_switched_on_and_off_and_never_overlooked(play: Play) -> None:
    async def story(scene: Scene) -> None:
        page = scene.page
        await page.get_by_role("button", name="Market and faults").click()
        await page.get_by_role("switch", name=Fault.LOST_ANSWER.value).click()
        banner = page.get_by_role("status").filter(has_text=Fault.LOST_ANSWER.value)
        await expect(banner).to_be_visible()
        assert Fault.LOST_ANSWER in scene.faults

        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Switch off").click()

        await expect(banner).to_be_hidden()
        assert Fault.LOST_ANSWER not in scene.faults

    play(story)


def test_a_price_is_pushed_with_one_click_and_told(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.page.get_by_role("button", name="Market and faults").click()
        row = scene.page.locator(".pushes li").filter(has_text="BTC")
        await row.get_by_role("button", name="\N{MINUS SIGN}1 %").click()
        await expect(scene.page.get_by_text("BTC-USDT trades at 66,738.2")).to_be_visible()

    play(story)


def test_formatting_becomes_elements_and_never_markup(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("<img src=x onerror=alert(1)>")
        text = (
            "<b>bold <i>both</i></b> &lt;u&gt;not&lt;/u&gt; 😀 <u>under</u>\n<pre>BTC  1\nETH 22</pre>\n"
            '<blockquote expandable>one\ntwo\nthree\nfour</blockquote>\n<a href="https://example.com/">site</a> '
            '<tg-spoiler>6,510.88</tg-spoiler> <tg-time unix="1772366400" format="D">March</tg-time>'
        )
        await scene.bot.send_message(11, text, parse_mode="HTML")
        card = scene.bubble("bold both")
        await expect(card.locator("b > i")).to_have_text("both")
        await expect(card.locator("u")).to_have_text("under")
        await expect(card.locator("pre")).to_have_text("BTC  1\nETH 22")
        assert "ETH 22one\ntwo" in (await card.text_content() or ""), "a block ends its own line"
        await expect(card.locator("a")).to_have_attribute("rel", "noopener noreferrer")
        await expect(card.locator("time", has_text="1 March 2026")).to_be_visible()
        await expect(card).to_contain_text("<u>not</u>")
        await card.get_by_role("button", name="Hidden text").click()
        await expect(card.locator(".spoiler")).to_have_class("spoiler shown")
        await card.get_by_role("button", name="Show all").click()
        await expect(card.locator("blockquote")).to_have_class("folded open")
        await expect(scene.page.locator("img")).to_have_count(0)

    play(story, echo=False)


def test_pictures_quotes_pins_typing_and_marks_are_shown(play: Play, png: Callable[[int, int], bytes]) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("/chart btc")
        await scene.telegram.until(lambda: scene.telegram.messages(11))
        sent = await scene.bot.send_photo(11, png(320, 180), caption="BTC 1h", disable_notification=True)
        picture = scene.page.get_by_role("img", name="BTC 1h")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("image => image.complete && image.naturalWidth") == 320
        await expect(scene.bubble("BTC 1h")).to_contain_text("Came without a sound")
        await scene.bot.send_message(11, "as asked", reply_parameters=ReplyParameters(1), protect_content=True)
        await expect(scene.bubble("as asked").locator(".quote")).to_contain_text("/chart btc")
        await expect(scene.bubble("as asked")).to_contain_text("Protected")
        await scene.bot.pin_chat_message(11, sent.message_id)
        await expect(scene.page.get_by_role("button", name="Pinned: BTC 1h")).to_be_visible()
        await scene.bot.set_message_reaction(11, 1, "👍")
        await expect(scene.bubble("/chart btc").first).to_contain_text("👍")
        await scene.bot.send_chat_action(11, "typing")
        await expect(scene.page.get_by_label("The bot is typing")).to_be_visible()
        await scene.bot.delete_message(11, sent.message_id)
        await expect(picture).to_have_count(0)

    play(story, echo=False)


def test_a_question_opens_the_reply_line(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("/alert")
        await scene.telegram.until(lambda: scene.telegram.messages(11))
        prompt = ForceReply(input_field_placeholder="68000 or +1%")
        question = await scene.bot.send_message(11, "Which level?", reply_markup=prompt)
        await expect(scene.page.get_by_placeholder("68000 or +1%")).to_be_focused()

        await scene.page.keyboard.type("68k")
        await scene.page.keyboard.press("Enter")

        await expect(scene.page.get_by_placeholder("68000 or +1%")).to_have_count(0)
        answer = await scene.telegram.until(lambda: scene.telegram.messages(11)[2:])
        assert answer[0].replies_to is not None
        assert (answer[0].text, answer[0].replies_to.id) == ("68k", question.message_id)

    play(story, echo=False)


def test_commands_are_chosen_by_keyboard(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("hi")
        await expect(scene.bubble("heard hi")).to_be_visible()
        names = ("price", "positions", "kill")
        await scene.bot.set_my_commands([BotCommand(name, f"about {name}") for name in names])
        text = scene.page.get_by_label("Message", exact=True)
        await expect(scene.page.get_by_role("button", name="Commands")).to_be_visible()
        await text.press_sequentially("/p")
        await expect(scene.page.get_by_role("option")).to_have_text(["/priceabout price", "/positionsabout positions"])
        await text.press("ArrowDown")
        await text.press("ArrowDown")
        await text.press("Enter")
        await expect(scene.bubble("heard /positions")).to_be_visible()
        await text.press_sequentially("/pr")
        await text.press("Tab")
        await expect(text).to_have_value("/price ")

    play(story)


def test_reading_history_is_not_disturbed(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("hi")
        await scene.telegram.until(lambda: scene.telegram.messages(11))
        for number in range(30):
            await scene.bot.send_message(11, f"line {number}.")
        await expect(scene.bubble("line 29.")).to_be_in_viewport()
        log = scene.page.get_by_role("log")
        await log.evaluate("log => log.scrollTo(0, 0)")

        await scene.bot.send_message(11, "newest")

        newer = scene.page.get_by_role("button", name="Go to the newest message")
        await expect(newer).to_contain_text("1")
        assert await log.evaluate("log => log.scrollTop") == 0
        await newer.click()
        await expect(scene.bubble("newest")).to_be_in_viewport()

    play(story, echo=False)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 568), (700, 900), (1280, 900)])
def test_nothing_is_wider_than_the_screen(play: Play, width: int, height: int) -> None:
    async def story(scene: Scene) -> None:
        await scene.say("x" * 200)
        await expect(scene.bubble("heard x")).to_be_visible()
        assert await scene.page.evaluate("document.documentElement.scrollWidth") == width
        log = scene.page.get_by_role("log")
        assert await log.evaluate("log => log.scrollWidth - log.clientWidth") == 0
        wide = width >= 900
        await expect(scene.page.get_by_role("switch").first).to_be_visible(visible=wide)

    play(story, width=width, height=height)

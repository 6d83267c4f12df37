"""How the page shows one message and what can be done with it, in a real browser."""

from collections.abc import Callable

from playwright.async_api import expect
from telegram import ForceReply, InputMediaPhoto, ReplyParameters

from tests.sandbox.scenes import Play, Scene

Png = Callable[[int, int], bytes]


async def _begun(scene: Scene, *, say: str = "hi") -> None:
    """Somebody has to write first, or the bot may not."""
    await scene.say(say)
    await scene.telegram.until(lambda: scene.telegram.messages(11))


def test_a_picture_is_seen_whole_and_changes_in_place(play: Play, png: Png) -> None:
    async def story(scene: Scene) -> None:
        page = scene.page
        await _begun(scene)
        await scene.bot.send_chat_action(11, "upload_photo")
        await expect(page.get_by_label("The bot is sending a picture")).to_be_visible()
        sent = await scene.bot.send_photo(11, png(800, 600), caption="BTC 4h")
        picture = page.get_by_role("img", name="BTC 4h")
        await expect(page.get_by_label("The bot is sending a picture")).to_be_hidden()
        await picture.click()
        await expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="Picture")).to_be_hidden()
        await expect(page.locator("img")).to_have_count(1)

        media = InputMediaPhoto(png(800, 500), caption="BTC 1h")
        await scene.bot.edit_message_media(media, 11, sent.message_id)

        changed = page.get_by_role("img", name="BTC 1h")
        await expect(changed).to_have_attribute("height", "500")
        await expect(picture).to_have_count(0)

    play(story, echo=False)


def test_escape_cancels_a_question_until_the_next_one(play: Play) -> None:
    async def story(scene: Scene) -> None:
        page = scene.page
        await _begun(scene, say="/alert")
        level = ForceReply(input_field_placeholder="68000 or +1%")
        await scene.bot.send_message(11, "Which level?", reply_markup=level)
        await expect(page.get_by_placeholder("68000 or +1%")).to_be_focused()
        await expect(page.locator("#answering")).to_contain_text("Which level?")

        await page.keyboard.press("Escape")
        await expect(page.locator("#answering")).to_be_hidden()
        await scene.bot.send_message(11, "something else")
        await expect(scene.bubble("something else")).to_be_visible()
        await expect(page.locator("#answering")).to_be_hidden()
        await scene.say("never mind")
        await expect(scene.bubble("never mind")).to_be_visible()
        assert scene.telegram.messages(11)[-1].replies_to is None

        note = ForceReply(input_field_placeholder="a note")
        asked = await scene.bot.send_message(11, "Which note?", reply_markup=note)
        await expect(page.get_by_placeholder("a note")).to_be_focused()
        await scene.bot.delete_message(11, asked.message_id)
        await expect(page.locator("#answering")).to_be_hidden()

    play(story, echo=False)


def test_any_message_can_be_answered(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await _begun(scene)
        card = await scene.bot.send_message(11, "Ticket T-1")
        await scene.bubble("Ticket T-1").locator(".text").dblclick()
        await expect(scene.page.locator("#answering")).to_contain_text("Ticket T-1")
        await scene.say("why?")
        await expect(scene.bubble("why?").locator(".quote")).to_contain_text("Ticket T-1")
        await expect(scene.page.locator("#answering")).to_be_hidden()
        answered = scene.telegram.messages(11)[-1].replies_to
        assert answered is not None
        assert answered.id == card.message_id

    play(story, echo=False)


def test_a_quote_leads_to_what_it_answers(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await _begun(scene, say="first of all")
        for number in range(30):
            await scene.bot.send_message(11, f"line {number}.")
        await scene.bot.send_message(11, "as asked", reply_parameters=ReplyParameters(1))
        await expect(scene.bubble("as asked")).to_be_in_viewport()
        await expect(scene.page.locator("#m1")).not_to_be_in_viewport()
        await scene.page.locator(".quote").click()
        await expect(scene.page.locator("#m1")).to_be_in_viewport()

    play(story, echo=False)


def test_an_example_is_copied_by_a_tap_or_by_enter(play: Play) -> None:
    async def story(scene: Scene) -> None:
        page = scene.page
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await _begun(scene)
        text = "Try <code>/alert BTC &gt; 68000</code>\n<pre>/buy BTC 100usdt</pre>"
        await scene.bot.send_message(11, text, parse_mode="HTML")
        await page.get_by_role("button", name="/alert BTC > 68000").click()
        await expect(page.get_by_text("Copied")).to_be_visible()
        assert await page.evaluate("navigator.clipboard.readText()") == "/alert BTC > 68000"
        await page.get_by_role("button", name="/buy BTC 100usdt").press("Enter")
        await page.wait_for_function("navigator.clipboard.readText().then(text => text === '/buy BTC 100usdt')")

    play(story, echo=False)


def test_moments_are_told_in_the_zone_of_the_phone(play: Play) -> None:
    async def story(scene: Scene) -> None:
        phone = await scene.page.context.new_cdp_session(scene.page)
        await phone.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
        await _begun(scene)
        text = 'at <tg-time unix="1772366400" format="t">12:00 UTC</tg-time>'
        await scene.bot.send_message(11, text, parse_mode="HTML")
        moment = scene.bubble("at ").locator(".text time")
        await expect(moment).to_have_text("21:00")
        await expect(moment).to_have_attribute("title", "12:00 UTC")

    play(story, echo=False)


def test_a_deleted_message_shrinks_away(play: Play) -> None:
    shrinks = "item.getAnimations().some(one => one.effect.getKeyframes()[0].height)"
    told = f"new MutationObserver(() => resolve({shrinks})).observe(item, {{ attributes: true }})"

    async def story(scene: Scene) -> None:
        await scene.page.emulate_media(reduced_motion="no-preference")
        await _begun(scene)
        sent = await scene.bot.send_message(11, "prompt of a wizard")
        gone = scene.bubble("prompt of a wizard")
        await expect(gone).to_be_visible()
        shrinking = await gone.evaluate_handle(f"item => ({{ seen: new Promise(resolve => {told}) }})")
        await scene.bot.delete_message(11, sent.message_id)
        assert await shrinking.evaluate("held => held.seen") is True
        await expect(gone).to_have_count(0)
        await expect(scene.bubble("hi")).to_be_visible()

    play(story, echo=False)


def test_the_newest_message_stays_in_sight_when_a_question_takes_its_room(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await _begun(scene)
        for number in range(30):
            await scene.bot.send_message(11, f"line {number}.")
        await scene.bot.send_message(11, "Which level?", reply_markup=ForceReply())
        await expect(scene.page.locator("#answering")).to_be_visible()
        await expect(scene.bubble("Which level?").locator(".bubble")).to_be_in_viewport(ratio=1)

    play(story, echo=False)

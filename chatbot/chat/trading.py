"""Handlers of /buy, /sell, /orders, /cancel and the buttons of a ticket."""

from dataclasses import replace

from chatbot.chat import parsing, words
from chatbot.chat.messages import RUN, Message, Reply, Tap
from chatbot.chat.parsing_options import order_line
from chatbot.chat.views import orders as views
from chatbot.core.errors import Killed, Refused
from chatbot.core.modes import TradingMode
from chatbot.core.notices import Button, Subject
from chatbot.core.numbers import plain
from chatbot.core.orders import AmountKind, Draft, OrderTicket, Side, TicketState
from chatbot.core.people import Role
from chatbot.services.cancelling import Cancelling
from chatbot.services.trading import Asking, Trading

_ALL = "all"


class TradingHandlers:
    def __init__(self, *, trading: Trading, cancelling: Cancelling, mode: TradingMode) -> None:
        self._trading = trading
        self._cancelling = cancelling
        self._mode = mode

    async def buy(self, message: Message) -> Reply:
        return await self._propose(Side.BUY, message)

    async def sell(self, message: Message) -> Reply:
        return await self._propose(Side.SELL, message)

    async def buy_tap(self, tap: Tap) -> Reply:
        return Reply(runs=f"/buy {tap.argument}")

    async def sell_tap(self, tap: Tap) -> Reply:
        return Reply(runs=f"/sell {tap.argument}")

    async def decline(self, tap: Tap) -> Reply:
        ticket = self._trading.decline(int(tap.argument), tap.person, tap.card_id)
        return Reply(toast=f"{ticket.name} cancelled, nothing was sent.")

    async def requote(self, tap: Tap) -> Reply:
        return _card(await self._again(tap))

    async def check(self, tap: Tap) -> Reply:
        ticket = await self._trading.check(int(tap.argument))
        if ticket.state in (TicketState.UNKNOWN, TicketState.NOT_PLACED):
            return Reply(toast=f"{ticket.name} is still not found.")
        return Reply(toast=f"{ticket.name} was found.")

    async def orders(self, message: Message) -> Reply:
        return await self._orders(message.person.role)

    async def orders_tap(self, tap: Tap) -> Reply:
        reply = await self._orders(tap.person.role)
        is_list = tap.letter.subject is None
        return Reply(text=reply.text, buttons=reply.buttons, edit=is_list)

    async def cancel(self, message: Message) -> Reply:
        reference = message.text.strip()
        if not reference:
            return await self._orders(message.person.role)
        if reference.lower() == _ALL:
            return views.all_cancelled(await self._cancelling.cancel_all(), self._mode)
        return Reply(text=views.cancelled(await self._cancelling.cancel(reference), self._mode))

    async def cancel_tap(self, tap: Tap) -> Reply:
        if tap.argument == views.ELSEWHERE:
            return views.all_cancelled(await self._cancelling.cancel_elsewhere(), self._mode)
        order = await self._cancelling.cancel(tap.argument)
        if tap.letter.subject is Subject.TICKET:
            name = self._trading.ticket(tap.letter.subject_id).name
            return Reply(toast=views.cancelled_in_short(order, name), popup=order.active)
        return await self.orders_tap(tap)

    async def _propose(self, side: Side, message: Message) -> Reply:
        asked = f"/{side.value} {message.text}"
        asking = Asking(person=message.person, chat_id=message.chat_id, update_id=message.update_id, asked=asked)
        draft = parsing.order(side, message.text)
        try:
            return _card(await self._trading.propose(draft, asking))
        except Killed:
            raise
        except Refused as error:
            if not _means_money(draft):
                raise
            return _in_money(error, draft, message)

    async def _again(self, tap: Tap) -> OrderTicket:
        """The line the person typed, priced anew: for the one who taps."""
        old = self._trading.ticket(int(tap.argument.partition(" ")[0]))
        draft = parsing.order(old.spec.side, old.asked.partition(" ")[2])
        asking = Asking(person=tap.person, chat_id=tap.chat_id, update_id=tap.update_id, asked=old.asked)
        return await self._trading.propose(draft, asking)

    async def _orders(self, role: Role) -> Reply:
        orders = await self._cancelling.open_orders()
        names = self._cancelling.tickets_of(orders)
        return views.orders(orders, names, self._mode, may_cancel=role >= Role.TRADER)


def _means_money(draft: Draft) -> bool:
    """Who types `/buy btc 100` mostly means a hundred dollars."""
    return draft.side is Side.BUY and draft.amount.kind is AmountKind.BASE and draft.amount.value >= 1


def _in_money(error: Refused, draft: Draft, message: Message) -> Reply:
    """The refusal, and the line that may have been meant as a button: it makes a ticket, as every such line."""
    in_money = replace(
        draft, word=draft.word.upper(), amount=replace(draft.amount, kind=AmountKind.IN_UNIT, unit="usdt")
    )
    hint = f" A bare number counts coins; /{order_line(in_money)} spends USDT."
    refused = Refused(f"{error}{hint}", aloud=f"{error.aloud}{hint}")
    button = Button(text=f"Buy for {plain(draft.amount.value)} USDT", action=f"{RUN} /{order_line(in_money)}")
    return replace(words.failure(refused, message), buttons=((button,),))


def _card(ticket: OrderTicket) -> Reply:
    return Reply(subject=Subject.TICKET, subject_id=ticket.id, protected=True)

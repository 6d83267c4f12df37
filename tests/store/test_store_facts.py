from datetime import datetime, timedelta

from chatbot.store.store import Store


def test_a_fact_is_remembered_until_another_takes_its_place(store: Store, clock: list[datetime]) -> None:
    assert store.facts.get("uid") is None
    store.facts.set("uid", "1")
    clock[0] += timedelta(hours=1)
    store.facts.set("uid", "2")
    store.facts.set("rights", "Spot")
    assert (store.facts.get("uid"), store.facts.get("rights")) == ("2", "Spot")
    times = "SELECT name, at FROM facts ORDER BY name"
    assert [at[11:13] for _, at in store.db.conn.execute(times)] == ["12", "12"]


def test_a_fact_falls_with_its_transaction(store: Store) -> None:
    try:
        with store.atomic():
            store.facts.set("uid", "1")
            raise RuntimeError
    except RuntimeError:
        pass
    assert store.facts.get("uid") is None

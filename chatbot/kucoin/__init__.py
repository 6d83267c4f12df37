"""The signed KuCoin service: the only room that knows its wire format.

One call goes: `market`, `account` or `orders` names an endpoint → `rest` waits for the
pool, signs, sends and judges the answer → `schemas` turns it into core values. What
comes out is a value of `core` or exactly one error of `core.errors`.
"""

"""A KuCoin and a Telegram on this machine, speaking the real protocols.

The demo, paper mode and the tests run the production bot against these servers, so
they refuse whatever the real ones would refuse. Rules are pure (`exchange.py`); the
faces over HTTP only translate.
"""

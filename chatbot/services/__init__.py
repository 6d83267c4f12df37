"""What the bot does: it asks the exchange, lets `core` decide, and writes down what came of it.

Services hand out core values and write letters into the outbox; how anything is worded
or drawn is none of their business.
"""

"""`chatbot`, and `python -m chatbot`."""

import gc
import sys

gc.disable()  # nothing that is imported is garbage: looking for some meanwhile takes a tenth of the start

from chatbot.cli import main  # noqa: E402 - the line above is about this one

gc.freeze()
gc.enable()

if __name__ == "__main__":
    sys.exit(main())

"""sqlite-utils, without what it imports for data frames wherever it is installed: numpy comes with the charts.

It would cost every start 0.15 seconds, and the bot 16 MB.
"""

import importlib
import sys
from types import ModuleType

# An import of what stands there as None fails, says Python; mypy knows no None there.
_modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
_hidden = [name for name in ("numpy", "pandas") if name not in _modules]
_modules.update(dict.fromkeys(_hidden))
importlib.import_module("sqlite_utils")
for _name in _hidden:
    del _modules[_name]

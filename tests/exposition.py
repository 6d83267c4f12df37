"""A strict reader of Prometheus' text format: what it takes, every scraper takes."""

import re

_HELP = re.compile(r"# HELP (chatbot_[a-z_]+) [A-Z0-9][^\\\n]*\.")
_TYPE = re.compile(r"# TYPE (chatbot_[a-z_]+) (gauge|counter)")
_SAMPLE = re.compile(r"(chatbot_[a-z_]+)(\{[^{}]*\})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)")
_LABELS = re.compile(r'\{[a-z]+="[a-z_]+"(,[a-z]+="[a-z_]+")*\}')


def parsed(text: str) -> dict[str, float]:
    """Each sample by its name and labels. Raises AssertionError for whatever the format does not allow."""
    assert text.endswith("\n")
    samples: dict[str, float] = {}
    described, typed = "", {"": ""}
    for line in text.removesuffix("\n").split("\n"):
        if found := _HELP.fullmatch(line):
            described = found[1]
            assert described not in typed, f"described twice: {line}"
        elif found := _TYPE.fullmatch(line):
            assert found[1] == described, f"no help before: {line}"
            typed[described] = found[2]
        else:
            _take(line, described, typed, samples)
    assert {name.partition("{")[0] for name in samples} == typed.keys() - {""}, "a family without a sample"
    return samples


def _take(line: str, family: str, typed: dict[str, str], samples: dict[str, float]) -> None:
    found = _SAMPLE.fullmatch(line)
    assert found, f"no line of the format: {line!r}"
    name, labels, value = found.groups()
    assert name == family, f"outside its family: {line}"
    assert name.endswith("_total") == (typed[family] == "counter"), f"a counter by name or by type: {line}"
    assert labels is None or _LABELS.fullmatch(labels), f"labels: {line}"
    assert name + (labels or "") not in samples, f"told twice: {line}"
    samples[name + (labels or "")] = float(value)

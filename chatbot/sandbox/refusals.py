"""How the sandbox's exchange says no: KuCoin's code, its text and the HTTP status that carries them."""


class Refusal(Exception):
    """A request that was not carried out. Business refusals travel with HTTP 200, as the real ones do."""

    def __init__(self, code: str, text: str, status: int = 200) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.status = status

"""The tokens of expressions and filters, with their positions, and errors that point to a position."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from cellgraph.errors import ParameterError

Kind = Literal["name", "number", "text", "sign", "end"]

_WORD = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<name>[^\W\d]\w*)
      | `(?P<quoted>[^`]+)`
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<sign><=|>=|<>|!=|==|[-+%<>=(),.\[\]])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A token: its kind, its text (without quotes), and where it begins.

    Attributes
    ----------
    quoted : bool
        Whether a name was between backticks, so that it is a column, whatever its text.
    """

    kind: Kind
    value: str
    place: int
    quoted: bool = False

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(self.value)


@dataclass
class Reader:
    """Reads the tokens of a text one by one.

    Parameters
    ----------
    text : str
        What the user wrote.
    what : str
        What it is, for messages: ``expression`` or ``filter``.

    Raises
    ------
    ParameterError
        From every method, if the text does not parse; the message points to the place.
    """

    text: str
    what: str

    def __post_init__(self) -> None:
        self._tokens = self._split()
        self._next = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._next]

    def is_at_end(self) -> bool:
        """Return whether everything was read."""
        return self.token.kind == "end"

    def take(self) -> Token:
        """Return the next token, and advance."""
        token = self.token
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def accept(self, *values: str) -> Token | None:
        """Return the next token and advance if it is one of these signs or words (case-insensitive)."""
        token = self.token
        if token.kind in ("sign", "name") and not token.quoted and token.value.lower() in values:
            return self.take()
        return None

    def expect(self, value: str) -> Token:
        """Return the next token and advance; it must be this one."""
        return self.accept(value) or self.fail(f"expected {value!r}, got {self.token}")

    def fail(self, why: str, at: Token | None = None) -> NoReturn:
        """Raise an error that points to a token, by default the next one."""
        place = (at or self.token).place
        raise ParameterError(f"the {self.what} cannot be used: {why}\n    {self.text}\n    {' ' * place}^")

    def _split(self) -> list[Token]:
        tokens: list[Token] = []
        place = 0
        while found := _WORD.match(self.text, place):
            kind = found.lastgroup or ""
            value, start = found[kind], found.start(kind)
            place = found.end()
            if kind == "quoted":
                tokens.append(Token("name", value, start - 1, quoted=True))
            elif kind == "text":
                tokens.append(Token("text", value[1:-1].replace(value[0] * 2, value[0]), start))
            else:
                tokens.append(Token(kind, value, start))  # type: ignore[arg-type]
        rest = self.text[place:]
        if rest.strip():
            place += len(rest) - len(rest.lstrip())
            wrong = Token("sign", self.text[place], place)
            if wrong.value in "'\"`":
                self.fail(f"the {wrong.value} that begins here is never closed", wrong)
            self.fail(f"unexpected {wrong}", wrong)
        return [*tokens, Token("end", "", len(self.text.rstrip()))]

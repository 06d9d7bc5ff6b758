"""One setting of an edit, as data: what it is called, what it can be, where it stands; and the check of a value."""

from dataclasses import dataclass
from enum import Enum
from numbers import Integral, Real
from typing import Any

from pix2pix.errors import InvalidRequest

Value = int | float | bool | str


class DefaultFrom(Enum):
    """Where the value of a setting comes from that a request leaves open."""

    CHECKPOINT = "the model's own"
    CHANCE = "drawn"
    TABLE = "always the same"


class Place(Enum):
    """The row of the page in which a setting stands, in this order."""

    AMOUNT = "How much changes"
    WHERE = "Where it changes"
    FINENESS = "How fine it is drawn"
    CHANCE = "Chance"
    RESULT = "The result"


@dataclass(frozen=True)
class Setting:
    """One setting of an edit.

    Attributes:
        kind: ``int``, ``float``, ``bool``, or ``str`` for one of ``choices``.
        label: what the page calls it.
        subject: what a sentence about it begins with.
        help: one sentence on what it does.
        flag: of the command line.
        place: where it stands on the page.
        bounds: the smallest and the largest value; ``None`` for what is no number.
        step: what one notch of its slider moves; 0 where a slider makes no sense.
        default_from: where its value comes from if it is left open.
        default: the value that then stands in the request; ``None`` unless the default comes from this table.
        choices: all that it can be, where it is one of a few words.
        missing: what a receipt means that does not name it; ``default`` unless an older version did otherwise.
        name: the field of ``EditRequest``; also what endpoints and receipts call it.
    """

    kind: type[Value]
    label: str
    subject: str
    help: str
    flag: str
    place: Place
    bounds: tuple[float, float] | None = None
    step: float = 0
    default_from: DefaultFrom = DefaultFrom.TABLE
    default: Value | None = None
    missing: Value | None = None
    choices: tuple[str, ...] = ()
    name: str = ""

    @property
    def values(self) -> str:
        """What it can be, in words: "a whole number from 1 to 150"."""
        if self.choices:
            return f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
        if self.bounds is None:
            return "on or off"
        low, high = self.bounds
        return f"a whole number from {low} to {high}" if self.kind is int else f"a number from {low:g} to {high:g}"

    @property
    def explained(self) -> str:
        """Its help with the values it can have."""
        return f"{self.help.rstrip('.')} ({self.values})."

    def checked(self, value: Any) -> Value | None:
        """``value`` as a plain number, switch or word; ``None`` stays, where the value may be left open.

        Raises:
            InvalidRequest: it is of the wrong kind or out of its range.
        """
        if value is None and self.default is None:
            return None
        if self.bounds is None:
            if value in self.choices if self.choices else isinstance(value, bool):
                return value  # type: ignore[no-any-return]  # it was just looked at
        elif _is_number(value, self.kind):
            low, high = self.bounds
            if low <= value <= high:  # false for NaN, too
                return self.kind(value)  # numbers of other libraries become plain ones
        raise InvalidRequest(f"{self.subject} must be {self.values}.")


def _is_number(value: Any, kind: type[Value]) -> bool:
    return isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool)

"""Money: Decimal in the account's currency, or whole minor units; never a float. Rounding is half to even."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from belvedere.core.currencies import CURRENCIES, EXPONENTS, SYMBOL_CURRENCIES
from belvedere.core.numerals import EXACT, exact, parse_quantity, refuse


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in units of its currency (not cents)."""

    amount: Decimal
    currency: str

    @property
    def minor(self) -> int:
        return to_minor(self.amount, self.currency)


def check_currency(code: str, *, pointer: str = "") -> str:
    """The code in capitals; raises Invalid when ISO 4217 does not know it."""
    upper = code.strip().upper()
    if upper not in CURRENCIES:
        refuse(
            f"“{code}” is not a currency code. Use one like EUR or USD",
            code="unknown_currency",
            pointer=pointer,
        )
    return upper


def minor_digits(currency: str) -> int:
    """How many digits the minor unit takes: 2 for EUR, 0 for JPY, 3 for KWD."""
    return EXPONENTS.get(check_currency(currency), 2)


def round_money(amount: Decimal | int, currency: str) -> Decimal:
    """To the minor unit, half to even, so that many roundings do not drift upward."""
    step = Decimal(1).scaleb(-minor_digits(currency))
    return exact(amount).quantize(step, rounding=ROUND_HALF_EVEN, context=EXACT)


def to_minor(amount: Decimal | int, currency: str) -> int:
    """Whole minor units (cents); parts of a cent are rounded half to even."""
    return int(round_money(amount, currency).scaleb(minor_digits(currency), context=EXACT))


def from_minor(minor: int, currency: str) -> Decimal:
    """Minor units back to an amount with the currency's digits; exact."""
    return exact(minor).scaleb(-minor_digits(currency), context=EXACT)


def parse_money(text: str, currency: str | None = None, *, pointer: str = "") -> Money:
    """`$40` with currency USD, `1,200.50 EUR`, `40` with a currency. Raises Invalid when unclear or too fine.

    A typed sign or code must fit `currency`; without one the text must name its currency beyond doubt.
    """
    quantity = parse_quantity(text, pointer=pointer)
    if quantity.unit == "%":
        refuse(f"“{text}” is a percent; an amount of money is wanted here", code="not_money", pointer=pointer)
    wanted = check_currency(currency, pointer=pointer) if currency is not None else None
    code = _settle_currency(text, quantity.unit, wanted, pointer)
    if round_money(quantity.value, code) != quantity.value:
        digits = minor_digits(code)
        refuse(f"{code} has {digits} decimals; “{text}” has more", code="too_many_decimals", pointer=pointer)
    return Money(round_money(quantity.value, code), code)


def _settle_currency(text: str, unit: str, wanted: str | None, pointer: str) -> str:
    candidates = SYMBOL_CURRENCIES.get(unit) or (
        frozenset({check_currency(unit, pointer=pointer)}) if unit else None
    )
    if candidates is None:
        if wanted is None:
            refuse(
                f"“{text}” does not say its currency. Write it like 40 EUR",
                code="currency_missing",
                pointer=pointer,
            )
        return wanted
    if wanted is None:
        if len(candidates) > 1:
            refuse(
                f"“{unit}” stands for several currencies. Write it like 40 USD",
                code="currency_missing",
                pointer=pointer,
            )
        return next(iter(candidates))
    if wanted not in candidates:
        refuse(
            f"“{text}” is not in {wanted}, the currency of this account",
            code="wrong_currency",
            pointer=pointer,
        )
    return wanted

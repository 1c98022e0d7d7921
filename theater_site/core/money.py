"""Exact money with its currency (ISO 4217), and the columns that store it.

An amount has at most the decimals of its currency: 2 for EUR, none for JPY, 3 for KWD. Functions that round say so. They
round half up, away from zero: 0.125 EUR becomes 0.13 EUR, -0.125 EUR becomes -0.13 EUR.

A model keeps money in two columns: the whole number of minor units (cents), and the currency. A DecimalField would not
do: SQLite stores and sums it as a binary fraction.

    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    price = MoneyPair("price_minor", "currency")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from typing import Any, overload

from theater_site.core.errors import Invalid

# The currencies of ISO 4217 in use, without funds, metals and testing codes.
_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD
IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG
XOF XPF YER ZAR ZMW ZWG
"""
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
# Code to number of decimals.
CURRENCIES: dict[str, int] = {
    code: 0 if code in _WITHOUT_DECIMALS else 3 if code in _WITH_THREE else 2 for code in _CODES.split()
}
CURRENCY_CHOICES = [(code, code) for code in CURRENCIES]

# Below the largest BIGINT, and above every sum of real prices.
_LARGEST = 10**17
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])


def exponent_of(currency: str) -> int:
    """The number of decimals of `currency` (an ISO 4217 code in upper case). Raises Invalid (`unknown_currency`)."""
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise Invalid(
            f"{currency!r} is not a currency in use. Give an ISO 4217 code, such as EUR.",
            code="unknown_currency",
            field="currency",
        ) from None


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency.

    Raises Invalid: `bad_amount` for more decimals than the currency has, for infinity and NaN, and beyond 10**17 minor
    units; `unknown_currency`. Adding, subtracting and comparing two currencies raises Invalid (`mixed_currencies`).
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        places = exponent_of(self.currency)
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"an amount is a Decimal, not {type(self.amount).__name__}")
        if not self.amount.is_finite():
            raise Invalid("An amount must be a finite number.", code="bad_amount")
        try:
            amount = self.amount.quantize(Decimal(1).scaleb(-places), context=_EXACT)
        except (Inexact, InvalidOperation):
            decimals = f"{places} decimals" if places else "no decimals"
            raise Invalid(
                f"{self.amount} is not an amount of {self.currency}, which has {decimals}.", code="bad_amount"
            ) from None
        if abs(amount.scaleb(places)) > _LARGEST:
            raise Invalid("This amount is too large.", code="bad_amount")
        # Minus zero is zero.
        object.__setattr__(self, "amount", amount or abs(amount))

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Money:
        """From minor units (cents, fils, yen): Money.of_minor(1250, "EUR") is 12.50 EUR."""
        return cls(Decimal(minor).scaleb(-exponent_of(currency), _EXACT), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    @classmethod
    def rounded(cls, amount: Decimal | Fraction, currency: str) -> Money:
        """The nearest amount of the currency. Halfway values are rounded away from zero."""
        exact = Fraction(amount) * 10 ** exponent_of(currency)
        whole, rest = divmod(abs(exact.numerator), exact.denominator)
        minor = whole + (2 * rest >= exact.denominator)
        return cls.of_minor(-minor if exact < 0 else minor, currency)

    @classmethod
    def total(cls, parts: Iterable[Money], currency: str) -> Money:
        """The sum of `parts`; zero of `currency` for no parts."""
        return sum(parts, cls.zero(currency))

    @property
    def minor(self) -> int:
        """The whole number of minor units."""
        return int(self.amount.scaleb(exponent_of(self.currency), _EXACT))

    def __add__(self, other: Money) -> Money:
        return Money.of_minor(self.minor + self._of_same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money.of_minor(self.minor - self._of_same(other), self.currency)

    def __mul__(self, times: int) -> Money:
        """Multiply by a whole number. For a fraction use `share`, which rounds."""
        if not isinstance(times, int):
            return NotImplemented
        return Money.of_minor(self.minor * times, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money.of_minor(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._of_same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._of_same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._of_same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._of_same(other)

    def share(self, percent: Decimal) -> Money:
        """`percent` of the amount, rounded half up: 12.5 % of 0.20 EUR is 0.03 EUR."""
        return Money.rounded(Fraction(self.amount) * Fraction(percent) / 100, self.currency)

    def tax_part(self, rate: Decimal) -> Money:
        """The tax of `rate` percent included in this gross price, rounded half up: 1.90 EUR of 11.90 EUR at 19.

        The rest is the net price, so that both add up to the gross price. Raises ValueError for a negative rate.
        """
        if rate < 0:
            raise ValueError("a tax rate is not negative")
        exact = Fraction(rate)
        return Money.rounded(Fraction(self.amount) * exact / (100 + exact), self.currency)

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Split the amount into one part per weight, in proportion. The parts add up to the amount exactly.

        Each part differs from its exact share by under one minor unit. Remaining minor units go to the parts with the
        largest remainders; the first of equal ones. Raises ValueError for a negative weight, or if all are zero.
        """
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise ValueError("weights are not negative, and one of them is above zero")
        sign, minor = (-1 if self.amount < 0 else 1), abs(self.minor)
        parts = [divmod(minor * weight, whole) for weight in weights]
        left = minor - sum(part for part, _ in parts)
        extra = set(sorted(range(len(parts)), key=lambda n: -parts[n][1])[:left])
        return [Money.of_minor(sign * (part + (n in extra)), self.currency) for n, (part, _) in enumerate(parts)]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _of_same(self, other: Money) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"money and {type(other).__name__} do not mix")
        if other.currency != self.currency:
            raise Invalid(
                f"{self} and {other} have different currencies. Convert one of them first.", code="mixed_currencies"
            )
        return other.minor


class MoneyPair:
    """Money in two attributes of an object: `minor` units and `currency`. None where the units are None."""

    def __init__(self, minor: str, currency: str) -> None:
        self.minor, self.currency = minor, currency

    @overload
    def __get__(self, row: None, owner: type) -> MoneyPair: ...
    @overload
    def __get__(self, row: Any, owner: type) -> Money: ...
    def __get__(self, row: Any, owner: type) -> Money | MoneyPair:
        if row is None:
            return self
        minor = getattr(row, self.minor)
        return None if minor is None else Money.of_minor(minor, getattr(row, self.currency))  # type: ignore[return-value]

    def __set__(self, row: Any, value: Money) -> None:
        setattr(row, self.minor, value.minor)
        setattr(row, self.currency, value.currency)

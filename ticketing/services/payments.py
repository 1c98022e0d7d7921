"""The payment port: the interface to payment providers.

A provider is called inside the action's transaction and must not wait for anybody: one that talks to a
service of others writes down what to send, and sends it after the commit.
"""

from __future__ import annotations

from typing import Protocol

from theater_site.core.errors import Invalid
from ticketing.models import Payment


class PaymentProvider(Protocol):
    """`name` is what payments keep of it."""

    name: str

    def begin(self, payment: Payment) -> None:
        """Money is awaited: set what the provider calls it (`provider_key`), if it has a name for it."""

    def confirm(self, payment: Payment, method: str) -> None:
        """Refuse with a DomainError if the money cannot be taken as received by `method`."""

    def refund(self, payment: Payment) -> None:
        """Money that was received goes back."""


class Manual:
    """People take the money: in cash, by a card terminal or by bank transfer, and say so. A refund is handed
    back alike."""

    name = "manual"
    methods = ("cash", "card", "transfer")

    def begin(self, payment: Payment) -> None:
        pass

    def confirm(self, payment: Payment, method: str) -> None:
        if method not in self.methods:
            raise Invalid(f"Choose one of: {', '.join(self.methods)}.", code="unknown_method", field="method")

    def refund(self, payment: Payment) -> None:
        pass


_providers: dict[str, PaymentProvider] = {Manual.name: Manual()}


def provider(name: str, *, field: str = "provider") -> PaymentProvider:
    """The provider of this name. Raises Invalid (`unknown_provider`) at `field`."""
    try:
        return _providers[name]
    except KeyError:
        known = ", ".join(sorted(_providers))
        raise Invalid(
            f"{name[:40]!r} is not a payment provider. Choose one of: {known}.", code="unknown_provider", field=field
        ) from None


def offer(added: PaymentProvider) -> None:
    """Called from wiring: one more way to pay; a later one of the same name replaces the earlier."""
    _providers[added.name] = added

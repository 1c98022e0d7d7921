"""The interface to payment providers.

A provider is called inside the action's transaction and must not wait for a network: a provider with an external service
stores what to send, and sends it after the commit.
"""

from __future__ import annotations

from typing import Protocol

from theater_site.core.errors import Invalid
from ticketing.models import Payment


class PaymentProvider(Protocol):
    """A way to receive and refund money. Payments store its `name`."""

    name: str

    def begin(self, payment: Payment) -> None:
        """Prepare a new payment. May set `provider_key`, the provider's id of the payment."""

    def confirm(self, payment: Payment, method: str) -> None:
        """Confirm that the money was received by `method`. Raises a DomainError if it was not."""

    def refund(self, payment: Payment) -> None:
        """Return the received money."""


class Manual:
    """The box office takes the money in cash, by card or by bank transfer, and refunds it in the same way."""

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
    """The provider with this name. Raises Invalid `unknown_provider` (field `field`)."""
    try:
        return _providers[name]
    except KeyError:
        known = ", ".join(sorted(_providers))
        raise Invalid(
            f"{name[:40]!r} is not a payment provider. Choose one of: {known}.", code="unknown_provider", field=field
        ) from None


def offer(provider: PaymentProvider) -> None:
    """Register a provider, from wiring. It replaces an earlier one with the same name."""
    _providers[provider.name] = provider

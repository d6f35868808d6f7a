"""The base of the API: who asks, what may be asked, how it is answered; routes live beside their capability."""

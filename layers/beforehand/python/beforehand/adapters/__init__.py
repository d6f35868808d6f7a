"""The technologies behind the ports, each named after its technology."""

"""The ways a customer is reached: each provider behind one port, called once for an attempt."""

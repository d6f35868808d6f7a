"""What providers, customers and the company's own systems tell of messages: taken in once, applied once."""

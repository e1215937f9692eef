"""A misbehaving upstream that speaks the wire format of every provider, and the official SDKs that call it."""

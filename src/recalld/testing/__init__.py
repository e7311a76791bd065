"""What stands in for a model provider in tests: on the wire, with the official SDKs at the other end."""

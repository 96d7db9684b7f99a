"""The market as REST: OpenAPI, sign-in with Ethereum, progress as events."""

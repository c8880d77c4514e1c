"""Webhook: posts each stored run to a server of the operator."""

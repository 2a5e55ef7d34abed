"""Subscriptions, rules that raise alerts, and their delivery to webhooks."""

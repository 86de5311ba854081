"""Messages about nights, to a webhook, a chat or Prometheus' Alertmanager: what changed, told once.

`changes` compares a night with what a receiver was told before. `webhook` and `alertmanager` put the changes into
words, `told` keeps what was told, and `outbox` keeps each message until its receiver has taken it.
"""

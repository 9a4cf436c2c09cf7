"""The web console: server-rendered pages over what serve follows, live by server-sent events."""

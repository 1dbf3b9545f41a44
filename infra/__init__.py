"""Install, start, supervise and steer the city; nothing of ours imports this package."""

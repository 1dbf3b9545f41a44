SELECT least(sumIf(events, window_seconds = 10), sumIf(events, window_seconds = 60)) AS n
FROM store.windows FINAL

SELECT window_seconds, window_start, area, road_class, events, speed_sum, speed_p85, speed_min,
    speed_max
FROM store.windows FINAL

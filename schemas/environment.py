"""Declare environment readings and the windows of air quality."""

from __future__ import annotations

from schemas.declare import Event, Lifetime, Result, code, decimal, derived, measure, text

QUANTITIES = {
    "pm2_5": ("PM2.5, µg/m³", "细颗粒物 µg/m³"), "pm10": ("PM10, µg/m³", "可吸入颗粒物 µg/m³"),
    "so2": ("SO2, µg/m³", "二氧化硫 µg/m³"), "no2": ("NO2, µg/m³", "二氧化氮 µg/m³"),
    "co": ("CO, µg/m³", "一氧化碳 µg/m³"), "o3": ("O3, µg/m³", "臭氧 µg/m³"),
    "temperature": ("Temperature, °C", "气温 °C"), "humidity": ("Humidity, %", "湿度 %"),
    "pressure": ("Pressure, hPa", "气压 hPa"), "wind_speed": ("Wind speed, m/s", "风速 m/s"),
    "rain": ("Rain, mm", "降雨 mm"), "noise": ("Noise, dB(A)", "噪声 dB(A)"),
}


class EnvironmentReading(
    Event, chinese="环境监测读数", domain="environment", owner="city-air", personal="none",
    place=("longitude", "latitude"), public=True, horizon_seconds=3600,
    latest_by=("quantity",),
):
    """One reading of one quantity at one station."""

    station_id = text("Station", "监测站", key=True, max_length=64, public=True,
                      example="jinan-quancheng")
    quantity = code("Quantity", "监测项", QUANTITIES, public=True, example="pm2_5")
    value = decimal("Value", "数值", ge=-100, le=100000, decimals=3, public=True, example=38.0)
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, public=True, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, stream=False,
                       public=True, example=36.6612)


class AirQuality(
    Result, chinese="空气质量", domain="environment", public=True, inputs=("environment-reading",),
    windows=(60, 300, 3600), lifetime=Lifetime(store_days=365),
):
    """Readings of one quantity at one station in one window."""

    station_id = text("Station", "监测站", key=True, public=True)
    quantity = code("Quantity", "监测项", QUANTITIES, key=True, public=True)
    value_sum = measure("Sum of values", "数值合计", decimals=3)
    value_min = measure("Lowest value", "最小值", combine="min", decimals=3)
    value_max = measure("Highest value", "最大值", combine="max", decimals=3)
    mean_value = derived("Mean value", "平均值", sql="value_sum / events / 1000", decimals=3)

"""List what columns and values are called in files of cities, in English, Chinese and German.

Keys are names of declared fields (without `_id`, `_seconds`, `_at` where that is all they add) or
codes of declared lists; the names and meanings of the declarations themselves need no entry.
"""

from __future__ import annotations

IDS: tuple[str, ...] = (
    "id", "no", "nr", "num", "number", "code", "key", "uid", "uuid", "ref", "name", "编号", "编码",
    "号", "号码", "代码", "标识", "id号", "kennung", "nummer", "schlüssel", "bh")

FIELDS: dict[str, tuple[str, ...]] = {
    "observed": (
        "observed at", "time", "timestamp", "time stamp", "datetime", "date time", "date", "ts",
        "gps time", "gpstime", "recorded at", "record time", "update time", "updated", "updated at",
        "last update", "created", "created date", "created at", "create time", "captured at",
        "sample time", "reported at", "event time", "data time", "utc", "moment", "t", "时间",
        "日期", "日期时间", "采集时间", "上报时间", "定位时间", "监测时间", "检测时间", "更新时间",
        "发生时间", "记录时间", "统计时间", "来电时间", "受理时间", "办理时间", "数据时间",
        "gps时间", "时间戳", "sj", "zeit", "zeitstempel", "uhrzeit", "datum", "zeitpunkt",
        "messzeit", "datum uhrzeit"),
    "vehicle": (
        "vehicle", "veh", "car", "bus", "taxi", "cab", "truck", "plate", "license plate",
        "licence plate", "fahrzeug", "kennzeichen", "kfz kennzeichen", "device", "terminal",
        "tracker", "vin", "车辆", "车", "车牌", "车牌号", "车牌号码", "号牌", "号牌号码", "终端",
        "hphm", "cphm", "cph"),
    "sensor": (
        "sensor", "detector", "loop", "camera", "radar", "counter", "device", "检测器", "传感器",
        "线圈", "卡口", "设备", "断面", "detektor", "messstelle", "zählstelle", "mq"),
    "station": (
        "station", "site", "monitor", "stn", "监测站", "站点", "测站", "站", "点位", "监测点",
        "messstation", "standort"),
    "car_park": (
        "car park", "parking", "parking lot", "park", "lot", "garage", "停车场", "车场", "停车库",
        "parkhaus", "parkplatz", "tiefgarage"),
    "case": (
        "case", "incident", "ticket", "request", "service request", "unique key", "案件", "事件",
        "工单", "任务", "案卷", "vorgang", "meldung"),
    "call": ("call", "ticket", "来电", "工单", "话务", "通话", "anruf"),
    "item": ("item", "application", "case", "办件", "业务", "申办", "vorgang", "antrag"),
    "longitude": (
        "lon", "lng", "long", "longitude", "x", "经度", "东经", "jd", "jingdu", "längengrad",
        "länge", "geo lon", "gps lon", "coord x", "x coord"),
    "latitude": (
        "lat", "latitude", "y", "纬度", "北纬", "wd", "weidu", "breitengrad", "breite", "geo lat",
        "gps lat", "coord y", "y coord"),
    "speed": (
        "speed", "velocity", "vel", "v", "spd", "mean speed", "avg speed", "average speed",
        "gps speed", "速度", "车速", "时速", "平均速度", "平均车速", "行驶速度", "sd",
        "geschwindigkeit", "tempo", "v pkw"),
    "heading": (
        "heading", "bearing", "course", "direction", "azimuth", "angle", "track", "航向", "方向",
        "方向角", "方位角", "航向角", "fx", "richtung", "kurs", "fahrtrichtung"),
    "road": (
        "road", "street", "route", "line", "road name", "route name", "line name", "street name",
        "道路", "路名", "道路名称", "线路", "线路名称", "strasse", "straße", "linie"),
    "segment": ("segment", "link", "edge", "section", "路段", "路段编号", "abschnitt"),
    "vehicle_type": ("vehicle type", "vehicle kind", "car type", "type", "车型", "车辆类型", "车种",
                     "fahrzeugtyp", "fahrzeugart"),
    "interval": ("interval", "period", "aggregation", "周期", "统计周期", "采集周期", "统计间隔",
                 "时间间隔", "intervall"),
    "flow": ("flow", "volume", "traffic volume", "count", "vehicle count", "vehicles", "q", "流量",
             "车流量", "交通量", "verkehrsstärke", "anzahl", "q kfz"),
    "occupancy": ("occupancy", "occ", "占有率", "占用率", "时间占有率", "belegung",
                  "belegungsgrad"),
    "name": ("name", "title", "label", "名称", "名字", "停车场名称", "bezeichnung"),
    "capacity": ("capacity", "total", "spaces", "total spaces", "places", "slots", "cap", "总车位",
                 "车位数", "总车位数", "总泊位", "总泊位数", "泊位数", "容量", "总数", "kapazität",
                 "stellplätze", "gesamt", "plätze"),
    "occupied": ("occupied", "taken", "used", "in use", "occupied spaces", "occupancy", "已占",
                 "已用", "在停", "已停", "占用", "占用车位", "占用数", "已占泊位", "已占用车位",
                 "belegt", "belegung", "besetzt", "auslastung"),
    "status": ("status", "state", "状态", "开放状态", "运行状态", "zustand", "betriebszustand"),
    "step": ("step", "stage", "phase", "status", "state", "环节", "阶段", "流程", "当前环节",
             "状态", "案件状态", "schritt"),
    "category": ("category", "type", "class", "kind", "complaint type", "problem type", "类别",
                 "类型", "大类", "小类", "事件类型", "案件类型", "问题类型", "问题类别", "分类",
                 "kategorie", "art"),
    "department": ("department", "agency", "dept", "unit", "office", "责任部门", "责任单位",
                   "承办单位", "承办部门", "处置部门", "处置单位", "主办单位", "部门", "单位",
                   "amt", "dienststelle", "abteilung", "behörde"),
    "reported_by": ("reported by", "source", "origin", "channel", "来源", "问题来源", "上报来源",
                    "案件来源", "quelle", "herkunft", "melder"),
    "due": ("due", "due date", "deadline", "办理时限", "处置时限", "截止时间", "截止日期", "frist",
            "fällig", "fällig am"),
    "description": ("description", "details", "desc", "text", "remark", "描述", "问题描述",
                    "案件描述", "内容", "备注", "beschreibung"),
    "topic": ("topic", "category", "type", "subject", "诉求类别", "诉求类型", "类别", "类型",
              "thema"),
    "caller_name": ("caller", "caller name", "来电人", "姓名", "联系人", "市民姓名", "anrufer"),
    "caller_phone": ("phone", "telephone", "tel", "mobile", "来电号码", "电话", "联系电话", "手机",
                     "手机号", "手机号码", "telefon", "rufnummer"),
    "content": ("content", "text", "message", "诉求内容", "内容", "来电内容", "inhalt"),
    "answer": ("answer", "wait", "waiting", "wait time", "waiting time", "等待", "等待时长",
               "接听时长", "wartezeit"),
    "answered": ("answered", "connected", "接通", "是否接通", "接通状态", "angenommen"),
    "satisfied": ("satisfied", "satisfaction", "满意", "是否满意", "满意度", "zufrieden"),
    "matter": ("matter", "service", "item name", "事项", "事项名称", "leistung", "anliegen"),
    "channel": ("channel", "via", "渠道", "办理渠道", "办理方式", "受理渠道", "kanal"),
    "visits": ("visits", "trips", "跑动次数", "跑腿次数", "到现场次数", "besuche"),
    "materials": ("materials", "documents", "材料", "材料数", "材料数量", "unterlagen"),
    "minutes": ("minutes", "duration", "handling time", "办理时长", "用时", "耗时", "dauer",
                "bearbeitungszeit"),
    "quantity": ("quantity", "parameter", "pollutant", "measure", "indicator", "measurand",
                 "监测项", "监测因子", "污染物", "指标", "项目", "因子", "messgröße", "komponente",
                 "schadstoff"),
    "value": ("value", "reading", "concentration", "result", "数值", "监测值", "浓度", "读数", "值",
              "wert", "messwert", "konzentration"),
}

CODES: dict[str, tuple[str, ...]] = {
    "car": ("passenger car", "private car", "pkw", "私家车", "轿车", "小客车"),
    "taxi": ("cab", "出租", "巡游出租", "taxe"), "bus": ("coach", "公交", "客车"),
    "truck": ("lorry", "lkw", "卡车", "货运车"),
    "open": ("opened", "offen", "geöffnet", "auf", "开", "营业", "营业中", "在营", "正常"),
    "closed": ("shut", "zu", "geschlossen", "关", "停业", "已关闭", "已结案", "办结", "已办结"),
    "unknown": ("unbekannt", "不详", "其他"), "other": ("others", "misc", "sonstige", "其它"),
    "reported": ("created", "opened", "received", "登记", "受理", "gemeldet", "erfasst"),
    "verified": ("confirmed", "已核实", "geprüft"), "filed": ("registered", "已立案"),
    "dispatched": ("assigned", "派单", "派发", "已派遣", "zugewiesen"),
    "handled": ("processed", "处理", "已处置", "处置完成", "bearbeitet"),
    "checked": ("inspected", "已核查"), "returned": ("sent back", "退回"),
    "extended": ("prolonged", "已延期"), "reworked": ("redone", "重办"),
    "voided": ("cancelled", "canceled", "withdrawn", "已作废", "storniert"),
    "patrol": ("inspector", "巡查", "监督员上报", "网格员"),
    "public": ("citizen", "resident", "市民", "群众", "公众举报", "bürger"),
    "hotline": ("12345", "热线", "12345转办"),
    "sensor": ("iot", "物联网", "智能感知"),
    "accepted": ("submitted", "received", "已受理", "angenommen"),
    "finished": ("completed", "done", "已办结", "办结完成", "erledigt"),
    "rejected": ("refused", "denied", "退件", "不予受理", "abgelehnt"),
    "online": ("web", "app", "internet", "网办", "网上办理", "线上", "全程网办"),
    "counter": ("window", "office", "窗口办理", "线下", "大厅", "schalter"),
    "kiosk": ("self service", "terminal", "自助", "自助机"),
    "pm2_5": ("pm25", "fine particles"), "pm10": (), "so2": (), "no2": (), "co": (),
    "o3": ("ozone", "ozon"),
    "temperature": ("temp", "air temperature", "温度", "lufttemperatur"),
    "humidity": ("rh", "hum", "relative humidity", "相对湿度", "luftfeuchte"),
    "pressure": ("pres", "press", "air pressure", "大气压", "luftdruck"),
    "wind_speed": ("wspm", "ws", "windspeed", "windgeschwindigkeit"),
    "rain": ("rainfall", "precipitation", "prec", "降水", "降雨量", "降水量", "niederschlag"),
    "noise": ("noise level", "leq", "噪音", "lärm"),
}

# what counts the rest of a whole, where a declaration asks for the part taken
LEFT: tuple[str, ...] = (
    "free", "vacant", "available", "left", "空余", "空闲", "剩余", "余位", "空位", "frei")
YES: tuple[str, ...] = ("true", "yes", "y", "t", "1", "是", "有", "已", "ja", "wahr")
NO: tuple[str, ...] = ("false", "no", "n", "f", "0", "否", "无", "未", "不", "nein", "falsch")
# before a word, each says the opposite of it
NOT: tuple[str, ...] = ("不", "未", "非", "没", "没有", "not ", "un", "dis", "nicht ")

# how units stand behind names of columns, spelt as in streams.mapping.units
UNITS: dict[str, str] = {
    "mph": "mph", "mi/h": "mph", "kmh": "km/h", "km/h": "km/h", "kph": "km/h", "km h": "km/h",
    "公里/小时": "km/h", "千米/小时": "km/h", "公里/时": "km/h", "mps": "m/s", "m/s": "m/s",
    "米/秒": "m/s", "kn": "kn", "kt": "kn", "kts": "kn", "knots": "kn", "knoten": "kn", "节": "kn",
    "%": "%", "pct": "%", "percent": "%", "prozent": "%", "百分比": "%", "share": "share",
    "ratio": "share", "fraction": "share", "anteil": "share", "ft": "ft", "mi": "mi", "mm": "mm",
    "in": "in", "s": "s", "sec": "s", "secs": "s", "seconds": "s", "秒": "s", "sekunden": "s",
    "ms": "ms", "毫秒": "ms", "min": "min", "mins": "min", "minutes": "min", "minuten": "min",
    "分钟": "min", "分": "min", "h": "h", "hours": "h", "小时": "h", "stunden": "h",
    "°c": "degC", "℃": "degC", "degc": "degC", "celsius": "degC", "°f": "degF", "℉": "degF",
    "degf": "degF", "f": "degF", "k": "K", "kelvin": "K", "hpa": "hPa", "mbar": "hPa", "kpa": "kPa",
    "pa": "Pa", "inhg": "inHg", "µg/m³": "ug/m3", "μg/m³": "ug/m3", "ug/m3": "ug/m3",
    "μg/m3": "ug/m3", "µg/m3": "ug/m3", "微克/立方米": "ug/m3", "mg/m3": "mg/m3", "mg/m³": "mg/m3",
    "毫克/立方米": "mg/m3", "veh/h": "veh/h", "vph": "veh/h", "kfz/h": "veh/h", "辆/小时": "veh/h",
    "辆/h": "veh/h", "veh/min": "veh/min", "辆/分钟": "veh/min", "veh/5min": "veh/5min",
    "辆/5分钟": "veh/5min", "veh/15min": "veh/15min", "°": "deg", "deg": "deg", "degrees": "deg",
    "度": "deg", "rad": "rad", "udeg": "udeg", "db": "dB(A)", "dba": "dB(A)",
}

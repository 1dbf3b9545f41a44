"""Say everything people read, in Chinese first and in English.

What a declaration already names (families, results, fields, codes, units) is taken from there;
this dictionary holds only what no declaration can say.
"""

from __future__ import annotations

from schemas import registry
from schemas.declare import Family, Field, ResultTable, Text
from schemas.errors import DeclarationError

LANGUAGES = ("zh", "en")
Declared = str | Family | ResultTable

UNITS: dict[str, Text] = {
    "veh/h": Text("veh/h", "辆/时"), "veh": Text("veh", "辆"), "spaces": Text("spaces", "个"),
    "deg": Text("°", "°"), "min": Text("min", "分钟"), "s": Text("s", "秒"),
    "/s": Text("/s", "条/秒"),
}

WORDS: dict[str, Text] = {
    "city": Text("Jinan City Brain", "济南城市大脑"),
    "city.other": Text("济南城市大脑", "Jinan City Brain"),
    "login.console": Text("Staff console", "工作台"), "login.name": Text("Name", "账号"),
    "login.password": Text("Password", "密码"), "login.sign_in": Text("Sign in", "登录"),
    "login.other": Text("中文", "English"),
    "login.bad": Text("Name or password is wrong.", "账号或密码错误。"),
    "login.wait": Text("Too many failed attempts. Try again in {n} s.",
                       "失败次数过多,请{n}秒后重试。"),
    "login.oidc": Text("Sign in with the unified account", "统一身份认证登录"),
    "refused.flow": Text("This sign-in was not begun in this browser, or it took too long.",
                         "本次登录不是在此浏览器中发起,或已超时。"),
    "refused.flow.next": Text("Begin again from the login page.", "请从登录页重新开始。"),
    "refused.provider": Text("The identity provider did not complete the sign-in.",
                             "统一身份认证未完成登录。"),
    "refused.provider.next": Text("Try again in a moment; if it stays so, tell the operators.",
                                  "请稍后重试;若仍未解决,请联系运维人员。"),
    "refused.token": Text("The identity provider's answer could not be verified.",
                          "统一身份认证返回的凭据未通过校验。"),
    "refused.token.next": Text("You have not been signed in. Tell the operators.",
                               "您未登录。请联系运维人员。"),
    "refused.role": Text("Your account has no role in this console.",
                         "您的账号尚未分配本系统的角色。"),
    "refused.role.next": Text(
        "You are known, but may not enter. Ask your administrator for a role.",
        "您的身份已确认,但无权进入。请联系管理员分配角色。"),
    "refused.area": Text("Your account has no area in this city.", "您的账号尚未分配本市的区域。"),
    "refused.area.next": Text(
        "You are known, but may not enter. Ask your administrator for an area.",
        "您的身份已确认,但无权进入。请联系管理员分配区域。"),
    "refused.back": Text("Back to the login page", "返回登录页"),
    "wall": Text("City operations centre", "城市运行指挥中心"),
    "state.ok": Text("Running normally", "运行正常"),
    "state.waiting": Text("Waiting for data", "等待数据"),
    "state.partly": Text("Some data out of date", "部分数据过期"),
    "state.lost": Text("Connection lost", "连接中断"),
    "state.residual": Text("Ledger does not close", "台账不平"),
    "state.disk": Text("Disk full, no events taken", "磁盘已满，暂停接收"),
    "fresh": Text("Newest data {age} ago", "最新数据 {age}前"),
    "fresh.none": Text("No data yet", "尚无数据"),
    "age.s": Text("{n} s", "{n}秒"), "age.min": Text("{n} min", "{n}分钟"),
    "age.h": Text("{n} h", "{n}小时"),
    "stale.old": Text("No new data for {age} (limit {limit})", "{age}无新数据(时限{limit})"),
    "stale.none": Text("No data received yet", "尚未收到数据"),
    "stale.store": Text("Data store unreachable since {at}", "数据库不可达,停于{at}"),
    "stale.server": Text("Connection lost at {at}", "连接中断,停于{at}"),
    "map": Text("Traffic now", "实时路况"),
    "map.grade": Text("Speed ÷ limit, %", "均速 ÷ 限速 (%)"),
    "map.none": Text("No data", "无数据"),
    "map.vehicles": Text("Vehicle", "浮动车"),
    "map.whole": Text("Whole city", "全市"),
    "map.overview": Text("Counties", "全市区县"),
    "map.synthetic": Text("Township borders are synthetic", "街镇边界为模拟数据"),
    "traffic": Text("Road traffic", "道路交通"),
    "traffic.speed": Text("Mean speed", "平均车速"),
    "traffic.flow": Text("Mean flow", "平均流量"),
    "traffic.vehicles": Text("Vehicles seen", "在线车辆"),
    "parking": Text("Parking", "停车"),
    "parking.share": Text("Spaces taken", "车位占用率"),
    "parking.vacant": Text("Vacant", "空余车位"),
    "parking.places": Text("Car parks", "在线车场"),
    "environment": Text("Environment", "生态环境"),
    "environment.pm2_5": Text("Mean PM2.5", "PM2.5 平均浓度"),
    "environment.highest": Text("Highest station", "最高站点"),
    "environment.stations": Text("Stations", "在线站点"),
    "governance": Text("Grid governance", "网格治理"),
    "governance.reported": Text("Cases reported today", "今日上报"),
    "governance.closed": Text("Closed today", "今日结案"),
    "governance.open": Text("Open", "在办"),
    "hotline": Text("12345 hotline", "12345 热线"),
    "hotline.calls": Text("Calls today", "今日来电"),
    "hotline.quick": Text("Answered in 15 s", "15秒接通率"),
    "hotline.satisfied": Text("Satisfied", "满意率"),
    "service": Text("Government services", "政务服务"),
    "service.items": Text("Items today", "今日办件"),
    "service.online": Text("Handled online", "网办率"),
    "trend.traffic": Text("Mean speed, last hour", "平均车速·近一小时"),
    "trend.parking": Text("Spaces taken, last hour", "占用率·近一小时"),
    "trend.environment": Text("PM2.5, last hour", "PM2.5·近一小时"),
    "trend.governance": Text("Reported per 5 min, last hour", "每5分钟上报·近一小时"),
    "trend.hotline": Text("Calls per 5 min, last hour", "每5分钟来电·近一小时"),
    "trend.service": Text("Items per 5 min, last hour", "每5分钟办件·近一小时"),
    "trend.operations": Text("Events per second, last hour", "每秒事件·近一小时"),
    "unplanned.events": Text("Events in 5 min", "5分钟事件数"),
    "unplanned.new": Text("New source", "新接入"),
    "unplanned.mean": Text("5-minute means", "5分钟均值"),
    "alerts": Text("Newest alerts", "最新告警"),
    "alerts.none": Text("No alerts in the last 24 hours", "近24小时无告警"),
    "cases": Text("Newest cases", "最新事件"),
    "cases.none": Text("No cases in the last 24 hours", "近24小时无事件"),
    "cases.due": Text("due {at}", "时限 {at}"),
    "cases.overdue": Text("overdue since {at}", "超时 {at}"),
    "operations": Text("Operations", "系统运行"),
    "operations.residual": Text("Ledger residual", "台账差额"),
    "operations.rate": Text("Events received", "接入速率"),
    "operations.delay": Text("End to end, p99", "端到端时延 P99"),
    "operations.refused": Text("Refused", "拒收率"),
    "operations.late": Text("Late", "迟到"),
    "operations.duplicates": Text("Duplicates", "重复"),
    "balance.received": Text("received", "接收"), "balance.counted": Text("counted", "计入"),
    "balance.late": Text("late", "迟到"), "balance.refused": Text("refused", "拒收"),
    "balance.duplicates": Text("duplicates", "重复"),
    "balance.in_flight": Text("in flight", "在途"),
    "outside": Text("Outside the city", "市域以外"),
}


def to_language(asked: str | None) -> str:
    """Take a language asked for, Chinese unless it is one that is spoken."""
    return asked if asked in LANGUAGES else LANGUAGES[0]


def spell(text: Text, language: str) -> str:
    """Give a text in one language."""
    return text.en if language == "en" else text.zh


def say(key: str, language: str) -> str:
    """Get the words for a key; raise KeyError for a key nobody wrote down."""
    return spell(WORDS[key], language)


def say_all(language: str) -> dict[str, str]:
    """List all words of one language by key."""
    return {key: spell(text, language) for key, text in WORDS.items()}


def unit(name: str, language: str) -> str:
    """Spell a declared unit; symbols common to both languages stay."""
    return spell(UNITS[name], language) if name in UNITS else name


def _declared(name: Declared) -> Family | ResultTable:
    """Get the family or result of a name in either spelling; raise DeclarationError."""
    if not isinstance(name, str):
        return name
    kebab = name.replace("_", "-")
    found: Family | ResultTable | None = (
        registry.families().get(kebab) or registry.results().get(kebab))
    if found is None:
        raise DeclarationError(f"nothing is declared as {name!r}")
    return found


def meaning(name: Declared, language: str) -> str:
    """Say what a family or result is, from its declaration."""
    return spell(_declared(name).meaning, language).rstrip(".")


def title(name: Declared, language: str) -> str:
    """Give a short title of a family or result: its Chinese meaning, or its English name."""
    if language == "zh":
        return meaning(name, language)
    words = _declared(name).name.replace("-", " ")
    return words[:1].upper() + words[1:]


def _field(name: Declared, field: str) -> Field:
    """Get one field of a family or result; raise DeclarationError."""
    declared = _declared(name)
    for one in declared.fields:
        if one.name == field:
            return one
    raise DeclarationError(f"{declared.name} has no field {field!r}")


def field_title(name: Declared, field: str, language: str) -> str:
    """Give the title of a declared field."""
    return spell(_field(name, field).title, language)


def value_title(name: Declared, field: str, value: str, language: str) -> str:
    """Give the word for one value of a declared code; an unknown value stands for itself."""
    for code, text in _field(name, field).values:
        if code == value:
            return spell(text, language)
    return value

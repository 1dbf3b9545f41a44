"""Say findings and reasons of refusal in English and Chinese."""

from __future__ import annotations

from schemas.errors import Reason
from schemas.fields import Text

REASONS: dict[str, Text] = {
    Reason.NOT_JSON: Text("not JSON", "不是JSON"),
    Reason.NOT_AN_OBJECT: Text("not a JSON object", "不是JSON对象"),
    Reason.TOO_LARGE: Text("too large", "过大"),
    Reason.EMPTY: Text("empty", "为空"),
    Reason.MISSING_FIELD: Text("a required field is missing", "缺少必填字段"),
    Reason.WRONG_TYPE: Text("wrong type", "类型不符"),
    Reason.BELOW_MINIMUM: Text("below the least value", "低于最小值"),
    Reason.ABOVE_MAXIMUM: Text("above the greatest value", "高于最大值"),
    Reason.TOO_LONG: Text("text too long", "文本过长"),
    Reason.NOT_IN_LIST: Text("not in the declared list", "不在声明的取值中"),
    Reason.CONTROL_CHARACTER: Text("control characters", "含控制字符"),
    Reason.ABOVE_FIELD: Text("above the field that limits it", "超过其上限字段"),
    Reason.NULL_ISLAND: Text("position 0, 0", "坐标为0, 0"),
    Reason.MISSING_TIME: Text("no time of observation", "缺少观测时间"),
    Reason.BAD_TIME: Text("no valid time", "时间无效"),
    Reason.FROM_THE_FUTURE: Text("observed in the future", "观测时间在未来"),
    Reason.TOO_LATE: Text("too late", "超过时限"),
    Reason.UNKNOWN_FAMILY: Text("no such family", "未声明的事件类"),
    Reason.WRONG_PUBLISHER: Text("names another publisher", "发布系统不符"),
    Reason.BAD_HEADER: Text("bad header", "消息头有误"),
    Reason.NOT_MAPPED: Text("not mapped", "无法映射"),
    Reason.INTERNAL: Text("could not be judged", "无法核验"),
    "other": Text("further reasons", "其他原因"),
}

FINDINGS: dict[str, Text] = {
    "refused": Text("{count} events were refused in the last hour, most of them: {en} ({field})",
                    "近1小时拒收{count}条,最多的原因:{zh}({field})"),
    "late": Text("{count} events of the last hour came after the family's horizon of {seconds} s",
                 "近1小时有{count}条事件超过本类时限{seconds}秒"),
    "duplicates": Text("{count} events of the last hour came again under the same id ({share} %)",
                       "近1小时有{count}条事件编号重复({share}%)"),
    "repeated-id": Text("an event id was used again, long after its first use",
                        "事件编号在较长时间后被再次使用"),
    "slow": Text("one event in twenty takes {seconds} s or more; after {horizon} s it is late",
                 "每20条有1条延迟{seconds}秒以上,超过{horizon}秒即为迟到"),
    "clock-ahead": Text("events were observed after they arrived: the clock is ahead",
                        "观测时间晚于接收时间:时钟偏快"),
    "clock-behind": Text("even the quickest events seem {seconds} s old: the clock is behind, or"
                         " events wait before they are sent",
                         "最快的事件也显示已过{seconds}秒:时钟偏慢,或发送前有积压"),
    "time-zone": Text("times are off by whole half hours, {hours}: local time sent as UTC?",
                      "时间相差整半小时({hours}):是否把当地时间当作UTC发送"),
    "time-unit": Text("times are seconds since 1970; whole numbers must be milliseconds",
                      "时间为1970年以来的秒数,整数须为毫秒"),
    "frozen-clock": Text("{count} keys keep sending, observed at one and the same moment",
                         "{count}个对象持续上报而观测时间不变"),
    "frozen-stream": Text("{count} events in a row, over {seconds} s, were observed at one moment",
                          "连续{count}条、历时{seconds}秒的事件观测时间相同"),
    "gap": Text("{count} keys that reported regularly are silent for more than three intervals",
                "{count}个定时上报的对象已静默超过3个周期"),
    "silent": Text("nothing was accepted for {seconds} s; the longest pause before was {longest} s",
                   "已有{seconds}秒无事件通过,此前最长间隔{longest}秒"),
    "at-bound": Text("{count} values of {field} lie exactly at a declared bound",
                     "{field}有{count}个值恰为声明的界限"),
    "stuck": Text("{field} of {count} keys has not changed over many events",
                  "{count}个对象的{field}长时间不变"),
    "jump": Text("positions are farther apart than anything moves", "位置变化超出可能的速度"),
    "rounded-place": Text("positions have two decimals at most, which is a kilometre",
                          "坐标最多两位小数,误差约一公里"),
    "outside-areas": Text("positions lie outside every known area", "位置不在任何已知区域内"),
}


def reason_words(reason: str) -> tuple[str, str]:
    """Give the words for a reason of refusal; a reason unknown here stands for itself."""
    words = REASONS.get(reason)
    return (words.en, words.zh) if words else (reason, reason)

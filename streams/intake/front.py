"""Draw the page that tells a publisher how to send, with a command to copy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from schemas.declare import Family
from schemas.errors import Reason
from schemas.render.page import both, page
from streams.intake.body import PLAIN_BYTES, WIRE_BYTES
from streams.intake.feedback import PATH
from streams.intake.items import MAX_EVENTS
from streams.intake.media import Form

FORMS: dict[Form, tuple[str, str]] = {
    Form.JSON: ("一个对象或一个数组", "one object, or an array of them"),
    Form.LINES: ("每行一个对象", "one object a line"),
    Form.STRUCTURED: ("CloudEvents 1.0，一个事件", "CloudEvents 1.0, one event in its envelope"),
    Form.BATCH: ("CloudEvents 1.0，一个数组", "CloudEvents 1.0, an array of envelopes"),
    Form.BINARY: ("CloudEvents 1.0，属性在 HTTP 头中",
                  "CloudEvents 1.0, attributes in the HTTP headers"),
}
ANSWERS: tuple[tuple[str, str, str], ...] = (
    ("200", "至少一条事件已由 Kafka 确认；逐条看 status",
     "at least one event is confirmed by Kafka; see the status of each"),
    ("422", "事件全部被拒收，逐条给出原因", "every event is refused, each with its reason"),
    ("401 · 403", "令牌无效 · 未登记该类事件", "no valid token · not registered for the family"),
    ("413 · 415", "请求过大 · 格式不支持", "too large · a type or encoding that is not taken"),
    ("429 · 503", "请按 Retry-After 稍后重发；相同编号的事件不会重复计数",
     "send again after Retry-After; events of the same id are never counted twice"),
)


def curl(family: Family, base: str) -> str:
    """Write the command that sends a family's example, observed now."""
    # one key a line can be read; the quotes end around what the shell fills in
    body = json.dumps(family.example, ensure_ascii=False).replace("'", "'\\''")
    return (f'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\\n'
            f"  -d '{{\"observed_at\": '$(date +%s)000', {body[1:]}' \\\n"
            f"  {base}/v1/events/{family.name}")


def _rows(rows: Sequence[Sequence[str]]) -> str:
    """Draw rows of HTML cells."""
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f'<div class="wide"><table>{"".join(f"<tr>{row}</tr>" for row in cells)}</table></div>'


def _section(chinese: str, english: str, body: str) -> str:
    """Draw a section."""
    return f"<section><h3>{both(chinese, english)}</h3>{body}</section>"


def draw_front(families: Sequence[Family], base: str) -> str:
    """Draw the page; `base` is the address by which the reader called this service."""
    shown = next((one for one in families if one.name == "parking-occupancy"), families[0])
    listed = [(f'<a href="/v1/events/{one.name}"><code>{one.name}</code></a>',
               both(one.meaning.zh, one.meaning.en)) for one in families]
    forms = [(f"<code>{escape(form)}</code>", both(*words)) for form, words in FORMS.items()]
    answers = [(f"<code>{code}</code>", both(*words)) for code, *words in ANSWERS]
    lead = both("用 HTTP 发布事件：当场核验，逐条答复，Kafka 确认后才算接收。",
                "Publish events over HTTP: checked at once, answered one by one, accepted when"
                " Kafka has them.") + ' <a href="/openapi.json">OpenAPI</a>'
    bounds = both(
        f"每次请求最多 {WIRE_BYTES >> 20} MiB（解压后 {PLAIN_BYTES >> 20} MiB），"
        f"最多 {MAX_EVENTS} 条事件；可用 gzip。",
        f"A request may have {WIRE_BYTES >> 20} MiB ({PLAIN_BYTES >> 20} MiB unpacked) and"
        f" {MAX_EVENTS} events; gzip is taken.")
    reasons = " ".join(f"<code>{reason}</code>" for reason in Reason)
    told = both("同一令牌可随时读取：事件处理结果、拒收样例、延迟、时钟偏差与可疑数值。",
                "Read with the same token what became of your events: samples of what was refused,"
                " delays, clocks, gaps, odd values.")
    return page(("事件接入", "Event intake"), lead, "\n".join((
        _section("发送一条", "Send one", f"<pre>{escape(curl(shown, base))}</pre>"),
        _section("格式", "Forms", f"<p>{bounds}</p>{_rows(forms)}"),
        _section("答复", "Answers", f"{_rows(answers)}<p>{reasons}</p>"),
        _section("反馈", "Feedback", f"<p>{told} <code>{PATH}</code></p>"),
        _section("事件种类", "Families", _rows(listed)))))

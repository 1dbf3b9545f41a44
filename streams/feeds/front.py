"""Draw the front page: the feeds, how fresh they are, a live look at them, and how to call them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from schemas.fields import Text
from schemas.render.page import both, mark, page
from streams.feeds.board import Board, Snapshot
from streams.feeds.documents import LICENCE
from streams.feeds.inventory import GEOJSON, Feed

PREVIEWED = ("/v1/traffic/roads.geojson", "/v1/parking.geojson", "/v1/environment-reading.geojson")
# longer than the longest window that is shown by default, and its delay
SILENT_SECONDS = 900
STATUS = {"provisional": Text("Provisional", "暂定"), "final": Text("Final", "定稿"),
          "revised": Text("Revised", "修订")}
CITY_TIME = ZoneInfo("Asia/Shanghai")
# renews the live part only, so that the reader's place and language stay
SCRIPT = """
const renew=async()=>{try{const answer=await fetch(location.pathname,{cache:'no-store'});
if(!answer.ok)return;const fresh=new DOMParser().parseFromString(await answer.text(),'text/html');
for(const part of document.querySelectorAll('[data-live]')){
const next=fresh.getElementById(part.id);if(next)part.innerHTML=next.innerHTML;}}catch(error){}};
setInterval(()=>{if(!document.hidden)renew();},5000);
"""
SCRIPT_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
# columns that feeds add to what is declared
_ADDED = {"name": ("名称", "Name"), "name_en": ("英文名", "Name in English"),
          "vacant": ("空余车位", "Vacant spaces"), "full": ("已满", "Full"),
          "status": ("状态", "Status"), "events": ("事件数", "Events")}
_HIDDEN = {"published_at", "computed_at", "received_at", "observed_at", "basis", "suppressed",
           "window_seconds", "window_start", "window_end", "revision", "area", "readings"}


def _clock(seconds: float | None) -> str:
    """Write a moment as people in the city read it."""
    if seconds is None:
        return "–"
    return dt.datetime.fromtimestamp(seconds, CITY_TIME).strftime("%m-%d %H:%M:%S")


def _freshness(board: Board, snapshot: Snapshot | None) -> str:
    """Draw the state of a feed."""
    if snapshot is None:
        return mark("尚无数据", "not available", "warn")
    if snapshot.stale:
        age = round(board.age(snapshot))
        return mark(f"{age} 秒未更新", f"stale for {age} s", "warn")
    if not snapshot.records:
        return mark("暂无记录", "no records now")
    silent = board.now() - (snapshot.as_of or 0) / 1000
    if silent > SILENT_SECONDS:
        minutes = round(silent / 60)
        return mark(f"数据源静默 {minutes} 分钟", f"source silent for {minutes} min", "warn")
    return mark("实时", "live", "good")


def _feed_row(board: Board, feed: Feed) -> str:
    """Draw one feed as a row."""
    snapshot = board.find(feed, feed.defaults())
    as_of = snapshot.as_of if snapshot else None
    choices = " ".join(f"<code>?{one.name}={'|'.join(one.values)}</code>"
                       for one in feed.parameters if len(one.values) > 1)
    cells = [
        f'<a href="{feed.path}"><code>{escape(feed.path)}</code></a> {choices}',
        both(feed.title.zh, feed.title.en), "GeoJSON" if feed.media == GEOJSON else "JSON",
        _freshness(board, snapshot), _clock(None if as_of is None else as_of / 1000)]
    numbers = [f"{snapshot.records}" if snapshot else "–",
               f"{len(snapshot.compressed) / 1000:.1f} kB" if snapshot else "–"]
    return ("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells)
            + "".join(f'<td class="number">{cell}</td>' for cell in numbers) + "</tr>")


def _table(heads: list[tuple[str, str]], rows: list[str]) -> str:
    """Draw a table."""
    top = "".join(f"<th>{both(*words)}</th>" for words in heads)
    return (f'<div class="wide"><table><thead><tr>{top}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>")


def _value(value: Any, words: dict[str, Text] | None = None) -> str:
    """Write one figure of the preview; `words` says what codes mean."""
    if words and value in words:
        return both(words[value].zh, words[value].en)
    if value is None:
        return "–"
    if isinstance(value, bool):
        return both("是", "yes") if value else both("否", "no")
    return escape(f"{value:g}" if isinstance(value, float) else str(value))


def _preview(board: Board, feed: Feed) -> str:
    """Draw the first records of a feed; nothing while there is none."""
    snapshot = board.find(feed, feed.defaults())
    shown = snapshot.preview if snapshot else []
    if not shown:
        return ""
    names = [name for name in shown[0] if name not in _HIDDEN][:7]
    titles = _ADDED | {one.name: (one.title.zh, one.title.en) for one in feed.declared.fields}
    words = {field.name: dict(field.values) for field in feed.declared.fields}
    words.setdefault("status", STATUS)
    rows = ["<tr>" + "".join(f"<td>{_value(one.get(name), words.get(name))}</td>"
                             for name in names) + "</tr>" for one in shown]
    heads = [titles.get(name, (name, name)) for name in names]
    return (f"<section><h3>{both(feed.title.zh, feed.declared.name)}</h3>"
            f"<p><code>{feed.path}</code></p>{_table(heads, rows)}</section>")


def _how(base: str) -> str:
    """Show how to call the feeds."""
    lines = [
        f"curl --compressed {base}/v1/traffic/roads.geojson",
        f"curl '{base}/v1/traffic/areas.geojson?level=township'",
        f"curl -i -H 'If-None-Match: \"…\"' {base}/v1/parking.geojson   # 304",
        f"curl {base}/v1/openapi.json"]
    notes = [
        both("每个接口约每 5 秒更新一次；请携带 ETag，未变化时返回 304。",
             "Each feed is renewed about every 5 s; send its ETag back, and get 304 while it is"
             " unchanged."),
        both("计数小于 5 的记录不给出任何数值（suppressed: true），不会写成 0。",
             "Records whose count is below 5 show no figure (suppressed: true), never 0."),
        both("停车场关闭或状态未知不等于已满：此时空余为 null。",
             "A car park that is closed or unknown is not full: its vacancy is null."),
        both("允许跨域 GET；错误为 RFC 9457 文档。",
             "Cross-origin GET is allowed; errors are RFC 9457 documents.")]
    listed = "".join(f"<li>{note}</li>" for note in notes)
    return (f"<section><pre>{escape(chr(10).join(lines))}</pre><ul>{listed}</ul>"
            f"<p>{both('许可：', 'Licence: ')}<a href=\"{LICENCE['url']}\">{LICENCE['name']}</a>"
            "</p></section>")


def draw_front(board: Board, base: str) -> str:
    """Draw the whole page; `base` is the address under which it was asked for."""
    heads = [("地址", "Address"), ("内容", "Content"), ("格式", "Format"), ("状态", "State"),
             ("数据时间", "Data of"), ("记录", "Records"), ("压缩后", "Compressed")]
    feeds = list(board.feeds.values())
    table = _table(heads, [_feed_row(board, feed) for feed in feeds])
    live = [drawn for path in PREVIEWED if path in board.feeds
            and (drawn := _preview(board, board.feeds[path]))]
    lead = both("城市实时数据，非个人信息，免费开放。",
                "Live, non-personal data of the city, open to all. ")
    lead += (f' <a href="/v1/catalogue">{both("数据目录", "Catalogue")}</a> · '
             '<a href="/v1/openapi.json">OpenAPI</a> · <a href="/metrics">Metrics</a>')
    body = (f"<h2>{both('接口', 'Feeds')}</h2>"
            f'<section id="feeds" data-live>{table}</section>'
            f"<h2>{both('此刻', 'Right now')}</h2>"
            f'<div id="live" data-live>{"".join(live) or _empty()}</div>'
            f"<h2>{both('如何调用', 'How to call')}</h2>{_how(base)}"
            f"<script>{SCRIPT}</script>")
    return page(("城市大脑开放数据", "City Brain open feeds"), lead, body)


def _empty() -> str:
    """Say that there is nothing to show yet."""
    return f"<section><p>{both('暂无数据。', 'No data yet.')}</p></section>"

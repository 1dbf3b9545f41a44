"""Draw the frame of the pages that people read: one file each, no script needed, two languages.

Text in both languages stands in the page; two radio buttons choose which is shown, Chinese first.
"""

from __future__ import annotations

from html import escape

STYLE = """
:root{--ink:#12202f;--soft:#5b6b7c;--line:#dde5ee;--ground:#f4f7fb;--card:#fff;--lead:#0b5cad;
--good:#0d7a4f;--warn:#a35b00;--mono:ui-monospace,'SFMono-Regular',Menlo,Consolas,monospace}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf5;--soft:#9db0c4;--line:#26384c;
--ground:#0b1522;--card:#122033;--lead:#6db6ff;--good:#5fd6a3;--warn:#ffbf66}}
*{box-sizing:border-box}html{scroll-behavior:smooth}
body{margin:0;background:var(--ground);color:var(--ink);line-height:1.6;
font-family:'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif}
a{color:var(--lead);text-decoration:none}a:hover{text-decoration:underline}
.language{position:absolute;opacity:0}
header{background:linear-gradient(120deg,#0a2a4d,#0b5cad);color:#fff;padding:34px 24px 30px}
header .inside{max-width:1132px;margin:0 auto}main{max-width:1180px;margin:0 auto}
header h1{margin:0 0 6px;font-size:30px}header p{margin:0;opacity:.86;max-width:760px}
header a{color:#fff;text-decoration:underline;text-underline-offset:3px}
.choose{float:right;display:flex;gap:6px}
.choose label{cursor:pointer;padding:3px 14px;border:1px solid #ffffff66;border-radius:99px;
font-size:14px}
#zh:checked~header label[for=zh],#en:checked~header label[for=en]{background:#fff;color:#0b3a70}
#zh:focus-visible~header label[for=zh],
#en:focus-visible~header label[for=en]{outline:2px solid}
#zh:checked~* [lang=en],#en:checked~* [lang=zh]{display:none}
main{padding:22px 24px 70px}h2{font-size:21px;margin:34px 0 12px}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 22px;
margin:0 0 16px}
section h3{margin:0 0 2px;font-size:18px}section>p{margin:4px 0 12px;color:var(--soft)}
code{font-family:var(--mono);font-size:.88em}pre{overflow:auto;background:var(--ground);
border:1px solid var(--line);border-radius:8px;padding:12px 14px;font-size:13px;margin:10px 0 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0 0 12px;font-size:14px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:600;white-space:nowrap}
th,td{padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}td.number{text-align:right;font-variant-numeric:tabular-nums}
.mark{display:inline-block;border-radius:99px;padding:0 9px;font-size:12px;border:1px solid;
white-space:nowrap}
.mark.good{color:var(--good)}.mark.warn{color:var(--warn)}.mark.soft{color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:8px;margin:14px 0 16px}
nav a{border:1px solid var(--line);background:var(--card);border-radius:99px;padding:2px 12px;
font-size:13px}
.soft{color:var(--soft)}
@media (max-width:640px){dl{grid-template-columns:1fr}dd{margin-bottom:6px}.choose{float:none}}
"""


def both(chinese: str, english: str) -> str:
    """Write escaped text in both languages, of which one is shown."""
    return f'<span lang="zh">{escape(chinese)}</span><span lang="en">{escape(english)}</span>'


def mark(chinese: str, english: str, tone: str = "soft") -> str:
    """Draw a small label; `tone` is good, warn or soft."""
    return f'<span class="mark {tone}">{both(chinese, english)}</span>'


def page(title: tuple[str, str], lead: str, body: str, head: str = "") -> str:
    """Draw a whole page; title is Chinese and English, lead and body are HTML."""
    return (
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title[0])} · {escape(title[1])}</title>\n"
        f"<style>{STYLE}</style>\n{head}</head>\n<body>\n"
        '<input class="language" type="radio" name="language" id="zh" checked>'
        '<input class="language" type="radio" name="language" id="en">\n'
        '<header><div class="inside"><div class="choose"><label for="zh">中文</label>'
        '<label for="en">English</label></div>\n'
        f"<h1>{both(*title)}</h1>\n<p>{lead}</p></div></header>\n"
        f"<main>\n{body}\n</main>\n</body>\n</html>\n")

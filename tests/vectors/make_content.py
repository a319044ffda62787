"""Makes content.json anew: small tables of text, and what tests/standalone_content.py says of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from standalone_content import content, readable  # noqa: E402  # it lies beside this folder

TABLES = {
    "empty": "a,b\n",
    "every kind": (
        "null,boolean,number,timestamp,zoned,text\n"
        "NA,true,1,2024-02-29,2024-02-29T23:59:59.123456789+02:00,a\n"
        ",FALSE,-0.0,2024-02-29 12:30,1969-12-31T23:59:59.9999999Z,\n"
        'null,,1e3,,2000-01-01 00:00-0530,"b\n""c"""\n'
    ),
    "integers beyond binary64": "i64,u64,text\n9007199254740993,18446744073709551615,18446744073709551616\n-1,1,1\n",
    "formatting only": "a\n 1\n+1.0\n1e0\n",
    "late text": "a\n1\n2\nx\n",
    "repeated and empty names": "a,a,\n1,2,3\n",
    "blank lines and a mark": "\ufeffa\r\n\r\n1\r\n",
    "classes": (
        "whole,real,bool,text,long\n0,0.5,true,1.0,"
        + "x" * 65
        + "\n1e0,-1,false,yes,short\n-9007199254740993,inf,,TRUE,1\n"
    ),
    "two pages": "a,b\n" + "".join(f"{i},{i % 3 or ''}\n" for i in range(4097)),
}


def main() -> None:
    vectors = {
        name: {"csv": text, "content": readable(content(text.encode()))} for name, text in TABLES.items()
    }
    text = json.dumps(vectors, indent=1, ensure_ascii=True)
    (HERE / "content.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

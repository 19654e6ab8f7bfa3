# wants: ok; stdoutBytes >= 600000; stdout starts with "��\u0000"
# Bytes that are no text, with a character of four bytes across every boundary.
import os

os.write(1, b"\xff\xfe\x00")
os.write(1, b"\xed\xa0\x80\xc0\xaf" * 100)
os.write(1, "x🜁".encode() * 130_000)

# wants: ok; stdout is "done\n"
# Keeps a secret in the kernel's key rings for the next one to find.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
ADD_KEY, KEYCTL = 248, 250
for ring in (-1, -2, -3, -4, -5):
    if libc.syscall(ADD_KEY, b"user", b"left", b"secret", 6, ring) > 0:
        print("left a key in", ring)
    buffer = ctypes.create_string_buffer(256)
    if libc.syscall(KEYCTL, 11, ring, buffer, 256) > 0 and buffer.raw.strip(b"\0"):
        print("read", buffer.raw[:20])
print("done")

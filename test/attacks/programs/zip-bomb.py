# wants: error|memory|file_limit; within 2900 ms; stdout starts with "packed"
# A few kilobytes that unpack to a gigabyte.
import io
import zipfile

packed = io.BytesIO()
with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
    with archive.open("bomb", "w", force_zip64=True) as member:
        for _ in range(48):
            member.write(b"\0" * (1 << 20))
print("packed", flush=True)
with zipfile.ZipFile(packed) as archive:
    archive.extractall("/workspace")
print("unpacked it all")

"""Writes a PDF: makepdf.py FILE PAGE..., each page one argument:

    text:WORDS      a page that shows these words
    image:BYTES     a page that is one image of about so many bytes
    cover:WORDS     like text:, with a black box laid over it
"""
import random
import sys

random.seed(4)
objects = {}


def stream(head, data):
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (head, len(data), data)


def page(number, what, value):
    n = 10 + 3 * number
    show = b"BT /F 12 Tf 72 700 Td (%s) Tj ET" % value.encode()
    if what == "image":
        side = max(1, int(int(value) ** 0.5))
        objects[n + 2] = stream(
            b"/Type/XObject/Subtype/Image/Width %d/Height %d"
            b"/ColorSpace/DeviceGray/BitsPerComponent 8" % (side, side),
            random.randbytes(side * side))
        drawn = b"q 595 0 0 842 0 0 cm /I Do Q"
        uses = b"/XObject<</I %d 0 R>>" % (n + 2)
    else:
        drawn = show + (b" 0 g 60 690 300 30 re f" if what == "cover" else b"")
        uses = b"/Font<</F 3 0 R>>"
    objects[n] = (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
                  b"/Contents %d 0 R/Resources<<%s>>>>" % (n + 1, uses))
    objects[n + 1] = stream(b"", drawn)
    return n


pages = [page(i, *a.split(":", 1)) for i, a in enumerate(sys.argv[2:])]
objects[1] = b"<</Type/Catalog/Pages 2 0 R>>"
objects[2] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (
    len(pages), b" ".join(b"%d 0 R" % n for n in pages))
objects[3] = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"

out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
places = {}
for n in sorted(objects):
    places[n] = len(out)
    out += b"%d 0 obj %s\nendobj\n" % (n, objects[n])
start = len(out)
out += b"xref\n"
for n in range(max(objects) + 1):
    out += b"%d 1\n" % n
    out += (b"%010d 00000 n \n" % places[n] if n in places
            else b"0000000000 65535 f \n")
out += (b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n"
        % (max(objects) + 1, start))
with open(sys.argv[1], "wb") as f:
    f.write(out)
